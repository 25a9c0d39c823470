"""How far each measurement of a subject lies from its first one."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.stats.change import DAYS_PER_YEAR
from analytics.stats.errors import NotEstimableError

Array = NDArray[np.float64]
SHORTEST_YEARS = 0.5
"""A yearly change over a shorter time is measurement error many times over."""


@dataclass(frozen=True, slots=True, eq=False)
class SinceFirst:
    """Each row beside the first one of its subject, so that several measures share the pairs.

    Attributes
    ----------
    first : ndarray of int, shape (n,)
        The row of the subject's first one.
    years : ndarray of float, shape (n,)
        Since then, of 365.25 days; 0 on the first day.
    """

    first: NDArray[np.intp]
    years: Array

    def change(self, values: Array) -> Array:
        """Return how much a measure differs from that of the first row, in its unit, shape (n,).

        NaN where no time has passed, and where one of the two is absent.

        Parameters
        ----------
        values : ndarray of float, shape (n,)
            NaN where the measure is absent.

        Raises
        ------
        NotEstimableError
            If a value is infinite.
        """
        if np.isinf(values).any():
            raise NotEstimableError("Every value must be finite or absent.")
        return np.where(self.years > 0, values - values[self.first], np.nan)

    def yearly(self, values: Array) -> Array:
        """Return the change per year; NaN also where less than half a year has passed."""
        is_long = self.years >= SHORTEST_YEARS
        found = np.full(values.size, np.nan)
        found[is_long] = self.change(values)[is_long] / self.years[is_long]
        return found


def since_first(subjects: NDArray[np.intp], days: Array) -> SinceFirst:
    """Return each row beside the first one of its subject.

    Of several on the first day the one that comes first in the rows is the first; the others have
    no change, for no time has passed.

    Parameters
    ----------
    subjects : ndarray of int, shape (n,)
        Number of the subject of each row.
    days : ndarray of float, shape (n,)
        Day of each row, from any day on.

    Raises
    ------
    NotEstimableError
        If a day is not finite.
    """
    if not np.isfinite(days).all():
        raise NotEstimableError("Every day must be finite.")
    if not subjects.size:
        return SinceFirst(np.empty(0, np.intp), np.empty(0))
    order = np.lexsort((np.arange(subjects.size), days, subjects))
    begins = np.flatnonzero(np.diff(subjects[order], prepend=-1))
    first = np.empty(int(subjects.max()) + 1, np.intp)
    first[subjects[order][begins]] = order[begins]
    return SinceFirst(first[subjects], (days - days[first[subjects]]) / DAYS_PER_YEAR)
