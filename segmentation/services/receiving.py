"""Receive uploads: what arrives waits in quarantine until intake has looked at it."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from mldtrial.trial import policies
from mldtrial.trial.models import Visit
from mldtrial.trial.rules.calendar import today_in
from mldtrial.trial.services import locking, participation
from segmentation.imaging.archive import content_of, content_of_head, is_archive, may_hold
from segmentation.imaging.content import Content
from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.nifti import inspect_nifti
from segmentation.models import JobState, Upload
from segmentation.services import jobs, store


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
    require_may_send(visit=visit, declared_acquired_on=declared_acquired_on, by=by)
    upload_id = uuid4()
    target = store.quarantine_path(upload_id)
    sha256, size = store.receive(chunks, target)
    try:
        return accept(
            upload_id=upload_id,
            visit=visit,
            sha256=sha256,
            size_bytes=size,
            declared_sequence=declared_sequence,
            declared_acquired_on=declared_acquired_on,
            expected_sha256=expected_sha256,
            after_end_reason=after_end_reason,
            by=by,
        )
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def require_may_send(*, visit: Visit, declared_acquired_on: date | None, by: Any) -> None:
    """Refuse what no file could change: who sends, a held visit, no consent, an impossible day.

    Raises
    ------
    PermissionDenied, ValidationError
        In words; the same again may be right later.
    """
    if by is not None:
        policies.require(by, "upload_scan", visit)
    locking.require_open(visit)
    participation.require_images_allowed(visit.patient)
    _check_declaration(visit, declared_acquired_on)


def accept(
    *,
    upload_id: UUID,
    visit: Visit,
    sha256: str,
    size_bytes: int,
    declared_sequence: str,
    declared_acquired_on: date | None,
    expected_sha256: str,
    after_end_reason: str,
    by: Any,
) -> Upload:
    """Make an upload of the whole file that lies in quarantine under its id, and queue its intake.

    Parameters
    ----------
    sha256, size_bytes
        Of the file as it arrived.

    Raises
    ------
    ValidationError, ImageError
        If the file is refused; it stays where it is, for the caller to destroy.
    """
    if expected_sha256 and expected_sha256.lower() != sha256:
        raise ImageError(
            FailureCode.HASH_MISMATCH,
            "The file that arrived is not the one that was sent: the checksums differ. "
            "Send it again.",
        )
    _check_at_once(store.quarantine_path(upload_id), declared_sequence, declared_acquired_on)
    with participation.entry(visit.patient, declared_acquired_on or visit.date, after_end_reason):
        return _queue(
            Upload(
                id=upload_id,
                visit=visit,
                site=visit.patient.site,
                uploaded_by=by,
                sha256=sha256,
                size_bytes=size_bytes,
                declared_sequence=declared_sequence,
                declared_acquired_on=declared_acquired_on,
            )
        )


def check_kind(head: bytes, sequence: str, acquired_on: date | None) -> None:
    """Refuse what the first bytes of a file show to be none that is taken.

    Parameters
    ----------
    head : bytes
        The first bytes; the fewer, the less can be said. Up to 1 KiB is looked at.

    Raises
    ------
    ImageError, ValidationError
        NOT_AN_IMAGE for another kind of file; or a NIfTI image without sequence or day.
    """
    content = content_of_head(head)
    if is_archive(content):
        return
    if content not in (Content.NIFTI, Content.GZIP):
        raise ImageError(
            FailureCode.NOT_AN_IMAGE,
            "Expected the folder of a scan as .zip, .tar or .tar.gz, or a NIfTI image (.nii, "
            f".nii.gz); this file is {content}. Choose another one.",
        )
    _require_declared(sequence, acquired_on)


def _check_declaration(visit: Visit, acquired_on: date | None) -> None:
    if acquired_on is None:
        return
    if acquired_on < visit.patient.birth_month:
        raise ValidationError({"acquired_on": "The scan lies before the patient's birth."})
    if acquired_on > today_in(visit.patient.site.time_zone):
        raise ValidationError({"acquired_on": "The scan lies in the future."})


def _check_at_once(path: Path, sequence: str, acquired_on: date | None) -> None:
    """Refuse what can be refused while the person still waits."""
    if is_archive(content_of(path)):
        _check_archive(path)
        return
    inspect_nifti(path)
    _require_declared(sequence, acquired_on)


def _require_declared(sequence: str, acquired_on: date | None) -> None:
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
    upload.full_clean(exclude=["site"], validate_constraints=False)
    try:
        with transaction.atomic():
            upload.save(force_insert=True)
    except IntegrityError:
        # Somebody was quicker, with a lock or with the same file: that is said in words.
        locking.require_open(upload.visit)
        _refuse_twin(upload)
        raise
    return upload


def _refuse_twin(upload: Upload) -> None:
    refuse_known(upload.visit, upload.sha256, upload.declared_sequence, but=upload.pk)


def refuse_known(visit: Visit, sha256: str, sequence: str, *, but: UUID | None = None) -> None:
    """Refuse a file that was uploaded for the visit already, whether checked by now or not.

    Raises
    ------
    ValidationError
        If an upload other than `but` has the same checksum.
    """
    twins = Upload.objects.filter(
        visit=visit,
        sha256=sha256,
        declared_sequence=sequence,
        state__in=[JobState.QUEUED, JobState.RUNNING, JobState.SUCCEEDED],
    )
    if twins.exclude(pk=but).exists():
        raise ValidationError("This file has been uploaded for this visit already.")


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
