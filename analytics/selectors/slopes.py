"""How fast the load of one patient rises, in the unit of the course, and the line of that slope."""

from collections.abc import Sequence
from dataclasses import dataclass

from analytics.selectors.loads import LoadPoint
from analytics.selectors.measures import Measured
from analytics.stats.errors import NotEstimableError, as_clause
from analytics.stats.trend import TheilSen, theil_sen

MONTHS_OF_YEAR = 12.0
FEWEST = 3
Place = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Slope:
    """The median slope between all pairs of loads (Theil and Sen), a year.

    Attributes
    ----------
    low, high : float or None
        95 %; None where so few loads have no such interval.
    n : int
        Loads that it comes from.
    spans_treatment : bool
        Whether some of them are from before a treatment and some from after it.
    strata : tuple of str
        ``3D``, ``2D`` or both, which differ in themselves.
    line : tuple of Place
        Where the line of this slope begins and ends, each as age in months and value: at the first
        and the last of the loads, and nowhere below zero, as no load is.
    """

    per_year: float
    low: float | None
    high: float | None
    n: int
    spans_treatment: bool
    strata: tuple[str, ...]
    line: tuple[Place, Place]

    @property
    def spans_strata(self) -> bool:
        """Whether 3D and 2D scans are taken together."""
        return len(self.strata) > 1


@dataclass(frozen=True, slots=True)
class NoSlope:
    """Loads from which no slope can be estimated, and why, as the end of a sentence."""

    why: str


def slope_of(series: Sequence[LoadPoint], measured: Measured) -> Slope | NoSlope | None:
    """Return the slope of a series in the measure of the page; None where it has no load in it."""
    points = [(load, _value(load, measured)) for load in series]
    there = [(load, value) for load, value in points if value is not None]
    if not there:
        return None
    if len(there) < FEWEST:
        return NoSlope(f"it takes {FEWEST} loads, here {_are(len(there))}")
    years = [load.age_at_scan_months / MONTHS_OF_YEAR for load, _ in there]
    try:
        found = theil_sen(years, [value for _, value in there])
    except NotEstimableError as error:
        return NoSlope(as_clause(str(error)))
    after = {load.is_after_treatment for load, _ in there}
    return Slope(
        found.slope,
        found.ci_low,
        found.ci_high,
        len(there),
        len(after) > 1,
        tuple(sorted({load.acq_stratum for load, _ in there}, reverse=True)),
        (_place(found, min(years)), _place(found, max(years))),
    )


def _value(load: LoadPoint, measured: Measured) -> float | None:
    if not measured.measure.is_percent:
        return load.load_ml
    return measured.shares[load.run_id].percent


def _are(count: int) -> str:
    return f"{'is' if count == 1 else 'are'} {count}"


def _place(line: TheilSen, year: float) -> Place:
    """Return a place on the line, moved along it to where it meets zero if it lies below."""
    value = line.at(year)
    if value < 0:
        # Not both ends do: some loads lie on the line or below it, and none below zero.
        year, value = -line.intercept / line.slope, 0.0
    return year * MONTHS_OF_YEAR, value
