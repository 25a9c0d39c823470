"""Record the images of an upload as scans: all or none, in quarantine where something conflicts."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from django.db import transaction

from mldtrial.accounts.holds import hold
from mldtrial.trial.models import Conflict, Scan, ScanState, Visit
from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.nifti import read_volume
from segmentation.models import Upload
from segmentation.services import (
    compliance,
    conflicts,
    consent,
    deciding,
    heads,
    jobs,
    relabelling,
    store,
)
from segmentation.services.failpoints import reach
from segmentation.services.images import CheckedImage


@dataclass(frozen=True, slots=True)
class _Hashed:
    """An image with the hash of its voxels, by which it is known again."""

    image: CheckedImage
    voxels_sha256: str


def publish(
    upload: Upload, images: list[CheckedImage], refusals: list[str], *, earlier: list[Scan]
) -> None:
    """Record the images of an upload, or none; what is not recorded leaves no file.

    An image that may belong to somebody else, or to another visit, is recorded in quarantine.

    Raises
    ------
    ImageError
        If the consent was withdrawn, or the visit has all of the images already.
    EarlierScansChangedError
        If the heads were compared with other scans than `earlier`: nothing was recorded.
    """
    hashed = [_Hashed(image, sha256_of_voxels(image.path)) for image in images]
    with transaction.atomic():
        # The patient as well: a consent that is being withdrawn comes before this or after it.
        (visit,) = deciding.hold_visits(upload.visit)
        consent.require_images_allowed(visit.patient)
        if heads.earlier_of(visit, images) != earlier:
            raise heads.EarlierScansChangedError
        new, mislabelled = _without_known(visit, hashed)
        if len(new) < len(hashed):
            refusals = [*refusals, "Images that this visit has already were left out."]
        files = _files_to_keep([one.image for one in new])
        # One upload at a time places and records a file of a name.
        hold(path.name for path in files)
        placed: list[Path] = []
        try:
            for target, source in files.items():
                if not target.exists():
                    store.publish(source, target)
                    placed.append(target)
            reach("intake_after_rename")
            for scans, sequence in mislabelled:
                relabelling.replace(visit, scans, sequence)
                former = ", ".join(str(scan) for scan in scans)
                refusals = [*refusals, f"It takes the place of the same image as {former}."]
            waiting = _record_all(upload, visit, new)
            compliance.look_at(visit)
            jobs.succeed(upload, message=" ".join([*refusals, *_about(waiting, len(new))]))
        except BaseException:
            # Still under the hold: nobody else has found one of these files here meanwhile.
            for target in placed:
                target.unlink(missing_ok=True)
            raise


def _without_known(
    visit: Visit, hashed: list[_Hashed]
) -> tuple[list[_Hashed], list[tuple[list[Scan], str]]]:
    """Return the images that a visit lacks, each once, and the scans they take the place of.

    An image that the visit has under a wrong sequence is lacking under the right one.
    """
    seen: set[str] = set()
    new: list[_Hashed] = []
    mislabelled: list[tuple[list[Scan], str]] = []
    refusal = ""
    for one in hashed:
        if one.voxels_sha256 in seen:
            continue
        seen.add(one.voxels_sha256)
        there, sequence = relabelling.standing(visit, one.voxels_sha256), one.image.sequence
        if not relabelling.give_way(there, sequence):
            refusal = refusal or relabelling.refusal(there, sequence)
            continue
        new.append(one)
        if there:
            mislabelled.append((there, sequence))
    if hashed and not new:
        raise ImageError(FailureCode.DUPLICATE_IMAGE, refusal)
    return new, mislabelled


def _about(waiting: int, images: int) -> list[str]:
    if not waiting:
        return []
    noun, verb = ("image", "waits") if images == 1 else ("images", "wait")
    return [f"{waiting} of {images} {noun} {verb} in quarantine: say there where it belongs."]


def _files_to_keep(images: list[CheckedImage]) -> dict[Path, Path]:
    """Return where each file of images is kept, under the name of its hash, and where it is now."""
    files = {store.image_path(image.facts.sha256): image.path for image in images}
    for image in images:
        if image.dicom_zip is not None:
            files[store.dicom_path(image.acquisition["dicom_sha256"])] = image.dicom_zip
    return files


def _record_all(upload: Upload, visit: Visit, new: list[_Hashed]) -> int:
    """Record images; return how many of them wait in quarantine."""
    found = conflicts.find(visit, [one.image for one in new], [one.voxels_sha256 for one in new])
    for one, conflicting in zip(new, found, strict=True):
        _record(upload, visit, one, conflicting)
    return sum(bool(conflicting) for conflicting in found)


def _record(upload: Upload, visit: Visit, one: _Hashed, conflicting: list[Conflict]) -> Scan:
    image = one.image
    days = None
    if image.acquired_on is not None:
        days = (image.acquired_on - visit.date).days
    header = image.header
    scan = Scan(
        visit=visit,
        sequence=image.sequence,
        acq_stratum=image.acq_stratum,
        state=ScanState.QUARANTINED if conflicting else ScanState.IMPORTED,
        reason=f"{image.reason} {conflicts.compared(visit, image)}".strip(),
        conflicts=conflicting,
        # Whoever has removed the identity has put in its place what names nobody.
        person="" if header is None or header.is_deidentified else header.person,
        days_from_visit=days,
        shape=list(image.facts.shape),
        voxel_size_mm=[float(size) for size in image.facts.voxel_size_mm],
        affine=np.asarray(image.facts.affine, dtype=float).tolist(),
        image_sha256=image.facts.sha256,
        voxels_sha256=one.voxels_sha256,
        source_sha256=upload.sha256,
        source_format=image.source_format,
        deidentification_version=image.deidentification_version,
        scanner=image.scanner,
        acquisition=image.acquisition,
        origin=visit.patient.origin,
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
