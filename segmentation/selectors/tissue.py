"""The denominators of loads, as pages and exports read them."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import ExpressionWrapper, F, OuterRef, QuerySet, Subquery, Value

from segmentation.imaging.tissue.measure import METHOD_VERSION
from segmentation.models import (
    JobState,
    SegmentationRun,
    TissueCode,
    TissueMeasurement,
    TissueVolume,
)
from segmentation.policies import visible_to

PERCENT = 100.0
SHOWN = (
    TissueCode.WHITE_MATTER,
    TissueCode.GRAY_MATTER,
    TissueCode.BRAIN,
    TissueCode.INTRACRANIAL,
)
DIVIDED_BY = (TissueCode.WHITE_MATTER, TissueCode.BRAIN, TissueCode.INTRACRANIAL)
"""What a load is given as a percentage of; gray matter loses no myelin."""


@dataclass(frozen=True, slots=True)
class ShownVolume:
    """One denominator of a load: its volume and the share of the load, or why there is none."""

    name: str
    code: str
    volume_ml: float | None
    load_percent: float | None
    reason: str


def measurement_of(run: SegmentationRun, *, user: Any) -> TissueMeasurement | None:
    """Return the measurement of a run's denominators that a person may see, if there is one."""
    found = visible_to(user, TissueMeasurement.objects.filter(run=run))
    found = found.select_related("run__result").prefetch_related("volumes")
    # Of a held visit the measurement of an earlier version stands: it is not made again.
    done = found.filter(state=JobState.SUCCEEDED).order_by("-queued_at", "-pk").first()
    return done or found.filter(method_version=METHOD_VERSION).first()


def shown_volumes(measurement: TissueMeasurement) -> list[ShownVolume]:
    """Return every denominator, those that cannot be told too; nothing while it is unfinished."""
    if measurement.state != JobState.SUCCEEDED:
        return []
    load_ml = measurement.run.result.demyelination_load_ml
    volumes = {volume.code: volume.volume_ml for volume in measurement.volumes.all()}
    return [_shown(code, volumes.get(code), load_ml, measurement.reasons) for code in SHOWN]


def _shown(
    code: TissueCode, volume_ml: float | None, load_ml: float, reasons: dict[str, str]
) -> ShownVolume:
    is_divisor = volume_ml is not None and code in DIVIDED_BY
    return ShownVolume(
        name=str(code.label),
        code=code.value,
        volume_ml=volume_ml,
        load_percent=PERCENT * load_ml / volume_ml if is_divisor and volume_ml else None,
        reason=reasons.get(code.value, ""),
    )


def volumes_of(run_ids: Collection[UUID]) -> dict[UUID, dict[TissueCode, float]]:
    """Return the denominators of runs, in mL, for the rules of the review, which no person sees.

    A run without any is absent.
    """
    found: dict[UUID, dict[TissueCode, float]] = defaultdict(dict)
    rows = TissueVolume.objects.filter(run__in=run_ids, measurement__state=JobState.SUCCEEDED)
    # The latest measurement of a run comes last, and its volumes stand.
    rows = rows.order_by("measurement__queued_at", "measurement_id")
    latest: dict[UUID, UUID] = {}
    for run_id, measurement_id, code, volume in rows.values_list(
        "run_id", "measurement_id", "code", "volume_ml"
    ):
        if latest.get(run_id) != measurement_id:
            latest[run_id] = measurement_id
            found[run_id] = {}
        found[run_id][TissueCode(code)] = volume
    return dict(found)


def volume_ml(code: TissueCode) -> Subquery:
    """Return a denominator of the load of a row of `SegmentationResult`; NULL if there is none."""
    return Subquery(_of_result().filter(code=code).values("volume_ml")[:1])


def method_version() -> Subquery:
    """Return the version of the method of a load's denominators; NULL if there is none."""
    return Subquery(_of_result().values("measurement__method_version")[:1])


def load_percent(code: TissueCode) -> ExpressionWrapper:
    """Return the load of a row of `SegmentationResult` in percent of a denominator."""
    return ExpressionWrapper(
        # Divided first: a hundred times a load may be more than a double holds.
        F("demyelination_load_ml") / volume_ml(code) * Value(PERCENT),
        output_field=models.FloatField(),
    )


def _of_result() -> QuerySet[TissueVolume]:
    """Return the volumes of the latest measurement that succeeded, never of two.

    By whichever version of the method: what a frozen or locked visit showed stays when a new
    version comes, and `method_version` says which it is.
    """
    done = TissueMeasurement.objects.filter(run=OuterRef("run"), state=JobState.SUCCEEDED)
    latest = Subquery(done.order_by("-queued_at", "-pk").values("pk")[:1])
    return TissueVolume.objects.filter(run=OuterRef("run_id"), measurement=latest)
