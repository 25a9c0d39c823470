"""Record the images of an upload as scans: all of them, or none."""

import hashlib
from pathlib import Path

import numpy as np
from django.core.exceptions import ValidationError
from django.db import transaction

from mldtrial.accounts.holds import hold
from mldtrial.trial.models import Patient, Scan, ScanState, Visit
from mldtrial.trial.services import participation
from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.nifti import read_volume
from segmentation.models import Upload
from segmentation.services import compliance, jobs, store
from segmentation.services.failpoints import reach
from segmentation.services.images import CheckedImage


def publish(upload: Upload, images: list[CheckedImage], refusals: list[str]) -> None:
    """Record every image of an upload, or none; what is not recorded leaves no file."""
    with transaction.atomic():
        # The patient as well: a consent that is being withdrawn comes before this or after it.
        held = Visit.objects.select_related("patient").select_for_update(of=("self", "patient"))
        require_images_allowed(held.get(pk=upload.visit_id).patient)
        files = _files_to_keep(images)
        # One upload at a time places and records a file of a name.
        hold(path.name for path in files)
        placed: list[Path] = []
        try:
            for target, source in files.items():
                if not target.exists():
                    store.publish(source, target)
                    placed.append(target)
            reach("intake_after_rename")
            for image in images:
                _record(upload, image)
            compliance.look_at(upload.visit)
            jobs.succeed(upload, message=" ".join(refusals))
        except BaseException:
            # Still under the hold: nobody else has found one of these files here meanwhile.
            for target in placed:
                target.unlink(missing_ok=True)
            raise


def _files_to_keep(images: list[CheckedImage]) -> dict[Path, Path]:
    """Return where each file of images is kept, under the name of its hash, and where it is now."""
    files = {store.image_path(image.facts.sha256): image.path for image in images}
    for image in images:
        if image.dicom_zip is not None:
            files[store.dicom_path(image.acquisition["dicom_sha256"])] = image.dicom_zip
    return files


def _record(upload: Upload, image: CheckedImage) -> Scan:
    voxels_sha256 = sha256_of_voxels(store.image_path(image.facts.sha256))
    _refuse_known(upload, voxels_sha256)
    days = None
    if image.acquired_on is not None:
        days = (image.acquired_on - upload.visit.date).days
    scan = Scan(
        visit=upload.visit,
        sequence=image.sequence,
        acq_stratum=image.acq_stratum,
        state=ScanState.IMPORTED,
        reason=image.reason,
        days_from_visit=days,
        shape=list(image.facts.shape),
        voxel_size_mm=[float(size) for size in image.facts.voxel_size_mm],
        affine=np.asarray(image.facts.affine, dtype=float).tolist(),
        image_sha256=image.facts.sha256,
        voxels_sha256=voxels_sha256,
        source_sha256=upload.sha256,
        source_format=image.source_format,
        deidentification_version=image.deidentification_version,
        scanner=image.scanner,
        acquisition=image.acquisition,
        origin=upload.visit.patient.origin,
    )
    scan.full_clean()
    scan.save()
    return scan


def sha256_of_voxels(path: Path) -> str:
    """Return the hash of the voxels alone, by which the same image is found elsewhere."""
    volume = read_volume(path)
    digest = hashlib.sha256(str(volume.data.shape).encode())
    digest.update(np.ascontiguousarray(volume.data).tobytes())
    return digest.hexdigest()


def _refuse_known(upload: Upload, voxels_sha256: str) -> None:
    """Refuse an image that is known already; another site's record is never described."""
    known = Scan.objects.filter(voxels_sha256=voxels_sha256, state=ScanState.IMPORTED)
    if known.filter(visit=upload.visit).exists():
        raise ImageError(FailureCode.DUPLICATE_IMAGE, "This visit has this very image already.")
    if known.filter(visit__patient__study=upload.visit.patient.study).exists():
        raise ImageError(
            FailureCode.DUPLICATE_IMAGE,
            "This very image is known under another visit or patient. Check that it belongs here; "
            "if it does, ask the data manager.",
        )


def require_images_allowed(patient: Patient) -> None:
    """Refuse what was received before the consent for images was withdrawn."""
    try:
        participation.require_images_allowed(patient)
    except ValidationError as error:
        raise ImageError(
            FailureCode.CONSENT_WITHDRAWN,
            f"{' '.join(error.messages)} This file was destroyed: after a new consent, send it "
            "again.",
        ) from error
