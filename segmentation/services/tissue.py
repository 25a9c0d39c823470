"""Measure the denominators of loads: queue it, do it, keep the volumes and the reasons.

A job of its own, after the segmentation and on another queue: it neither delays a load nor can it
take one back.
"""

import platform
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import numpy as np
import SimpleITK as sitk
from django.db import IntegrityError, transaction
from django.db.models import Case, Exists, OuterRef, Q, QuerySet, When

from mldtrial.audit.context import acting, because
from mldtrial.audit.guards import refusal
from mldtrial.audit.models import LockLevel
from mldtrial.trial.models import Disposition, Origin, Scan
from mldtrial.trial.selectors.consent import without_consent_for_images
from mldtrial.trial.selectors.locks import held_ids
from segmentation.imaging.brain import BRAIN_EXTRACTION_VERSION
from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.geometry import Volume
from segmentation.imaging.nifti import read_label_map, read_volume
from segmentation.imaging.registration import REGISTRATION_VERSION
from segmentation.imaging.tissue.measure import METHOD_VERSION, TissueVolumes, measure_tissue
from segmentation.models import (
    JobState,
    Priority,
    SegmentationRun,
    TissueMeasurement,
    TissueVolume,
)
from segmentation.selectors.tissue import on_images_in_use
from segmentation.selectors.usable import t2w_beside, t2w_of_visit
from segmentation.services import consent, deciding, demo_images, jobs, runs, store
from segmentation.services.failpoints import reach

AGAIN = "Measured again"
BATCH = 50
NO_T2W = (
    "This visit has no T2w image in use. Fluid, gray matter and demyelinated white matter can be "
    "told apart only with one."
)
ANOTHER_T2W = (
    "Another T2w image than the one that these denominators were to be measured in is in use at "
    "this visit, or none."
)
VOIDED = "The segmentation became void while its denominators were measured."


def queue_missing(*, demonstration: bool = False) -> int:
    """Queue every valid run that this version of the method has not measured; returns how many.

    Runs of frozen and locked visits wait until they are open, those without consent for images
    until there is one; demonstration phantoms wait until somebody asks, for they must be drawn
    first. What was refused because its visit was held is queued again.

    A batch at a time: no lock is set while runs are queued at its visit, and a new version of the
    method has all of them to queue.
    """
    held = held_ids(at_least=LockLevel.FROZEN)
    known = TissueMeasurement.objects.filter(run=OuterRef("pk"), method_version=METHOD_VERSION)
    # A mask made elsewhere names no T2w: as for a run of a network, the one that comes first.
    lent = Case(When(t2w_scan=None, then=t2w_of_visit("pk")))
    found = _measurable().annotate(t2w_lent=lent).exclude(visit__in=held)
    found = found.filter(
        ~(Q(t2w_lent=None) & Exists(known.filter(t2w_scan=None))),
        ~Exists(known.filter(t2w_scan=OuterRef("t2w_lent"))),
    )
    if not demonstration:
        found = found.exclude(origin=Origin.DEMO, t1w_scan__source_format="phantom")
    left = list(found.select_related("site").order_by("queued_at"))
    parts = [left[start : start + BATCH] for start in range(0, len(left), BATCH)]
    return sum(_queue(part) for part in parts) + _queue_held_again(held)


def _queue(runs_left: Sequence[SegmentationRun]) -> int:
    """Queue some runs; none where one is held by now, which the next sweep knows."""
    try:
        with transaction.atomic():
            return sum(_is_queued(run) for run in runs_left)
    except IntegrityError as error:
        if refusal(error):
            return 0
        raise


def _is_queued(run: SegmentationRun) -> bool:
    # Beside what single visits ask for, an order waits here as it does for its segmentations.
    priority = Priority.BATCH if run.batch_id else Priority.NORMAL
    _, is_new = TissueMeasurement.objects.get_or_create(
        run=run,
        method_version=METHOD_VERSION,
        t2w_scan_id=run.t2w_lent,  # type: ignore[attr-defined]  # of the query above
        defaults={
            "site": run.site,
            "priority": priority,
            "turn": jobs.next_turn(TissueMeasurement, run.site, priority),
            "origin": run.origin,
        },
    )
    return is_new


def _measurable() -> QuerySet[SegmentationRun]:
    refused = without_consent_for_images(Disposition.objects.all())
    done = SegmentationRun.objects.filter(state=JobState.SUCCEEDED, is_voided=False)
    return done.exclude(visit__patient__in=refused)


@transaction.atomic
def _queue_held_again(held: set[Any]) -> int:
    # A T2w that was out of use for a while is measured again as well; of a void run nothing is.
    codes = [
        jobs.RECORD_LOCKED,
        FailureCode.CONSENT_WITHDRAWN.value,
        FailureCode.IMAGES_CHANGED.value,
    ]
    refused = TissueMeasurement.objects.filter(
        on_images_in_use(),
        Q(state=JobState.REJECTED, failure_code__in=codes),
        method_version=METHOD_VERSION,
        run__in=_measurable(),
    ).exclude(run__visit__in=held)
    with because(AGAIN):
        return refused.update(**jobs.AFRESH)


def execute_next(*, worker: str) -> TissueMeasurement | None:
    """Claim and execute the next waiting measurement; None if there is none."""
    with acting(origin=f"worker:{worker}"):
        return jobs.execute_next(TissueMeasurement, _execute, worker=worker)


def _execute(row: TissueMeasurement, heartbeat: jobs.Heartbeat) -> None:
    run = row.run
    jobs.require_open(run.visit)
    consent.require_images_allowed(run.visit.patient)
    if run.is_voided:
        raise ImageError(FailureCode.IMAGES_CHANGED, VOIDED)
    t2w_scan = run.t2w_scan or row.t2w_scan
    if t2w_scan is None:
        raise ImageError(FailureCode.MISSING_SEQUENCE, NO_T2W)
    _require_in_use(row)
    heartbeat.progress(0.1, "reading")
    t1w, t2w = _volume(run.t1w_scan), _volume(t2w_scan)
    mask = read_label_map(runs.checked_mask(run.result)).data > 0
    heartbeat.progress(0.2, "measuring")
    found = measure_tissue(t1w, t2w, np.asarray(mask))
    heartbeat.check()
    reach("tissue_before_commit")
    _publish(row, found, _provenance(run, t2w_scan))


def _require_in_use(row: TissueMeasurement) -> None:
    """Refuse a T2w that the visit lent and has meanwhile replaced, moved or left out."""
    if row.t2w_scan is not None and t2w_beside(row.run) != row.t2w_scan:
        raise ImageError(FailureCode.IMAGES_CHANGED, ANOTHER_T2W)


def _volume(scan: Scan) -> Volume:
    demo_images.ensure_image(scan)
    return read_volume(store.verified(store.image_path(scan.image_sha256), scan.image_sha256))


def _provenance(run: SegmentationRun, t2w_scan: Scan) -> dict[str, Any]:
    return {
        "t1w_sha256": run.t1w_scan.image_sha256,
        "t2w_sha256": t2w_scan.image_sha256,
        "mask_sha256": run.result.mask_sha256,
        "brain_extraction": BRAIN_EXTRACTION_VERSION,
        "registration": REGISTRATION_VERSION,
        "numpy": np.__version__,
        "SimpleITK": sitk.Version_VersionString(),
        "host": platform.node(),
        "python": platform.python_version(),
    }


@transaction.atomic
def _publish(row: TissueMeasurement, found: TissueVolumes, provenance: dict[str, Any]) -> None:
    """Record state and volumes in one transaction that checks the token and the run."""
    # Whoever voids runs holds the visit first: a run is void before this, or measured before that.
    # The consent, too, ends before this or after it.
    deciding.hold_visits(row.run.visit)
    consent.require_images_allowed(row.run.visit.patient)
    if SegmentationRun.objects.filter(pk=row.run_id, is_voided=True).exists():
        raise ImageError(FailureCode.IMAGES_CHANGED, VOIDED)
    _require_in_use(row)
    jobs.succeed(
        row,
        separability=found.separability,
        reasons={code.value: reason for code, reason in found.reasons.items()},
        provenance=provenance,
    )
    TissueVolume.objects.bulk_create(
        TissueVolume(measurement=row, run_id=row.run_id, code=code.value, volume_ml=volume_ml)
        for code, volume_ml in found.volumes_ml.items()
    )


@transaction.atomic
def queue_again(run_ids: list[UUID] | None = None) -> int:
    """Queue again what failed or was refused, of every run or of some; returns how many.

    A measurement that succeeded stays: another result needs another version of the method.
    """
    held = held_ids(at_least=LockLevel.FROZEN)
    ended = TissueMeasurement.objects.filter(
        state__in=[JobState.FAILED, JobState.REJECTED],
        method_version=METHOD_VERSION,
        run__in=_measurable(),
    ).exclude(run__visit__in=held)
    if run_ids is not None:
        ended = ended.filter(run__in=run_ids)
    with because(AGAIN):
        return ended.update(**jobs.AFRESH)
