"""Where the segmentations of a study stand: by method, by order, waiting, failed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import (
    Avg,
    Count,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
)
from django.http import Http404

from mldtrial.trial.models import Disposition, Study
from mldtrial.trial.selectors.consent import without_consent_for_images
from segmentation.models import (
    ENDED_BADLY,
    RUNS_WORTH_ANOTHER_TRY,
    JobState,
    ModelVersion,
    ReleaseState,
    SegmentationBatch,
    SegmentationRun,
)
from segmentation.policies import visible_to
from segmentation.selectors.left_out import uses_set_aside

UNFINISHED = (JobState.QUEUED, JobState.RUNNING)
RECENT_RUNS = 20
"""Runs whose mean time says how long the next ones take."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many runs are in which state."""

    waiting: int
    running: int
    done: int
    refused: int
    failed: int
    cancelled: int

    @property
    def total(self) -> int:
        """Number of runs."""
        return self.waiting + self.running + self.done + self.refused + self.failed + self.cancelled

    @property
    def finished(self) -> int:
        """Number of runs of which nothing comes any more."""
        return self.total - self.waiting - self.running

    @property
    def is_moving(self) -> bool:
        """True while some wait or run."""
        return self.waiting + self.running > 0


@dataclass(frozen=True, slots=True)
class MethodStanding:
    """The runs of a study by one method."""

    model: ModelVersion
    tally: Tally


@dataclass(frozen=True, slots=True)
class BatchStanding:
    """One order, its runs, and the seconds that they still take by the mean of recent ones."""

    batch: SegmentationBatch
    tally: Tally
    seconds_left: float | None

    @property
    def is_open(self) -> bool:
        """True while runs are asked for or are not finished, and nobody has stopped it."""
        is_prepared = self.batch.prepared_at is not None
        return self.batch.cancelled_at is None and (not is_prepared or self.tally.is_moving)


def runs_of(study: Study, *, user: Any) -> QuerySet[SegmentationRun]:
    """Return the runs of a study that count or may count; voided ones do not."""
    found = SegmentationRun.objects.filter(visit__patient__study=study, is_voided=False)
    return visible_to(user, found)


def methods(study: Study, *, user: Any) -> list[MethodStanding]:
    """Return how far each method that is not retired has come, the active one first."""
    counted = {
        row["model_version"]: _tally(row)
        for row in runs_of(study, user=user).values("model_version").annotate(**_COUNTS)
    }
    nothing = Tally(0, 0, 0, 0, 0, 0)
    found = visible_to(user, ModelVersion.objects.exclude(state=ReleaseState.RETIRED))
    standing = [MethodStanding(model, counted.get(model.pk, nothing)) for model in found]
    standing.sort(key=lambda one: one.model.state != ReleaseState.ACTIVE)
    return standing


_COUNTS = {
    "waiting": Count("pk", Q(state=JobState.QUEUED)),
    "running": Count("pk", Q(state=JobState.RUNNING)),
    "done": Count("pk", Q(state=JobState.SUCCEEDED)),
    "refused": Count("pk", Q(state=JobState.REJECTED)),
    "failed": Count("pk", Q(state=JobState.FAILED)),
    "cancelled": Count("pk", Q(state=JobState.CANCELLED)),
}


def _tally(row: Mapping[str, Any]) -> Tally:
    return Tally(**{name: row[name] for name in _COUNTS})


def batches(study: Study, *, user: Any, at_most: int) -> list[BatchStanding]:
    """Return the latest orders of a study, the newest first."""
    found = visible_to(user, SegmentationBatch.objects.filter(study=study))
    latest = list(found.select_related("model_version", "ordered_by")[:at_most])
    rows = runs_of(study, user=user).filter(batch__in=latest).values("batch").annotate(**_COUNTS)
    counted = {row["batch"]: _tally(row) for row in rows}
    standing = []
    for batch in latest:
        tally = counted.get(batch.pk, Tally(0, 0, 0, 0, 0, 0))
        seconds = _seconds_left(batch.model_version, tally) if tally.is_moving else None
        standing.append(BatchStanding(batch, tally, seconds))
    return standing


def batch(study: Study, batch_id: UUID, *, user: Any) -> SegmentationBatch:
    """Return an order.

    Raises
    ------
    Http404
        If there is none in this person's reach.
    """
    found = visible_to(user, SegmentationBatch.objects.filter(study=study, pk=batch_id)).first()
    if found is None:
        raise Http404("No such order.")
    return found


def _seconds_left(model: ModelVersion, tally: Tally) -> float | None:
    mean = mean_seconds(model)
    if mean is None or not tally.running:
        return None  # nobody may be there to do it
    return mean * (tally.waiting + tally.running) / tally.running


def mean_seconds(model: ModelVersion) -> float | None:
    """Return how long recent successful runs of a method took; None before the first."""
    recent = (
        SegmentationRun.objects.filter(
            model_version=model, state=JobState.SUCCEEDED, claimed_at__isnull=False
        )
        .order_by("-finished_at")
        .values("pk")[:RECENT_RUNS]
    )
    took = ExpressionWrapper(F("finished_at") - F("claimed_at"), output_field=DurationField())
    mean = SegmentationRun.objects.filter(pk__in=recent).aggregate(mean=Avg(took))["mean"]
    return None if mean is None else float(mean.total_seconds())


def unfinished(study: Study, *, user: Any) -> QuerySet[SegmentationRun]:
    """Return what runs and what waits, in the order in which it is taken."""
    found = runs_of(study, user=user).filter(state__in=UNFINISHED)
    # RUNNING sorts behind QUEUED.
    return _with_names(found).order_by("-state", "-priority", "turn", "queued_at", "pk")


def ended_badly(study: Study, *, user: Any) -> QuerySet[SegmentationRun]:
    """Return the runs without a result, the latest first."""
    found = runs_of(study, user=user).filter(state__in=ENDED_BADLY)
    return _with_names(found).order_by("-finished_at")


def worth_another_try(found: QuerySet[SegmentationRun]) -> QuerySet[SegmentationRun]:
    """Return those of some runs without a result that a person may have tried again.

    Not those without a consent for images or of a scan that is set aside, nor those of a retired
    method where the visit waits for the active one or has its load.
    """
    counting = SegmentationRun.objects.filter(
        visit=OuterRef("visit"), is_voided=False, model_version__state=ReleaseState.ACTIVE
    ).exclude(state__in=ENDED_BADLY)
    is_of_the_past = Q(model_version__state=ReleaseState.RETIRED) & Exists(counting)
    return (
        found.filter(RUNS_WORTH_ANOTHER_TRY)
        .exclude(visit__patient__in=without_consent_for_images(Disposition.objects.all()))
        .exclude(uses_set_aside())
        .exclude(is_of_the_past)
    )


def _with_names(found: QuerySet[SegmentationRun]) -> QuerySet[SegmentationRun]:
    return found.select_related("visit__patient__site", "visit__definition", "model_version")
