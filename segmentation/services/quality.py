"""Measure the quality of images: queue it, do it, keep the numbers and the picture."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from mldtrial.audit.context import acting, because
from mldtrial.audit.models import LockLevel
from mldtrial.trial import policies
from mldtrial.trial.models import Disposition, Origin, Scan, ScanState, Sequence, Visit
from mldtrial.trial.selectors.consent import has_ended_for_images, without_consent_for_images
from mldtrial.trial.selectors.locks import held_ids, lock_of
from mldtrial.trial.services import locking
from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.geometry import Volume
from segmentation.imaging.nifti import read_volume
from segmentation.imaging.quality.measure import Quality, measure
from segmentation.imaging.quality.metrics import METHOD_VERSION, Measurement
from segmentation.imaging.quality.mosaic import mosaic, write_png
from segmentation.models import JobState, ScanQuality
from segmentation.selectors.usable import best_first
from segmentation.services import consent, demo_images, jobs, store

AGAIN = "Measured again"
DRAWN = "Drawn for who looks at it"
UNFINISHED = (JobState.QUEUED, JobState.RUNNING)
NOTHING_MEASURED: dict[str, Any] = {
    **jobs.AFRESH,
    "lease_token": None,
    "lease_until": None,
    "metrics": {},
    "mosaic_sha256": "",
    "t1w_scan": None,
}
"""The columns of a measurement that no longer holds; a worker on it loses its lease."""


@transaction.atomic
def queue_missing(*, visit: Visit | None = None) -> int:
    """Queue every image that this version of the method has not measured; returns how many.

    An image of another sequence that was measured without a T1w image is queued again once
    there is one. Frozen and locked visits wait until they are open; demonstration images wait
    until somebody asks for them, because they must be drawn first.
    """
    scans = _scans_to_measure() if visit is None else _scans_to_measure().filter(visit=visit)
    held = held_ids(at_least=LockLevel.FROZEN)
    count = 0
    for scan in scans.select_related("visit__patient__site"):
        if scan.visit_id not in held and _queue(scan):
            count += 1
    return count + _queue_again(visit, held)


def _scans_to_measure() -> QuerySet[Scan]:
    known = ScanQuality.objects.filter(scan=OuterRef("pk"), method_version=METHOD_VERSION)
    drawn_when_asked = Q(origin=Origin.DEMO, source_format="phantom")
    return (
        Scan.objects.filter(~Exists(known), state=ScanState.IMPORTED)
        .exclude(drawn_when_asked)
        .exclude(visit__patient__in=without_consent_for_images(Disposition.objects.all()))
        .order_by("created_at")
    )


def _queue(scan: Scan) -> bool:
    site = scan.visit.patient.site
    _, is_new = ScanQuality.objects.get_or_create(
        scan=scan,
        method_version=METHOD_VERSION,
        defaults={
            "site": site,
            "turn": jobs.next_turn(ScanQuality, site),
            "origin": scan.visit.patient.origin,
        },
    )
    return is_new


def _queue_again(visit: Visit | None, held: set[Any]) -> int:
    """Queue again what lacked its T1w image or lost it, or was refused by what holds no more."""
    t1w = _t1w_scans().filter(visit=OuterRef("scan__visit"))
    lacked_t1w = Q(Exists(t1w), state=JobState.SUCCEEDED, t1w_scan__isnull=True) & ~Q(
        scan__sequence=Sequence.T1W
    )
    was_held = Q(state=JobState.REJECTED, failure_code=jobs.RECORD_LOCKED)
    had_no_consent = Q(state=JobState.REJECTED, failure_code=FailureCode.CONSENT_WITHDRAWN)
    found = ScanQuality.objects.filter(
        lacked_t1w | (_t1w_has_gone() & Q(state=JobState.SUCCEEDED)) | was_held | had_no_consent,
        method_version=METHOD_VERSION,
        scan__state=ScanState.IMPORTED,
    )
    refused = without_consent_for_images(Disposition.objects.all())
    found = found.exclude(scan__visit__in=held).exclude(scan__visit__patient__in=refused)
    if visit is not None:
        found = found.filter(scan__visit=visit)
    with because(AGAIN):
        return found.update(**jobs.AFRESH)


def _t1w_has_gone() -> Q:
    """Return which measurements found the brain in an image that is no longer at their visit."""
    # It may have been the head of somebody else.
    return Q(t1w_scan__isnull=False) & (
        ~Q(t1w_scan__visit=F("scan__visit")) | ~Q(t1w_scan__state=ScanState.IMPORTED)
    )


@transaction.atomic
def follow(scans: Collection[Scan], *, visits: Collection[Visit]) -> None:
    """Bring measurements in line with images that were moved or replaced.

    A measurement goes with its image to the site of it. One that rests on a T1w image which is no
    longer at its visit, or is under way at one of the visits, holds no more and begins anew. Call
    it in the transaction of the change, with its reason.
    """
    site = Scan.objects.filter(pk=OuterRef("scan_id")).values("visit__patient__site")[:1]
    ScanQuality.objects.filter(scan__in=scans).update(site=Subquery(site))
    is_under_way = Q(state=JobState.RUNNING, scan__visit__in=visits)
    lost_t1w = (
        _t1w_has_gone()
        & Q(scan__state=ScanState.IMPORTED, scan__visit__in=visits)
        & (Q(scan__in=scans) | Q(t1w_scan__in=scans))
    )
    # What an earlier version of the method measured could not be measured again as it was.
    current = ScanQuality.objects.filter(method_version=METHOD_VERSION)
    keys = current.filter(is_under_way | lost_t1w).values_list("pk", flat=True)
    ScanQuality.objects.filter(pk__in=list(keys)).update(**NOTHING_MEASURED)


def _t1w_scans() -> QuerySet[Scan]:
    """Return the T1w images, those to choose first in front."""
    scans = Scan.objects.filter(sequence=Sequence.T1W, state=ScanState.IMPORTED)
    return scans.order_by(*best_first())


def execute_next(*, worker: str) -> ScanQuality | None:
    """Claim and execute the next waiting measurement; None if there is none."""
    with acting(origin=f"worker:{worker}"):
        return jobs.execute_next(ScanQuality, _execute, worker=worker)


def _execute(row: ScanQuality, heartbeat: jobs.Heartbeat) -> None:
    assert row.lease_token is not None  # noqa: S101 - just claimed
    scan = row.scan
    jobs.require_open(scan.visit)
    consent.require_images_allowed(scan.visit.patient)
    is_t1w = scan.sequence == Sequence.T1W
    t1w_scan = None if is_t1w else _t1w_scans().filter(visit=scan.visit).first()
    heartbeat.progress(0.1, "measuring")
    found = measure(
        _volume(scan),
        is_t1w=is_t1w,
        t1w=None if t1w_scan is None else _volume(t1w_scan),
        phase_axis=scan.acquisition.get("phase_axis"),
        slice_axis=scan.acquisition.get("slice_axis"),
    )
    heartbeat.progress(0.8, "drawing")
    with store.temporary_folder(row.lease_token) as folder:
        picture = _draw(found, folder)
        sha256 = "" if picture is None else store.sha256_of(picture)
        heartbeat.check()
        if picture is not None:
            store.publish(picture, store.mosaic_path(sha256))
        jobs.succeed(row, metrics=as_json(found.metrics), mosaic_sha256=sha256, t1w_scan=t1w_scan)


def _volume(scan: Scan) -> Volume:
    demo_images.ensure_image(scan)
    return read_volume(store.verified(store.image_path(scan.image_sha256), scan.image_sha256))


def _draw(found: Quality, folder: Path) -> Path | None:
    """Draw the picture; None where no brain was found, for then it could show a face."""
    if found.regions is None:
        return None
    path = folder / "mosaic.png"
    try:
        write_png(path, mosaic(found.regions))
    except ImageError:
        return None
    return path


def as_json(metrics: Mapping[str, Measurement]) -> dict[str, dict[str, Any]]:
    """Return measurements as they are stored: a value or a reason for each."""
    return {
        key: {"reason": m.reason} if m.value is None else {"value": m.value}
        for key, m in metrics.items()
    }


def keep_stored(
    *, scan: Scan, t1w_scan: Scan, stored: Mapping[str, Mapping[str, Any]]
) -> ScanQuality | None:
    """Keep the stored metrics of a demonstration image; its picture is drawn when asked for.

    Returns
    -------
    ScanQuality or None
        None if nothing is stored for this very image.
    """
    metrics = stored.get(scan.image_sha256)
    if metrics is None:
        return None
    return ScanQuality.objects.create(
        scan=scan,
        t1w_scan=None if scan.sequence == Sequence.T1W else t1w_scan,
        site=scan.visit.patient.site,
        method_version=METHOD_VERSION,
        metrics=metrics,
        state=JobState.SUCCEEDED,
        attempt=1,
        progress=1.0,
        finished_at=timezone.now(),
        origin=Origin.DEMO,
    )


@transaction.atomic
def measure_again(*, row: ScanQuality, by: Any) -> None:
    """Queue the measurement of one image again, unless it waits or runs.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, or the visit is frozen or locked.
    """
    policies.require(by, "retry_job", row.scan.visit)
    locking.require_open(row.scan.visit)
    ended = ScanQuality.objects.filter(pk=row.pk).exclude(state__in=UNFINISHED)
    with because(AGAIN):
        ended.update(**jobs.AFRESH)


@transaction.atomic
def ask_for_pictures(*, visit: Visit) -> bool:
    """Have the missing pictures of a visit drawn for somebody who looks, if they can be.

    Images of the demonstration are kept as numbers until then, and measured when they are drawn.

    Returns
    -------
    bool
        Whether a worker is to be told. Nothing is ordered of a frozen or locked visit, or once
        the consent for images has ended.
    """
    if lock_of(visit) is not None or has_ended_for_images(visit.patient):
        return False
    known = ScanQuality.objects.filter(scan=OuterRef("pk"), method_version=METHOD_VERSION)
    unmeasured = Scan.objects.filter(~Exists(known), visit=visit, state=ScanState.IMPORTED)
    new = [_queue(scan) for scan in unmeasured.select_related("visit__patient__site")]
    with because(DRAWN):
        drawn = _never_drawn(visit).update(**jobs.AFRESH)
    return any(new) or bool(drawn)


def _never_drawn(visit: Visit) -> QuerySet[ScanQuality]:
    return ScanQuality.objects.filter(
        scan__visit=visit,
        scan__state=ScanState.IMPORTED,
        method_version=METHOD_VERSION,
        origin=Origin.DEMO,
        state=JobState.SUCCEEDED,
        mosaic_sha256="",
    )


@transaction.atomic
def queue_all_again() -> int:
    """Queue every image of every open visit, demonstration images too; returns how many."""
    held = held_ids(at_least=LockLevel.FROZEN)
    queue_missing()
    phantoms = Scan.objects.filter(state=ScanState.IMPORTED, origin=Origin.DEMO)
    for scan in phantoms.exclude(visit__in=held):
        _queue(scan)
    rows = ScanQuality.objects.filter(method_version=METHOD_VERSION).exclude(scan__visit__in=held)
    with because(AGAIN):
        rows.exclude(state__in=UNFINISHED).update(**jobs.AFRESH)
    return rows.filter(state=JobState.QUEUED).count()
