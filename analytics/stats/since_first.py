"""How far each measurement of a subject lies from its first one."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.stats.change import DAYS_PER_YEAR
from analytics.stats.errors import NotEstimableError

Array = NDArray[np.float64]
SHORTEST_YEARS = 0.5
"""A yearly change over a shorter time is measurement error many times over."""


@dataclass(frozen=True, slots=True)
class SinceFirst:
    """Changes since the first measurement; NaN for the first one itself.

    Attributes
    ----------
    change : ndarray of float, shape (n,)
        In the unit of the measure.
    yearly : ndarray of float, shape (n,)
        The same per year of 365.25 days; NaN also where less than half a year has passed.
    """

    change: Array
    yearly: Array


def since_first(subjects: NDArray[np.intp], days: Array, values: Array) -> SinceFirst:
    """Return the change of each measurement since the first of its subject.

    Of several on the first day the one that comes first in the rows is the first; the others have
    no change, for no time has passed.

    Parameters
    ----------
    subjects : ndarray of int, shape (n,)
        Number of the subject of each row.
    days : ndarray of float, shape (n,)
        Day of each row, from any day on.
    values : ndarray of float, shape (n,)

    Raises
    ------
    NotEstimableError
        If a day or a value is not finite.
    """
    if not (np.isfinite(days).all() and np.isfinite(values).all()):
        raise NotEstimableError("Every day and every value must be finite.")
    if not subjects.size:
        return SinceFirst(np.empty(0), np.empty(0))
    order = np.lexsort((np.arange(subjects.size), days, subjects))
    begins = np.flatnonzero(np.diff(subjects[order], prepend=-1))
    first = np.empty(int(subjects.max()) + 1, np.intp)
    first[subjects[order][begins]] = order[begins]
    years = (days - days[first[subjects]]) / DAYS_PER_YEAR
    change = np.where(years > 0, values - values[first[subjects]], np.nan)
    is_long = years >= SHORTEST_YEARS
    yearly = np.full(values.size, np.nan)
    yearly[is_long] = change[is_long] / years[is_long]
    return SinceFirst(change, yearly)
