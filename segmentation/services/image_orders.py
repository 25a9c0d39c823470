"""Order the images of a study as an archive, put it together, hand it out, remove it in time."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import ZIP_STORED, ZipFile

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from mldtrial.audit.context import acting, because
from mldtrial.audit.models import AccessAction
from mldtrial.trial import policies
from mldtrial.trial.models import Scan, Study
from mldtrial.trial.services import access
from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.models import ImageExport, JobState
from segmentation.services import image_export, jobs, store, transfers

DAYS_KEPT = 7
"""How long an archive waits to be taken; it can be ordered again."""
NO_IMAGE = "No visit that you chose has an image that may leave."
ONE_AT_A_TIME = "Images of this study are being put together already. Wait for them."
GONE = "The archive is no longer there. Order the images again."
NO_LONGER_TRUE = (
    "An image was moved, replaced or discarded since, its subject or visit has another code, or "
    "a consent has ended. The archive was removed; order the images again."
)
NO_ROOM = (
    "The server has no room for this archive just now. Order the images of one visit, or tell the "
    "administrator."
)


def order(*, study: Study, visit_code: str, reason_for_faces: str, by: Any) -> ImageExport:
    """Order the images of a study, or of one visit of its schedule, as an archive.

    Parameters
    ----------
    visit_code : str
        Code of the visit of the schedule; empty for all visits, also unscheduled ones.
    reason_for_faces : str
        Why faces stay in the images; empty to have them removed.

    Raises
    ------
    PermissionDenied
        If the person may not export images of the study.
    ValidationError
        If there is no image, two subjects would become one, or an order is under way.
    """
    policies.require(by, "export_images", study)
    scans = image_export.usable_scans(study, visit_code)
    if not scans:
        raise ValidationError(NO_IMAGE)
    image_export.refuse_one_label_for_two(scans)
    try:
        with transaction.atomic():
            return ImageExport.objects.create(
                study=study,
                ordered_by=by,
                visit_code=visit_code,
                reason_for_faces=reason_for_faces.strip(),
            )
    except IntegrityError as error:
        raise ValidationError(ONE_AT_A_TIME) from error


def execute_next(*, worker: str) -> ImageExport | None:
    """Claim and execute the next waiting order; None if there is none."""
    with acting(origin=f"worker:{worker}"):
        return jobs.execute_next(ImageExport, _execute, worker=worker)


def _execute(row: ImageExport, heartbeat: jobs.Heartbeat) -> None:
    assert row.lease_token is not None  # noqa: S101 - just claimed
    scans = image_export.usable_scans(row.study, row.visit_code)
    _require_names_apart(scans)
    _require_room(scans)
    asked = _places(scans)
    step = "writing images" if row.reason_for_faces else "removing faces"
    with store.temporary_folder(row.lease_token) as folder:
        rows = image_export.export_images(
            study=row.study,
            out=folder / "images",
            reason_for_faces=row.reason_for_faces,
            scans=scans,
            by=row.ordered_by,
            tell=lambda share: heartbeat.progress(0.9 * share, step),
        )
        heartbeat.progress(0.9, "packing")
        archive = folder / "images.zip"
        _pack(folder / "images", archive)
        content_sha256, size_bytes = store.sha256_of(archive), archive.stat().st_size
        heartbeat.check()
        if _places(image_export.usable_scans(row.study, row.visit_code, among=asked)) != asked:
            raise ImageError(FailureCode.IMAGES_CHANGED, NO_LONGER_TRUE)
        store.publish(archive, store.image_export_path(content_sha256))
    written = sum(not one.left_out for one in rows)
    jobs.succeed(
        row,
        scans=asked,
        written=written,
        left_out=len(rows) - written,
        size_bytes=size_bytes,
        sha256=content_sha256,
        expires_at=Now() + timedelta(days=DAYS_KEPT),
    )


def _places(scans: Iterable[Scan]) -> dict[str, str]:
    """Return where each image is and what it is called outside.

    As a hash: the history keeps it, and a code may be corrected because it said too much.
    """
    return {
        str(scan.pk): sha256(
            f"{scan.visit_id} {scan.visit.patient.subject_code} {image_export.stem(scan)}".encode()
        ).hexdigest()
        for scan in scans
    }


def _require_names_apart(scans: Sequence[Scan]) -> None:
    """Refuse what was in order when it was ordered, and is so no longer."""
    try:
        image_export.refuse_one_label_for_two(scans)
    except ValidationError as error:
        raise ImageError(FailureCode.IMAGES_CHANGED, " ".join(error.messages)) from error


def _require_room(scans: Sequence[Scan]) -> None:
    """Leave the volume the room that uploads under way were promised."""
    paths = (store.image_path(scan.image_sha256) for scan in scans)
    sizes = [path.stat().st_size for path in paths if path.exists()]
    # Packing moves file by file: the largest is there twice.
    if sum(sizes) + max(sizes, default=0) > transfers.room_bytes():
        raise ImageError(FailureCode.TOO_LARGE, NO_ROOM)


def _pack(folder: Path, archive: Path) -> None:
    """Move the files of a folder into an archive, one by one: they need the room only once."""
    with ZipFile(archive, "x", ZIP_STORED) as packed:  # the images are compressed already
        for path in sorted(file for file in folder.rglob("*") if file.is_file()):
            packed.write(path, path.relative_to(folder))
            path.unlink()


def hand_out(*, export: ImageExport, by: Any) -> Path:
    """Return the archive of an order, and log who takes it.

    Raises
    ------
    PermissionDenied
        If the person may not export images of the study.
    ValidationError
        If the archive is gone, or may no longer leave; then it is removed.
    """
    policies.require(by, "export_images", export.study)
    if not export.is_there:
        raise ValidationError(GONE)
    if not _may_leave(export):
        with because("Its images are no longer those of the study"):
            _remove(export)
        raise ValidationError(NO_LONGER_TRUE)
    path = store.image_export_path(export.sha256)
    if not path.exists():
        raise ValidationError(GONE)
    details = {
        "images": "archive",
        "export": str(export.pk),
        "sha256": export.sha256,
        "faces": export.reason_for_faces,
    }
    access.log(AccessAction.EXPORT_BEGUN, by=by, study=export.study, details=details)
    return path


def _may_leave(export: ImageExport) -> bool:
    now = image_export.usable_scans(export.study, export.visit_code, among=export.scans)
    return _places(now) == export.scans


def _remove(export: ImageExport) -> None:
    ImageExport.objects.filter(pk=export.pk, removed_at__isnull=True).update(removed_at=Now())
    store.image_export_path(export.sha256).unlink(missing_ok=True)


def remove_overdue() -> int:
    """Remove archives that nobody took in time, or that may no longer leave; returns how many."""
    there = ImageExport.objects.filter(state=JobState.SUCCEEDED, removed_at__isnull=True)
    overdue = set(there.filter(expires_at__lt=Now()).values_list("pk", flat=True))
    count = 0
    for export in there.select_related("study"):
        if export.pk in overdue or not _may_leave(export):
            with because("Its time is over, or its images have changed"):
                _remove(export)
            count += 1
    return count
