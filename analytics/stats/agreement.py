"""How far two methods agree on the same scans when patients come more than once."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from analytics.stats.errors import NotEstimableError
from analytics.stats.magnitudes import refuse_extremes
from analytics.stats.resampling import numbered

LIMIT = 1.96
"""Limits lie this many standard deviations from the bias (Bland and Altman 1986)."""
SMALLEST_N = 2

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class BlandAltman:
    """Bias and limits of agreement, in the unit of the differences.

    Attributes
    ----------
    bias : float
        Mean of all differences.
    lower_limit, upper_limit : float
        Bias -/+ 1.96 `sd_total`.
    sd_within, sd_between : float or None
        Within a subject and between subjects; None where no subject has two differences, since
        the two cannot be told apart then.
    sd_total : float
        Of a single difference of a new subject.
    bias_ci, lower_ci, upper_ci : tuple of float
        Intervals of the bias and of each limit.
    n, n_subjects : int
        Differences and subjects.
    """

    bias: float
    lower_limit: float
    upper_limit: float
    sd_within: float | None
    sd_between: float | None
    sd_total: float
    bias_ci: Interval
    lower_ci: Interval
    upper_ci: Interval
    n: int
    n_subjects: int


@dataclass(frozen=True, slots=True)
class Component:
    """An independent part of a variance, with its degrees of freedom."""

    variance: float
    df: int


def bland_altman(
    differences: ArrayLike,
    subjects: Sequence[Hashable] | None = None,
    confidence: float = 0.95,
) -> BlandAltman:
    """Return bias and limits of agreement, which know of repeated pairs of one subject.

    With subjects, the variance of a difference is that between subjects plus that within, by a
    one-way analysis of variance whose truth may change from pair to pair (Bland and Altman 1999,
    section 5.3, and 2007); without, each difference is a subject of its own. The interval of the
    bias is Student's with one degree of freedom less than there are subjects; those of the
    limits are MOVER's (Zou 2013).

    Parameters
    ----------
    differences : array_like of float, shape (n,)
        One method minus the other, a pair each.
    subjects : sequence of hashable, length n, optional
        The subject of each pair.
    confidence : float
        Of the intervals.

    Raises
    ------
    NotEstimableError
        If a difference is not finite, or there are fewer than two pairs or subjects.
    ValueError
        If the lengths differ, or the confidence is not between 0 and 1.
    """
    values = _checked(differences, confidence)
    codes, _ = numbered(range(values.size) if subjects is None else subjects, values.size)
    counts = np.bincount(codes)
    if counts.size < SMALLEST_N:
        raise NotEstimableError(f"At least {SMALLEST_N} patients are needed, got {counts.size}.")
    bias = float(values.mean())
    found = (
        _of_single_pairs(values)
        if counts.size == values.size
        else _of_repeated_pairs(values, codes, counts)
    )
    sd = sqrt(found.total)
    lower_ci, upper_ci = limit_intervals(
        bias, bias_variance=found.of_bias, sd=sd, parts=found.parts, confidence=confidence
    )
    margin = float(stats.t.ppf(0.5 + confidence / 2, counts.size - 1)) * sqrt(found.of_bias)
    return BlandAltman(
        bias=bias,
        lower_limit=bias - LIMIT * sd,
        upper_limit=bias + LIMIT * sd,
        sd_within=None if found.within is None else sqrt(found.within),
        sd_between=None if found.between is None else sqrt(found.between),
        sd_total=sd,
        bias_ci=(bias - margin, bias + margin),
        lower_ci=lower_ci,
        upper_ci=upper_ci,
        n=values.size,
        n_subjects=counts.size,
    )


def limit_intervals(
    bias: float,
    *,
    bias_variance: float,
    sd: float,
    parts: Sequence[Component],
    confidence: float,
) -> tuple[Interval, Interval]:
    """Return the MOVER intervals of the lower and the upper limit of agreement (Zou 2013).

    Parameters
    ----------
    bias, bias_variance : float
        The mean difference and the variance of this mean.
    sd : float
        Standard deviation of a single difference, from which the limits are made.
    parts : sequence of Component
        Independent parts whose sum is the variance of a single difference.
    """
    z = float(stats.norm.ppf(0.5 + confidence / 2))
    tail = (1 - confidence) / 2
    total = sum(part.variance for part in parts)
    above = sqrt(sum((p.variance * (p.df / stats.chi2.ppf(tail, p.df) - 1)) ** 2 for p in parts))
    below = sqrt(
        sum((p.variance * (1 - p.df / stats.chi2.ppf(1 - tail, p.df))) ** 2 for p in parts)
    )
    wider = sqrt(total + above) - sd
    narrower = sd - sqrt(max(0.0, total - below))
    outwards = sqrt(z**2 * bias_variance + (LIMIT * wider) ** 2)
    inwards = sqrt(z**2 * bias_variance + (LIMIT * narrower) ** 2)
    lower, upper = bias - LIMIT * sd, bias + LIMIT * sd
    return (lower - outwards, lower + inwards), (upper - inwards, upper + outwards)


@dataclass(frozen=True, slots=True)
class _Variances:
    """Of a single difference in its parts, and of the mean of all differences."""

    within: float | None
    between: float | None
    total: float
    of_bias: float
    parts: tuple[Component, ...]


def _of_single_pairs(values: NDArray[np.float64]) -> _Variances:
    total = float(values.var(ddof=1))
    return _Variances(None, None, total, total / values.size, (Component(total, values.size - 1),))


def _of_repeated_pairs(
    values: NDArray[np.float64], codes: NDArray[np.intp], counts: NDArray[np.intp]
) -> _Variances:
    n, n_subjects = values.size, counts.size
    means = np.bincount(codes, weights=values) / counts
    df_between, df_within = n_subjects - 1, n - n_subjects
    between_squares = float((counts * (means - values.mean()) ** 2).sum()) / df_between
    within = float(((values - means[codes]) ** 2).sum()) / df_within
    m0 = float(n**2 - (counts**2).sum()) / (df_between * n)
    between = max(0.0, (between_squares - within) / m0)
    of_bias = (between * float((counts**2).sum()) / n + within) / n
    parts: tuple[Component, ...] = (
        Component(between_squares / m0, df_between),
        Component((1 - 1 / m0) * within, df_within),
    )
    if between == 0.0:
        # Subjects differ no more than chance has it: all there is lies within them.
        parts = (Component(within, df_within),)
    return _Variances(within, between, within + between, of_bias, parts)


def _checked(differences: ArrayLike, confidence: float) -> NDArray[np.float64]:
    values = np.asarray(differences, dtype=float)
    if values.ndim != 1:
        raise ValueError(f"Expected one row of differences, got the shape {values.shape}.")
    if not 0 < confidence < 1:
        raise ValueError(f"The confidence must lie between 0 and 1, got {confidence}.")
    if not np.isfinite(values).all():
        raise NotEstimableError("A difference is not a finite number; leave missing pairs out.")
    if values.size < SMALLEST_N:
        raise NotEstimableError(f"At least {SMALLEST_N} pairs are needed, got {values.size}.")
    refuse_extremes(values)
    return values
