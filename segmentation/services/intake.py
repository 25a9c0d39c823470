"""Turn uploads into images: checked, de-identified, converted and recognised."""

import shutil
from pathlib import Path

from mldtrial.audit.context import acting
from segmentation.imaging.archive import content_of, is_archive, unpack
from segmentation.imaging.errors import FailureCode, FileMissingError, ImageError
from segmentation.imaging.geometry import acq_stratum
from segmentation.imaging.nifti import store_clean_copy
from segmentation.models import Upload
from segmentation.services import consent, heads, jobs, recording, store
from segmentation.services.dicom import read_dicom
from segmentation.services.images import CheckedImage

NIFTI_CLEANING_VERSION = "nifti-clean-1"


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
    consent.require_images_allowed(upload.visit.patient)
    source = _received(upload)
    with store.temporary_folder(upload.lease_token) as folder:
        heartbeat.progress(0.1, "checking")
        if is_archive(content_of(source)):
            images, refusals = _read_archive(upload, source, folder, heartbeat)
        else:
            images, refusals = [_read_nifti(upload, source, folder)], []
        while True:
            heartbeat.progress(0.6, "comparing with earlier scans")
            earlier = heads.earlier_of(upload.visit, images)
            compared = heads.compare(upload.visit, images, heartbeat, earlier=earlier)
            heartbeat.progress(0.8, "storing")
            try:
                recording.publish(upload, compared, refusals, earlier=earlier)
            except heads.EarlierScansChangedError:
                continue
            return


def _received(upload: Upload) -> Path:
    """Return the raw file of an upload; one that has changed is refused, and sent again."""
    try:
        return store.verified(store.quarantine_path(upload.pk), upload.sha256)
    except FileMissingError:
        raise
    except ImageError as error:
        raise ImageError(
            error.code,
            "The file has changed since it was received. Upload it again and tell the data "
            "manager.",
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
