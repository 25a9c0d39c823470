"""Which of many dated marks lies nearest to each of many days, within its owner and a window."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.intp]
Days = NDArray[np.int64]
Mask = NDArray[np.bool_]
NONE = -1
"""Where nothing lies near enough."""


@dataclass(frozen=True, slots=True, eq=False)
class Dated:
    """Marks in order of their owner, then of their day.

    Attributes
    ----------
    owner, day : ndarray of int, shape (m,)
    """

    owner: Codes
    day: Days

    def nearest(self, owner: Codes, day: Days, window: Days) -> Codes:
        """Return the place of the mark nearest to each day, the earlier of two equally near ones.

        Parameters
        ----------
        owner, day, window : ndarray of int, shape (n,)
            What is searched for, and how far a mark may lie from it, in days.

        Returns
        -------
        ndarray of int, shape (n,)
            `NONE` where all marks of the owner lie further away.
        """
        if not self.owner.size or not owner.size:
            return np.full(owner.size, NONE, np.intp)
        first = min(int(self.day.min()), int(day.min()))
        span = max(int(self.day.max()), int(day.max())) - first + 1
        after = np.searchsorted(self.owner * span + self.day - first, owner * span + day - first)
        best = np.full(owner.size, NONE, np.intp)
        least = window + 1
        # The one before comes first, so that of two equally near ones the earlier stays.
        for place in (after - 1, after):
            at = np.clip(place, 0, self.owner.size - 1)
            gap = np.abs(self.day[at] - day)
            is_nearer = (place == at) & (self.owner[at] == owner) & (gap < least)
            best[is_nearer] = at[is_nearer]
            least = np.where(is_nearer, gap, least)
        return best

    def are_of_two_values(self, value: NDArray[np.float64]) -> Mask:
        """Return which marks are of a day of their owner that has values that differ, shape (m,).

        Parameters
        ----------
        value : ndarray of float, shape (m,)
        """
        if not self.owner.size:
            return np.zeros(0, bool)
        is_new_day = np.diff(self.owner, prepend=-1).astype(bool)
        is_new_day[1:] |= np.diff(self.day).astype(bool)
        begins = np.flatnonzero(is_new_day)
        differs = np.minimum.reduceat(value, begins) < np.maximum.reduceat(value, begins)
        found: Mask = differs[np.cumsum(is_new_day) - 1]
        return found
