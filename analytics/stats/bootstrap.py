"""Intervals of a statistic from resampled patients: percentile, and BCa.

Efron 1987, J Am Stat Assoc 82:171 (BCa); Efron and Tibshirani 1993, An Introduction to the
Bootstrap, chapter 14. Whole patients are drawn, and left out one by one for the acceleration, since
the scans of one patient are not independent (Field and Welsh 2007, J R Stat Soc B 69:369).

The percentile is the default: of 2,000 simulated trials of 49 patients and 130 scans, its intervals
of the rank correlation within subtypes held the truth in 94.4 %, those of BCa in 91.2 %
(tests/analytics/stats/test_coverage.py, by `make faults`). Where it is too narrow, as for a
difference of two correlations, the expanded percentile reaches farther out: as Student's t does,
and as a sample varies less than what it is drawn from (Hesterberg 2015, Am Stat 69:371).
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from analytics.stats.errors import NotEstimableError
from analytics.stats.resampling import CHUNK, defined_or_refused, resampled_weights

Array = NDArray[np.float64]
Statistic = Callable[[Array], Array]
"""How often each row counts, shape (resamples, n), to a value each; NaN where there is none."""

PERCENTILE, EXPANDED, BCA = "percentile", "expanded", "bca"
TAILS = (0.025, 0.975)
SAME = 1e-12
"""Two values nearer than this are equal but for rounding."""


def cluster_interval(
    statistic: Statistic,
    clusters: NDArray[np.intp],
    count: int,
    *,
    n_resamples: int,
    seed: int,
    interval: str = PERCENTILE,
) -> tuple[float, float]:
    """Return the 95 % interval of a statistic from patients drawn with replacement.

    Parameters
    ----------
    statistic : callable
        Weights of the rows to values, a resample in each row of the weights.
    clusters : ndarray of int, shape (n,)
        Patient of each row, 0 to ``count - 1``.
    interval : str
        ``percentile``; ``expanded``, the same for few patients; or ``bca``: corrected for bias and
        for skewness by leaving out a patient at a time.

    Raises
    ------
    NotEstimableError
        If most resamples have no value, nearly all have the same one (so of three patients whose
        order is perfect: an interval of no width would be certainty) or, for ``bca``, the
        correction has none.
    ValueError
        If the interval is of an unknown kind, or there are not two resamples.
    """
    if interval not in (PERCENTILE, EXPANDED, BCA):
        raise ValueError(
            f"The interval must be {PERCENTILE}, {EXPANDED} or {BCA}, got {interval!r}."
        )
    if n_resamples < 2:
        raise ValueError(f"An interval needs two resamples at least, got {n_resamples}.")
    weights = resampled_weights(clusters, count, n_resamples=n_resamples, seed=seed)
    values = defined_or_refused([statistic(chunk) for chunk in weights], n_resamples)
    shares = expanded_shares(count) if interval == EXPANDED else TAILS
    if interval == BCA:
        whole = float(statistic(np.ones((1, clusters.size)))[0])
        without = np.concatenate([statistic(chunk) for chunk in _without_each(clusters, count)])
        shares = corrected_shares(whole, values, without)
    low, high = np.quantile(values, shares)
    if high - low <= SAME:
        raise NotEstimableError(
            "Nearly all resampled patients give the same value; no interval exists."
        )
    return float(low), float(high)


def expanded_shares(count: int) -> tuple[float, float]:
    """Return which shares of the resamples lie below the ends of the expanded percentile interval.

    Parameters
    ----------
    count : int
        Patients, two or more.

    Raises
    ------
    NotEstimableError
        If there is one patient alone.
    """
    if count < 2:
        raise NotEstimableError("One patient alone has no interval.")
    reach = float(stats.t.ppf(TAILS[1], count - 1)) * (count / (count - 1)) ** 0.5
    return float(stats.norm.cdf(-reach)), float(stats.norm.cdf(reach))


def corrected_shares(whole: float, resampled: Array, without_one: Array) -> tuple[float, float]:
    """Return which shares of the resamples lie below the two ends of the BCa interval.

    Parameters
    ----------
    whole : float
        The statistic of all patients.
    resampled, without_one : ndarray of float
        Of each resample, and without each patient.

    Raises
    ------
    NotEstimableError
        If the statistic has no value without one of the patients, does not change with any of
        them, or all resamples lie on one side of it.
    """
    if np.isnan(without_one).any():
        raise NotEstimableError(
            "Without one of the patients there is no estimate; no BCa interval exists."
        )
    pull = without_one.mean() - without_one
    squares = float((pull**2).sum())
    if squares <= SAME**2 * pull.size:
        raise NotEstimableError("No patient changes the estimate; no BCa interval exists.")
    acceleration = float((pull**3).sum()) / (6 * squares**1.5)
    below = float((resampled < whole - SAME).mean())
    equal = float((np.abs(resampled - whole) <= SAME).mean())
    share = below + equal / 2
    if not 0 < share < 1:
        raise NotEstimableError(
            "All resamples lie on one side of the estimate; no BCa interval exists."
        )
    bias = float(stats.norm.ppf(share))
    shifted = bias + stats.norm.ppf(TAILS)
    stretch = 1 - acceleration * shifted
    if (stretch <= 0).any():
        raise NotEstimableError("A single patient decides the estimate; no BCa interval exists.")
    low, high = stats.norm.cdf(bias + shifted / stretch)
    return float(low), float(high)


def _without_each(clusters: NDArray[np.intp], count: int) -> Iterator[Array]:
    """Yield the weights that leave out one patient at a time, a chunk of patients at a time."""
    patients = np.arange(count)
    for start in range(0, count, CHUNK):
        yield (clusters != patients[start : start + CHUNK, None]).astype(float)
