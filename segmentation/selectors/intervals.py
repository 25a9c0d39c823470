"""How the intervals of a method do on phantoms, as its page shows it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from segmentation.models import IntervalCalibration, ModelVersion, SegmentationResult
from segmentation.policies import visible_to

PERCENT = 100.0


@dataclass(frozen=True, slots=True)
class Row:
    """How often the truth lay in its interval, among some held-out visits."""

    name: str
    n: int
    inside: int
    percent: float
    below: int
    above: int
    p_value: float
    width_ml: float


@dataclass(frozen=True, slots=True)
class ShownCalibration:
    """The calibration that new loads of a method get their intervals by.

    `phantoms` is the version of the phantoms that were drawn, empty where none was kept.
    """

    version: str
    data: str
    phantoms: str
    on: datetime
    percent: int
    rows: tuple[Row, ...]


def calibration_of(model: ModelVersion, *, user: Any) -> ShownCalibration | None:
    """Return the latest calibration of a method with its coverage, if there is one."""
    found = visible_to(user, IntervalCalibration.objects.filter(model_version=model))
    latest = found.order_by("-created_at", "-pk").first()
    if latest is None:
        return None
    content = latest.content
    return ShownCalibration(
        version=latest.version,
        data=str(content.get("data", "")),
        phantoms=str(content.get("phantoms", "")),
        on=latest.created_at,
        percent=round(PERCENT * content["level"]),
        rows=tuple(_rows(content.get("held_out", {}))),
    )


def held_out_of(result: SegmentationResult | None) -> Mapping[str, Any] | None:
    """Return how often truth lay in such intervals, among held-out phantoms of the same stratum.

    None where the load has no interval, or the calibration held out none of its stratum.
    """
    if result is None or result.interval_calibration is None:
        return None
    strata = result.interval_calibration.content.get("held_out", {}).get("strata", {})
    counted: Mapping[str, Any] = strata.get(result.run.t1w_scan.acq_stratum, {})
    return counted if counted.get("n") else None


def _rows(held_out: Mapping[str, Any]) -> Iterator[Row]:
    named = [("All", held_out.get("all", {}))]
    named += sorted(held_out.get("strata", {}).items(), reverse=True)
    named += [(_range(one), one) for one in held_out.get("loads", [])]
    for name, counted in named:
        if counted.get("n"):
            yield Row(
                name=name,
                n=counted["n"],
                inside=counted["inside"],
                percent=PERCENT * counted["inside"] / counted["n"],
                below=counted["below"],
                above=counted["above"],
                p_value=counted["p_value"],
                width_ml=counted["width_ml_median"],
            )


def _range(one: Mapping[str, Any]) -> str:
    low, high = one["above_ml"], one["up_to_ml"]
    if high is None:
        return f"True load above {low:.0f} mL"
    if high == 0:
        return "Healthy, no load"
    return f"True load up to {high:.0f} mL" if low == 0 else f"True load {low:.0f} to {high:.0f} mL"
