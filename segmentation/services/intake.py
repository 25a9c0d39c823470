"""Receive uploads and turn them into scans."""

import hashlib
import logging
import shutil
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from mldtrial.accounts.holds import hold
from mldtrial.audit.context import acting
from mldtrial.trial import policies
from mldtrial.trial.models import Patient, Scan, ScanState, Visit
from mldtrial.trial.selectors import ASKED_SEQUENCES
from mldtrial.trial.services import locking, participation
from segmentation.imaging.archive import content_of, is_archive, may_hold, unpack
from segmentation.imaging.content import Content
from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.geometry import acq_stratum
from segmentation.imaging.nifti import inspect_nifti, read_volume, store_clean_copy
from segmentation.models import JobState, Upload
from segmentation.services import jobs, store
from segmentation.services.dicom import read_dicom
from segmentation.services.failpoints import reach
from segmentation.services.images import CheckedImage

log = logging.getLogger(__name__)
NIFTI_CLEANING_VERSION = "nifti-clean-1"


def receive_upload(
    *,
    visit: Visit,
    chunks: Iterable[bytes],
    declared_sequence: str = "",
    declared_acquired_on: date | None = None,
    expected_sha256: str = "",
    after_end_reason: str = "",
    by: Any,
) -> Upload:
    """Keep an upload in quarantine and queue its intake; a bad file is refused at once.

    Parameters
    ----------
    chunks : iterable of bytes
        The file as it comes in; hashed while it is written, once, on the final volume.
    declared_sequence, declared_acquired_on
        Needed for NIfTI, which keeps neither; taken from the header for DICOM.
    expected_sha256 : str
        Checksum made by the sender, compared with what arrived.
    after_end_reason : str
        Why an image of a visit after the end of the follow-up is taken in all the same.
    by : User or None
        Who sends it; None for a command of the operator.

    Raises
    ------
    PermissionDenied, ValidationError, ImageError
        If the person may not, a date is not plausible, or the file is refused. Nothing stays.
    """
    if by is not None:
        policies.require(by, "upload_scan", visit)
    locking.require_open(visit)
    participation.require_images_allowed(visit.patient)
    _check_declaration(visit, declared_acquired_on)
    day = declared_acquired_on or visit.date
    upload_id = uuid4()
    target = store.quarantine_path(upload_id)
    sha256, size = store.receive(chunks, target)
    try:
        if expected_sha256 and expected_sha256.lower() != sha256:
            raise ImageError(
                FailureCode.HASH_MISMATCH,
                "The file that arrived is not the one that was sent: the checksums differ. "
                "Send it again.",
            )
        _check_at_once(target, declared_sequence, declared_acquired_on)
        with participation.entry(visit.patient, day, after_end_reason):
            return _queue(
                Upload(
                    id=upload_id,
                    visit=visit,
                    site=visit.patient.site,
                    uploaded_by=by,
                    sha256=sha256,
                    size_bytes=size,
                    declared_sequence=declared_sequence,
                    declared_acquired_on=declared_acquired_on,
                )
            )
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _check_declaration(visit: Visit, acquired_on: date | None) -> None:
    if acquired_on is None:
        return
    if acquired_on < visit.patient.birth_month:
        raise ValidationError({"acquired_on": "The scan lies before the patient's birth."})
    if acquired_on > timezone.localdate():
        raise ValidationError({"acquired_on": "The scan lies in the future."})


def _check_at_once(path: Path, sequence: str, acquired_on: date | None) -> None:
    """Refuse what can be refused while the person still waits."""
    if is_archive(content_of(path)):
        _check_archive(path)
        return
    inspect_nifti(path)
    if not sequence or acquired_on is None:
        raise ValidationError(
            "A NIfTI file says neither its sequence nor its date: give both, or send DICOM."
        )


def _check_archive(path: Path) -> None:
    """Refuse an archive that is empty or holds no image at all, and what is unsafe up to there."""
    if not may_hold(path, Content.DICOM):
        raise ImageError(
            FailureCode.NO_IMAGES,
            "The archive holds no DICOM image. Expected the folder of a scan as the scanner "
            "exported it; send NIfTI files one by one, with their sequence and date.",
        )


@transaction.atomic
def _queue(upload: Upload) -> Upload:
    _refuse_twin(upload)
    upload.turn = jobs.next_turn(Upload, upload.site)
    upload.full_clean(exclude=["site"])
    upload.save(force_insert=True)
    return upload


def _refuse_twin(upload: Upload) -> None:
    twins = Upload.objects.filter(
        visit=upload.visit,
        sha256=upload.sha256,
        declared_sequence=upload.declared_sequence,
        state__in=[JobState.QUEUED, JobState.RUNNING, JobState.SUCCEEDED],
    )
    if twins.exclude(pk=upload.pk).exists():
        raise ValidationError("This file has been uploaded for this visit already.")


def execute_next(*, worker: str) -> Upload | None:
    """Claim and execute the next waiting intake; None if there is none.

    The raw bytes are destroyed once they have been taken in or refused; they stay where the
    same intake may succeed later, as of a visit that is locked for now.
    """
    with acting(origin=f"worker:{worker}"):
        upload = jobs.execute_next(Upload, _execute, worker=worker)
        if upload is not None and upload.is_finished and not upload.is_worth_another_try:
            store.quarantine_path(upload.pk).unlink(missing_ok=True)
        return upload


def _execute(upload: Upload, heartbeat: jobs.Heartbeat) -> None:
    assert upload.lease_token is not None  # noqa: S101 - just claimed
    jobs.require_open(upload.visit)
    _require_images_allowed(upload.visit.patient)
    source = store.verified(store.quarantine_path(upload.pk), upload.sha256)
    with store.temporary_folder(upload.lease_token) as folder:
        heartbeat.progress(0.1, "checking")
        if is_archive(content_of(source)):
            images, refusals = _read_archive(upload, source, folder, heartbeat)
        else:
            images, refusals = [_read_nifti(upload, source, folder)], []
        heartbeat.progress(0.8, "storing")
        _publish(upload, images, refusals)


def _require_images_allowed(patient: Patient) -> None:
    """Refuse what was received before the consent for images was withdrawn."""
    try:
        participation.require_images_allowed(patient)
    except ValidationError as error:
        raise ImageError(
            FailureCode.CONSENT_WITHDRAWN,
            f"{' '.join(error.messages)} This file was destroyed: after a new consent, send it "
            "again.",
        ) from error


def _read_nifti(upload: Upload, source: Path, folder: Path) -> CheckedImage:
    clean = folder / "image.nii.gz"
    facts = store_clean_copy(source, clean, fsync=True)
    return CheckedImage(
        path=clean,
        facts=facts,
        sequence=upload.declared_sequence,
        acq_stratum=acq_stratum(facts.voxel_size_mm, None),
        reason="Sequence and date as declared at upload.",
        acquired_on=upload.declared_acquired_on,
        source_format="NIfTI",
        deidentification_version=NIFTI_CLEANING_VERSION,
    )


def _read_archive(
    upload: Upload, source: Path, folder: Path, heartbeat: jobs.Heartbeat
) -> tuple[list[CheckedImage], list[str]]:
    """Unpack and read DICOM; what could not be used is returned in words."""
    files = unpack(source, folder / "unpacked")
    if not files:
        raise ImageError(
            FailureCode.EMPTY, "The archive holds no file. Choose the folder of the scan again."
        )
    heartbeat.progress(0.3, "de-identifying and converting")
    try:
        return read_dicom(upload.visit, files, folder / "converted")
    finally:
        shutil.rmtree(folder / "unpacked", ignore_errors=True)


def _publish(upload: Upload, images: list[CheckedImage], refusals: list[str]) -> None:
    """Record every image of an upload, or none; what is not recorded leaves no file."""
    with transaction.atomic():
        # The patient as well: a consent that is being withdrawn comes before this or after it.
        held = Visit.objects.select_related("patient").select_for_update(of=("self", "patient"))
        _require_images_allowed(held.get(pk=upload.visit_id).patient)
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


def retry_upload(*, upload: Upload, by: Any) -> None:
    """Queue a failed intake again; a refused file is gone and must be sent again.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the visit is held, the consent for images was withdrawn, the raw
        file was destroyed after it was refused, or the file was sent again meanwhile.
    """
    policies.require(by, "retry_job", upload.visit)
    locking.require_open(upload.visit)
    participation.require_images_allowed(upload.visit.patient)
    if not store.quarantine_path(upload.pk).exists():
        raise ValidationError("The refused file was not kept. Upload it again.")
    _refuse_twin(upload)
    jobs.retry(upload)


def sequences_missing(visit: Visit) -> list[str]:
    """Return which of T1w and T2w a visit lacks."""
    present = set(visit.scans.filter(state=ScanState.IMPORTED).values_list("sequence", flat=True))
    return [name for name in ASKED_SEQUENCES if name not in present]
