"""The points of a cohort as columns, so that thousands of them are grouped at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.selectors.cohort import CohortPoint
from analytics.stats.resampling import numbered

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Columns:
    """Points, a column for each of their values.

    Attributes
    ----------
    patient : ndarray of int, shape (n,)
        The number of each point's patient.
    """

    points: Sequence[CohortPoint]
    load_ml: NDArray[np.float64]
    patient: NDArray[np.intp]
    stratum: NDArray[np.str_]
    subtype: NDArray[np.str_]

    @classmethod
    def of(cls, points: Sequence[CohortPoint]) -> "Columns":
        """Return points as columns, in their order."""
        return cls(
            points,
            np.array([point.load_ml for point in points], float),
            numbered([point.patient_id for point in points], len(points))[0],
            np.array([point.acq_stratum for point in points], str),
            np.array([point.subtype for point in points], str),
        )

    def scores(self, value: Callable[[CohortPoint], float | None]) -> NDArray[np.float64]:
        """Return a score of each point; NaN where there is none."""
        found = (value(point) for point in self.points)
        return np.array([np.nan if score is None else score for score in found], float)

    def count_patients(self, here: Mask) -> int:
        """Return how many patients some points are of."""
        return int(np.unique(self.patient[here]).size)
