"""How far a measure repeats itself: intraclass correlation, and error of repeated scans.

Shrout and Fleiss 1979, Psychol Bull 86:420 (names and formulas of the six coefficients); McGraw and
Wong 1996, Psychol Methods 1:30 (their intervals); Bland and Altman 1996, BMJ 312:1654 and 313:106
(within-subject standard deviation, and coefficient of variation by logarithms).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import expm1, inf, isfinite, log, sqrt
from sys import float_info

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from analytics.stats.errors import NotEstimableError
from analytics.stats.magnitudes import refuse_extremes

CONFIDENCE = 0.95
DETECTABLE = 1.96 * sqrt(2)
"""A change of a single subject beyond so many standard deviations within is no noise (95 %)."""

NOTHING = 1e-12
"""Share that rounding leaves of what is truly nothing."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Repeatability:
    """The error of one measurement, from repeated ones.

    Attributes
    ----------
    sd_within, sd_ci : float and tuple of float
        Standard deviation within a subject, in the unit of the measure, with its interval.
    smallest_detectable_change : float
        1.96 x sqrt(2) x `sd_within`.
    cv_percent, cv_ci_percent : float and tuple of float, or None
        Coefficient of variation within a subject, by logarithms; None where a value is not
        positive, since it has no logarithm.
    n_subjects, df : int
        Subjects with at least two measurements, and measurements less subjects.
    """

    sd_within: float
    sd_ci: tuple[float, float]
    smallest_detectable_change: float
    cv_percent: float | None
    cv_ci_percent: tuple[float, float] | None
    n_subjects: int
    df: int


def icc(ratings: ArrayLike, confidence: float = CONFIDENCE) -> dict[str, dict[str, float]]:
    """Return the six intraclass correlations of a complete table.

    Parameters
    ----------
    ratings : array of float, shape (subjects, raters)
        At least two of each.
    confidence : float
        Of the intervals.

    Returns
    -------
    dict
        ``ICC1`` (each subject has raters of its own), ``ICC2`` (random raters, agreement), ``ICC3``
        (these raters, consistency), and ``ICC1k``, ``ICC2k``, ``ICC3k`` of the mean of all raters;
        each with ``value``, ``ci_low`` and ``ci_high``; where the data set no lower limit to
        ``ICC2`` or ``ICC2k``, it is minus infinity.

    Raises
    ------
    NotEstimableError
        If a value is missing or not finite, there are too few, or subjects or raters do not differ
        in a way that leaves an error to compare with.
    ValueError
        If the confidence does not lie between 0 and 1.
    """
    _require_share(confidence)
    table = _table(ratings)
    n, k = table.shape
    squares = _MeanSquares.of(table)
    if squares.within <= 0 or squares.error <= 0 or squares.subjects <= 0:
        raise NotEstimableError(
            "The intraclass correlation needs subjects that differ and ratings that disagree; "
            "here one of both has no variance."
        )
    found = {
        **_of_own_raters(squares, n, k, confidence),
        **_of_random_raters(squares, n, k, confidence),
        **_of_these_raters(squares, n, k, confidence),
    }
    return {
        name: {"value": value, "ci_low": low, "ci_high": high}
        for name, (value, low, high) in found.items()
    }


@dataclass(frozen=True, slots=True)
class _MeanSquares:
    """Of the two-way layout without repeats; `within` is raters and error together."""

    subjects: float
    within: float
    raters: float
    error: float

    @classmethod
    def of(cls, table: Array) -> "_MeanSquares":
        n, k = table.shape
        grand = table.mean()
        by_subject, by_rater = table.mean(axis=1), table.mean(axis=0)
        ss_subjects = k * float(((by_subject - grand) ** 2).sum())
        ss_raters = n * float(((by_rater - grand) ** 2).sum())
        left = table - by_subject[:, None] - by_rater[None, :] + grand
        ss_error = float((left**2).sum())
        nothing = NOTHING * float(((table - grand) ** 2).sum())
        ss_error = ss_error if ss_error > nothing else 0.0
        ss_within = ss_raters + ss_error
        return cls(
            subjects=ss_subjects / (n - 1) if ss_subjects > nothing else 0.0,
            within=ss_within / (n * (k - 1)) if ss_within > nothing else 0.0,
            raters=ss_raters / (k - 1),
            error=ss_error / ((n - 1) * (k - 1)),
        )


Estimate = tuple[float, float, float]


def _of_own_raters(ms: _MeanSquares, n: int, k: int, confidence: float) -> dict[str, Estimate]:
    value = (ms.subjects - ms.within) / (ms.subjects + (k - 1) * ms.within)
    low, high = _ratio_limits(ms.subjects / ms.within, n - 1, n * (k - 1), confidence)
    return {
        "ICC1": (value, (low - 1) / (low + k - 1), (high - 1) / (high + k - 1)),
        "ICC1k": (1 - ms.within / ms.subjects, 1 - 1 / low, 1 - 1 / high),
    }


def _of_these_raters(ms: _MeanSquares, n: int, k: int, confidence: float) -> dict[str, Estimate]:
    value = (ms.subjects - ms.error) / (ms.subjects + (k - 1) * ms.error)
    df = (n - 1) * (k - 1)
    low, high = _ratio_limits(ms.subjects / ms.error, n - 1, df, confidence)
    return {
        "ICC3": (value, (low - 1) / (low + k - 1), (high - 1) / (high + k - 1)),
        "ICC3k": (1 - ms.error / ms.subjects, 1 - 1 / low, 1 - 1 / high),
    }


def _of_random_raters(ms: _MeanSquares, n: int, k: int, confidence: float) -> dict[str, Estimate]:
    noise = ms.error + (ms.raters - ms.error) / n
    value = (ms.subjects - ms.error) / (ms.subjects - ms.error + k * noise)
    low, high = _agreement_limits(ms, n, k, confidence, value)

    def of_mean(single: float) -> float:
        left = 1 + single * (k - 1)
        return single * k / left if left > 0 else -inf

    mean = of_mean(value)
    if mean == -inf:
        raise NotEstimableError(
            "The intraclass correlation cannot be estimated: subjects differ less than what the "
            "ratings of one disagree by."
        )
    return {"ICC2": (value, low, high), "ICC2k": (mean, of_mean(low), of_mean(high))}


def _ratio_limits(ratio: float, df1: int, df2: int, confidence: float) -> tuple[float, float]:
    """Return the interval of a ratio of variances whose estimate is `ratio`."""
    upper = (1 + confidence) / 2
    low = ratio / float(stats.f.ppf(upper, df1, df2))
    high = ratio * float(stats.f.ppf(upper, df2, df1))
    return low, high


def _agreement_limits(
    ms: _MeanSquares, n: int, k: int, confidence: float, value: float
) -> tuple[float, float]:
    """Return the interval of ICC2 with Satterthwaite's degrees of freedom (Shrout 1979)."""
    upper = (1 + confidence) / 2
    ratio = ms.raters / ms.error
    rest = n * (1 + (k - 1) * value) - k * value
    top = (n - 1) * (k - 1) * (k * value * ratio + rest) ** 2
    bottom = (n - 1) * k**2 * value**2 * ratio**2 + rest**2
    if top <= NOTHING * bottom:
        return -inf, 1.0
    df = top / bottom
    against = k * ms.raters + (k * n - k - n) * ms.error
    one, other = (float(stats.f.ppf(upper, *pair)) for pair in ((n - 1, df), (df, n - 1)))
    low = n * (ms.subjects - one * ms.error) / (one * against + n * ms.subjects)
    high = n * (other * ms.subjects - ms.error) / (against + n * other * ms.subjects)
    # With next to no degrees of freedom the quantiles are none, and the data bound nothing.
    return (low, high) if isfinite(low) and isfinite(high) else (-inf, 1.0)


def _require_share(confidence: float) -> None:
    if not 0 < confidence < 1:
        raise ValueError(f"The confidence must lie between 0 and 1, got {confidence}.")


def _table(ratings: ArrayLike) -> Array:
    table = np.asarray(ratings, dtype=float)
    if table.ndim != 2 or min(table.shape) < 2:
        raise NotEstimableError(
            "A table of at least two subjects (rows) and two raters (columns) is needed, "
            f"got shape {table.shape}."
        )
    if not np.isfinite(table).all():
        raise NotEstimableError(
            "Every subject needs a number of every rater; leave incomplete subjects out."
        )
    return table


def smallest_detectable_change(pairs: ArrayLike) -> float:
    """Return the change of one subject that is beyond noise at 95 %, in the unit of the input.

    Parameters
    ----------
    pairs : array of float, shape (n, 2)
        Two measurements of each subject between which nothing has changed.

    Raises
    ------
    NotEstimableError
        If there is no pair, or a value is not finite.
    """
    table = np.asarray(pairs, dtype=float)
    if table.ndim != 2 or table.shape[1] != 2 or not len(table):
        raise NotEstimableError(f"Pairs of measurements are needed, got shape {table.shape}.")
    if not np.isfinite(table).all():
        raise NotEstimableError("Both measurements of a pair must be numbers.")
    refuse_extremes(table)
    difference = table[:, 0] - table[:, 1]
    return DETECTABLE * sqrt(float((difference**2).sum()) / (2 * len(table)))


def repeatability(
    series: Sequence[Sequence[float]], confidence: float = CONFIDENCE
) -> Repeatability:
    """Return the error of one measurement from subjects that were measured repeatedly.

    Parameters
    ----------
    series : sequence of sequences of float
        The measurements of each subject between which nothing has changed; those of a single one
        are left out.
    confidence : float
        Of the intervals, which suppose normal errors.

    Raises
    ------
    NotEstimableError
        If no subject has two measurements, or a value is not finite.
    ValueError
        If the confidence does not lie between 0 and 1.
    """
    _require_share(confidence)
    groups = [np.asarray(values, dtype=float) for values in series]
    groups = [values for values in groups if values.size > 1]
    if not groups:
        raise NotEstimableError("No subject was measured twice.")
    if not all(np.isfinite(values).all() for values in groups):
        raise NotEstimableError("Every measurement must be a number.")
    refuse_extremes(np.concatenate(groups))
    df = sum(values.size - 1 for values in groups)
    sd, ci = _sd_within(groups, df, confidence)
    cv, cv_ci = None, None
    if all((values > 0).all() for values in groups):
        log_sd, (low, high) = _sd_within([np.log(values) for values in groups], df, confidence)
        if high > log(float_info.max / 100):
            raise NotEstimableError(
                f"A standard deviation of {log_sd:.3g} is none of logarithms of one measure."
            )
        cv, cv_ci = 100 * expm1(log_sd), (100 * expm1(low), 100 * expm1(high))
    return Repeatability(sd, ci, DETECTABLE * sd, cv, cv_ci, len(groups), df)


def _sd_within(
    groups: Sequence[Array], df: int, confidence: float
) -> tuple[float, tuple[float, float]]:
    total = float(sum(((values - values.mean()) ** 2).sum() for values in groups))
    tail = (1 - confidence) / 2
    low, high = (total / float(stats.chi2.ppf(q, df)) for q in (1 - tail, tail))
    return sqrt(total / df), (sqrt(low), sqrt(high))
