"""Order a cohort to be segmented by one method, ask for its runs, and stop it."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from mldtrial.audit.context import acting, because
from mldtrial.trial import policies
from mldtrial.trial.models import Disposition, ScanState, Study, Visit
from mldtrial.trial.selectors.consent import without_consent_for_images
from segmentation.models import (
    MENDABLE,
    JobState,
    ModelVersion,
    ReleaseState,
    SegmentationBatch,
    SegmentationRun,
)
from segmentation.selectors.segmentations import worth_another_try
from segmentation.services import jobs, run_requests, runs, shadowing, trying_again
from segmentation.services.segmenters import is_made_elsewhere

ONE_AT_A_TIME = "The visits of this study are being queued for this method already."
ELSEWHERE = "The masks of this method are made elsewhere: they are imported, not ordered."
RETIRED = "This method is retired. Choose one that is active or a candidate."


def order(*, study: Study, model: ModelVersion, by: Any) -> SegmentationBatch:
    """Order every visit of a study whose images the method was not given yet.

    The runs are queued by a worker, behind what single visits ask for.

    Raises
    ------
    PermissionDenied
        If the person may not order segmentations of the study.
    ValidationError
        If the method is retired or has no segmenter here, or the same order is being prepared.
    """
    policies.require(by, "order_segmentations", study)
    if model.state == ReleaseState.RETIRED:
        raise ValidationError({"model": RETIRED})
    if is_made_elsewhere(model):
        raise ValidationError({"model": ELSEWHERE})
    try:
        with transaction.atomic(), because("The cohort is to be segmented"):
            return SegmentationBatch.objects.create(study=study, model_version=model, ordered_by=by)
    except IntegrityError as error:
        raise ValidationError({"model": ONE_AT_A_TIME}) from error


def prepare_next(*, worker: str) -> SegmentationBatch | None:
    """Queue the runs of the oldest order that is not prepared; None if there is none.

    Each visit is committed for itself: a worker that is killed begins the order again, and what
    it queued before is found and not queued twice.
    """
    batch = (
        SegmentationBatch.objects.filter(prepared_at__isnull=True, cancelled_at__isnull=True)
        .order_by("ordered_at")
        .select_related("study", "model_version")
        .first()
    )
    if batch is None:
        return None
    with acting(origin=f"worker:{worker}", reason="The cohort is to be segmented"):
        _prepare(batch)
    batch.refresh_from_db()
    return batch


def _prepare(batch: SegmentationBatch) -> None:
    # Another worker may be at the same order: what each counts for itself is right whoever ends.
    unprepared = {"prepared_at__isnull": True, "cancelled_at__isnull": True}
    row = SegmentationBatch.objects.filter(pk=batch.pk, **unprepared)
    counts = {"visits_seen": 0, "queued": 0, "known": 0, "held": 0}
    for visit in _visits(batch.study):
        found = _queue(batch, visit)
        counts["visits_seen"] += 1
        if found:
            counts[found] += 1
        if not row.update(**counts):
            _stop(batch)
            return
    row.update(prepared_at=Now(), **counts)


def _stop(batch: SegmentationBatch) -> None:
    """Cancel the last run, if the order was stopped just before it was queued."""
    batch.refresh_from_db()
    if batch.cancelled_at is not None:
        with because("The order was cancelled"):
            _cancel_runs(batch)


def _visits(study: Study) -> list[Visit]:
    withdrawn = without_consent_for_images(Disposition.objects.all())
    return list(
        Visit.objects.filter(patient__study=study, scans__state=ScanState.IMPORTED)
        .exclude(patient__in=withdrawn)
        .select_related("patient__site", "patient__study")
        .distinct()
        .order_by("date", "pk")
    )


def _queue(batch: SegmentationBatch, visit: Visit) -> str:
    """Ask for the run of a visit; returns the name of the count it belongs to, if to any."""
    run = runs.queue_run(visit=visit, model=batch.model_version, batch=batch)
    if run is None:
        return "held" if shadowing.hold_of(visit, batch.model_version) is not None else ""
    if run.state == JobState.CANCELLED or run.failure_code in (*MENDABLE, *trying_again.PASSING):
        # Somebody cancelled it, or it may do better now.
        if trying_again.ask_again(run, batch=batch):
            return "queued"
        run.refresh_from_db(fields=["batch"])
    return "queued" if run.batch_id == batch.pk else "known"


def cancel(*, batch: SegmentationBatch, by: Any) -> int:
    """Stop an order: what has not finished of it is cancelled; returns how many runs that were.

    Raises
    ------
    PermissionDenied
        If the person may not order segmentations of the study.
    """
    policies.require(by, "order_segmentations", batch.study)
    with transaction.atomic(), because("The order was cancelled"):
        locked = SegmentationBatch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
        if locked.cancelled_at is not None:
            return 0
        count = _cancel_runs(batch)
        if count or locked.prepared_at is None:
            SegmentationBatch.objects.filter(pk=batch.pk).update(cancelled_at=Now())
        return count


def _cancel_runs(batch: SegmentationBatch) -> int:
    ordered = SegmentationRun.objects.filter(batch=batch)
    return jobs.cancel_all(ordered, message=run_requests.CANCELLED_MESSAGE)


def retry_failed(*, study: Study, by: Any) -> int:
    """Queue every failed segmentation of a study again; returns how many.

    So are those that a frozen visit, a consent or the store refused. Those that were refused for
    their images stay: the same images are refused again.

    Raises
    ------
    PermissionDenied
        If the person may not order segmentations of the study.
    """
    policies.require(by, "order_segmentations", study)
    failed = worth_another_try(
        SegmentationRun.objects.filter(visit__patient__study=study, is_voided=False)
    )
    count = 0
    for run in failed.select_related("visit__patient__study", "visit__patient__site"):
        try:
            run_requests.retry_run(run=run, by=by)
        except ValidationError:
            continue  # frozen, void by now, or without a consent
        count += 1
    return count
