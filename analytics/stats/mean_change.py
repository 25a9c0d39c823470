"""The mean change of a measure since baseline, over patients who have both."""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from analytics.stats.errors import NotEstimableError
from analytics.stats.magnitudes import refuse_extremes

FEWEST = 3


@dataclass(frozen=True, slots=True)
class MeanChange:
    """Mean with Student's interval, and the median, which single patients move less."""

    n: int
    mean: float
    ci_low: float
    ci_high: float
    median: float


def mean_change(changes: ArrayLike, confidence: float = 0.95) -> MeanChange:
    """Return the mean of the changes of patients, one each, with its interval.

    Parameters
    ----------
    changes : array_like of float, shape (n,)
        Later value less baseline, in the unit of the measure.

    Raises
    ------
    NotEstimableError
        If there are fewer than 3, one is not finite, or all are equal, so that no interval
        follows.
    """
    found = np.asarray(changes, dtype=np.float64)
    if found.size < FEWEST:
        raise NotEstimableError(f"fewer than {FEWEST} patients")
    if not np.isfinite(found).all():
        raise NotEstimableError("a change is not a finite number")
    refuse_extremes(found)
    if np.ptp(found) == 0:
        raise NotEstimableError("all changes are equal")
    mean = float(found.mean())
    error = float(found.std(ddof=1)) / sqrt(found.size)
    half = float(stats.t.ppf(0.5 + confidence / 2, found.size - 1)) * error
    return MeanChange(found.size, mean, mean - half, mean + half, float(np.median(found)))
