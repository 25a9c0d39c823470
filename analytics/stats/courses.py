"""How the review of falling loads does where the true course is known."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from analytics.stats.errors import NotEstimableError
from analytics.stats.monotonicity import Point, Tolerance, find_reversals

PLANTED_TOLERANCES = 1.5
"""A true fall of so many tolerances has to be found."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A load with the true one."""

    load_ml: float
    truth_ml: float


@dataclass(frozen=True, slots=True)
class Count:
    """How many of how many."""

    found: int
    n: int


def false_alarms(series: Sequence[Sequence[Measured]], tolerance: Tolerance) -> Count:
    """Return how many of the patients whose true load never falls the review flags.

    Parameters
    ----------
    series : sequence of sequences of Measured
        Of each patient, in order of time.

    Raises
    ------
    NotEstimableError
        If no patient with two measurements has such a course.
    """
    rising = [one for one in series if len(one) > 1 and not _falls(_truths(one))]
    if not rising:
        raise NotEstimableError("No patient has two measured scans and a load that never falls.")
    flagged = sum(bool(find_reversals(_points(_loads(one)), tolerance)) for one in rising)
    return Count(flagged, len(rising))


def planted_falls(series: Sequence[Sequence[Measured]], tolerance: Tolerance) -> Count:
    """Return how many true falls the review finds once each course is turned back in time.

    A fall counts as planted where the true load lies below the highest true one before it by at
    least 1.5 tolerances of the pair; it is found where the measured load of that scan is flagged.

    Raises
    ------
    NotEstimableError
        If no course has such a fall.
    """
    found = planted = 0
    for one in series:
        turned = list(reversed(one))
        flagged = {r.index for r in find_reversals(_points(_loads(turned)), tolerance)}
        for index in _planted(_points(_truths(turned)), tolerance):
            planted += 1
            found += index in flagged
    if not planted:
        raise NotEstimableError("No course falls by 1.5 tolerances when it is turned back.")
    return Count(found, planted)


def _planted(truth: Sequence[Point], tolerance: Tolerance) -> list[int]:
    indices = []
    for index in range(1, len(truth)):
        highest = max(truth[:index], key=lambda point: point.value)
        drop = highest.value - truth[index].value
        if drop >= PLANTED_TOLERANCES * tolerance(highest, truth[index]) > 0:
            indices.append(index)
    return indices


def _falls(values: Sequence[float]) -> bool:
    return any(later < earlier for earlier, later in pairwise(values))


def _points(values: Sequence[float]) -> list[Point]:
    return [Point(time=float(index), value=value) for index, value in enumerate(values)]


def _loads(series: Sequence[Measured]) -> list[float]:
    return [one.load_ml for one in series]


def _truths(series: Sequence[Measured]) -> list[float]:
    return [one.truth_ml for one in series]
