"""Where the loads of a reference cohort lie at each month: the median and the middle half.

A patient is seen at a handful of ages. So each patient is read off at every month of a grid, along
the straight line between two scans, never beyond the first or the last of them; the quartiles of a
month are those of the patients there, each of whom counts once. What they are not: limits of what
is normal, or the course of any one patient. Who is scanned at an age changes with the age, so that
a band may fall where no patient's load does.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from analytics.stats.errors import NotEstimableError

STEP_MONTHS = 3.0
LONGEST_GAP_MONTHS = 24.0
"""Between two scans farther apart a load is not guessed."""
FEWEST_PATIENTS = 5
"""No month has a band of fewer: it would speak of single patients."""


@dataclass(frozen=True, slots=True)
class BandPoint:
    """The loads of the reference cohort at one month, in mL."""

    months: float
    n_patients: int
    low: float
    median: float
    high: float


def reference_band(
    patients: Sequence[object], months: ArrayLike, loads: ArrayLike
) -> list[BandPoint]:
    """Return the quartiles of the loads at each month of the grid that enough patients have.

    Parameters
    ----------
    patients : sequence of hashable, length n
        Whose load it is.
    months : array_like of float, shape (n,)
        Age, or time since something happened; the grid is the multiples of 3 months.
    loads : array_like of float, shape (n,)
        In mL.

    Returns
    -------
    list of BandPoint
        In order of time; empty where no month has 5 patients. A month counts a patient who has
        scans on both sides of it, at most 24 months apart, or one on it. Quartiles by linear
        interpolation (Hyndman and Fan 1996, Am Stat 50:361, type 7).

    Raises
    ------
    NotEstimableError
        If the lengths differ, a number is not finite, or a patient has two loads at one time.
    """
    when, values = np.asarray(months, dtype=np.float64), np.asarray(loads, dtype=np.float64)
    if not len(patients) == when.size == values.size or when.ndim != 1 or values.ndim != 1:
        raise NotEstimableError("Each load needs a patient and a month.")
    if not (np.isfinite(when).all() and np.isfinite(values).all()):
        raise NotEstimableError("A month or a load is not a finite number.")
    series: dict[object, list[tuple[float, float]]] = defaultdict(list)
    for patient, at, load in zip(patients, when.tolist(), values.tolist(), strict=True):
        series[patient].append((at, load))
    at_step: dict[int, list[float]] = defaultdict(list)
    for course in series.values():
        for step, load in _read_off(sorted(course)).items():
            at_step[step].append(load)
    return [
        _point(step, at_step[step])
        for step in sorted(at_step)
        if len(at_step[step]) >= FEWEST_PATIENTS
    ]


def _read_off(course: Sequence[tuple[float, float]]) -> dict[int, float]:
    """Return the loads of one patient by step of the grid."""
    times = [at for at, _ in course]
    if len(set(times)) < len(times):
        raise NotEstimableError("A patient has two loads at one time.")
    found: dict[int, float] = {}
    for at, load in course:
        if at % STEP_MONTHS == 0:
            found[round(at / STEP_MONTHS)] = load
    for (before, low), (after, high) in pairwise(course):
        if after - before > LONGEST_GAP_MONTHS:
            continue
        first, last = np.ceil(before / STEP_MONTHS), np.floor(after / STEP_MONTHS)
        for step in range(int(first), int(last) + 1):
            share = (step * STEP_MONTHS - before) / (after - before)
            found.setdefault(step, low + share * (high - low))
    return found


def _point(step: int, loads: Sequence[float]) -> BandPoint:
    low, median, high = (float(q) for q in np.quantile(loads, (0.25, 0.5, 0.75)))
    return BandPoint(step * STEP_MONTHS, len(loads), low, median, high)
