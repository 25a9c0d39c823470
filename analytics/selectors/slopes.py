"""How fast the load of one patient rises, in the unit of the course."""

from collections.abc import Sequence
from dataclasses import dataclass

from analytics.selectors.loads import LoadPoint
from analytics.selectors.measures import Measured
from analytics.stats.errors import NotEstimableError
from analytics.stats.trend import theil_sen

MONTHS_OF_YEAR = 12.0
FEWEST = 3


@dataclass(frozen=True, slots=True)
class Slope:
    """The median slope between all pairs of loads (Theil and Sen), a year.

    Attributes
    ----------
    low, high : float or None
        95 %; None where so few loads have no such interval.
    n : int
        Loads that it comes from.
    spans_treatment, spans_strata : bool
        Whether some of them are from before a treatment and some from after it; whether some are
        of 3D and some of 2D scans, which differ in themselves.
    """

    per_year: float
    low: float | None
    high: float | None
    n: int
    spans_treatment: bool
    spans_strata: bool


def slope_of(series: Sequence[LoadPoint], measured: Measured) -> Slope | None:
    """Return the slope of a series in the measure of the page; None where none is estimable."""
    points = [(load, _value(load, measured)) for load in series]
    there = [(load, value) for load, value in points if value is not None]
    if len(there) < FEWEST:
        return None
    years = [load.age_at_scan_months / MONTHS_OF_YEAR for load, _ in there]
    try:
        found = theil_sen(years, [value for _, value in there])
    except NotEstimableError:
        return None
    after = {load.is_after_treatment for load, _ in there}
    strata = {load.acq_stratum for load, _ in there}
    return Slope(
        found.slope, found.ci_low, found.ci_high, len(there), len(after) > 1, len(strata) > 1
    )


def _value(load: LoadPoint, measured: Measured) -> float | None:
    if not measured.measure.is_percent:
        return load.load_ml
    return measured.shares[load.run_id].percent
