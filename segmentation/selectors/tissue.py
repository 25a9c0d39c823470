"""The denominators of loads, as pages and exports read them."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import ExpressionWrapper, F, OuterRef, Q, QuerySet, Subquery, Value

from mldtrial.trial.models import Origin
from segmentation.imaging.tissue.measure import METHOD_VERSION
from segmentation.models import (
    JobState,
    SegmentationResult,
    SegmentationRun,
    TissueCode,
    TissueMeasurement,
    TissueVolume,
)
from segmentation.policies import visible_to
from segmentation.selectors.usable import t2w_of_visit

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


@dataclass(frozen=True, slots=True)
class Share:
    """A load and its interval in percent of one volume of its head, or why there is none.

    Attributes
    ----------
    volume_ml, percent : float or None
        None where there is no volume.
    interval_percent : tuple of float or None
        None where there is no volume, or the load has no interval.
    method_version : str
        Of the volume; empty where there is none.
    why_absent : str
        A sentence; empty where there is a volume.
    """

    volume_ml: float | None
    percent: float | None
    interval_percent: tuple[float, float] | None
    method_version: str
    why_absent: str


def on_images_in_use(measurement: str = "") -> Q:
    """Return the condition that a measurement rests on its run alone, or on a T2w still in use.

    Parameters
    ----------
    measurement : str
        Path to the measurement, with its two underscores; empty among measurements.
    """
    t2w_in_use = t2w_of_visit(f"{measurement}run")
    return Q(**{f"{measurement}t2w_scan": None}) | Q(**{f"{measurement}t2w_scan": t2w_in_use})


def measurement_of(run: SegmentationRun, *, user: Any) -> TissueMeasurement | None:
    """Return the measurement of a run's denominators that a person may see, if there is one."""
    return _measurements([run.pk], user=user).get(run.pk)


def _measurements(run_ids: Collection[UUID], *, user: Any) -> dict[UUID, TissueMeasurement]:
    """Return the measurement that stands for each run; a run without one is absent."""
    found = visible_to(user, TissueMeasurement.objects.filter(on_images_in_use(), run__in=run_ids))
    found = found.select_related("run__result", "t2w_scan").prefetch_related("volumes")
    standing: dict[UUID, TissueMeasurement] = {}
    for measurement in found.order_by("queued_at", "pk"):
        before = standing.get(measurement.run_id)
        is_done = measurement.state == JobState.SUCCEEDED
        # Of a held visit the measurement of an earlier version stands: it is not made again.
        is_next = before is None or before.state != JobState.SUCCEEDED
        if is_done or (is_next and measurement.method_version == METHOD_VERSION):
            standing[measurement.run_id] = measurement
    return standing


def shares_of(run_ids: Collection[UUID], code: TissueCode, *, user: Any) -> dict[UUID, Share]:
    """Return the loads of runs in percent of a volume, as the exports compute them.

    A run whose load the person may not see is absent.
    """
    found = visible_to(user, SegmentationResult.objects.filter(run__in=run_ids)).annotate(
        volume=volume_ml(code),
        version=method_version(),
        percent=load_percent(code),
        low=load_percent(code, of="interval_low_ml"),
        high=load_percent(code, of="interval_high_ml"),
    )
    rows = list(found.select_related("run"))
    without = [row.run_id for row in rows if row.volume is None]
    measurements = _measurements(without, user=user) if without else {}
    return {
        row.run_id: Share(
            volume_ml=row.volume,
            percent=row.percent,
            interval_percent=None if row.low is None else (row.low, row.high),
            method_version="" if row.volume is None else row.version,
            why_absent=(
                _why_absent(row.run, measurements.get(row.run_id), code)
                if row.volume is None
                else ""
            ),
        )
        for row in rows
    }


def _why_absent(
    run: SegmentationRun, measurement: TissueMeasurement | None, code: TissueCode
) -> str:
    if measurement is None:
        if run.origin == Origin.DEMO:
            return "Not measured: phantoms of the demonstration are measured only when asked for."
        return "Not measured yet."
    if measurement.state == JobState.SUCCEEDED:
        return str(measurement.reasons.get(code.value) or "Cannot be told.")
    return measurement.message or f"Measurement {measurement.get_state_display()}."


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


Volumes = Mapping[UUID, Mapping[TissueCode, float]]
"""Denominators of runs, in mL; a run without any is absent."""


def volumes_of(run_ids: Collection[UUID]) -> dict[UUID, dict[TissueCode, float]]:
    """Return the denominators of runs, in mL, for the rules of the review, which no person sees.

    A run without any is absent.
    """
    found: dict[UUID, dict[TissueCode, float]] = defaultdict(dict)
    rows = TissueVolume.objects.filter(
        on_images_in_use("measurement__"),
        run__in=run_ids,
        measurement__state=JobState.SUCCEEDED,
    )
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


def versions_of(run_ids: Collection[UUID]) -> dict[UUID, str]:
    """Return the version of the method of the denominators that `volumes_of` gives, by run."""
    measured = TissueMeasurement.objects.filter(
        on_images_in_use(), run__in=run_ids, state=JobState.SUCCEEDED
    )
    latest = measured.order_by("queued_at", "pk").values_list("run_id", "method_version")
    return dict(latest)  # of several of one run the last stays


def volume_ml(code: TissueCode) -> Subquery:
    """Return a denominator of the load of a row of `SegmentationResult`; NULL if there is none."""
    return Subquery(_of_result().filter(code=code).values("volume_ml")[:1])


def method_version() -> Subquery:
    """Return the version of the method of a load's denominators; NULL if there is none."""
    return Subquery(_of_result().values("measurement__method_version")[:1])


def load_percent(code: TissueCode, *, of: str = "demyelination_load_ml") -> ExpressionWrapper:
    """Return the load of a row of `SegmentationResult` in percent of a denominator.

    Parameters
    ----------
    of : str
        The column in mL: the load, or an end of its interval.
    """
    return ExpressionWrapper(
        # Divided first: a hundred times a load may be more than a double holds.
        F(of) / volume_ml(code) * Value(PERCENT),
        output_field=models.FloatField(),
    )


def percents(
    results: QuerySet[SegmentationResult], codes: Sequence[TissueCode]
) -> dict[UUID, tuple[float | None, ...]]:
    """Return many loads in percent of volumes, by run; None where a head has no such volume.

    Parameters
    ----------
    results : queryset of SegmentationResult
        Narrowed to those that the person may see.
    codes : sequence of TissueCode
        What each value is a percentage of, in this order.
    """
    asked = {f"of_{code.value.lower()}": load_percent(code) for code in codes}
    rows = results.order_by().annotate(**asked).values_list("run_id", *asked)
    return {run_id: tuple(found) for run_id, *found in rows}


def _of_result() -> QuerySet[TissueVolume]:
    """Return the volumes of the latest measurement that succeeded, never of two.

    By whichever version of the method: what a frozen or locked visit showed stays when a new
    version comes, and `method_version` says which it is.
    """
    done = TissueMeasurement.objects.filter(
        on_images_in_use(), run=OuterRef("run"), state=JobState.SUCCEEDED
    )
    latest = Subquery(done.order_by("-queued_at", "-pk").values("pk")[:1])
    return TissueVolume.objects.filter(run=OuterRef("run_id"), measurement=latest)
