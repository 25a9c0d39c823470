"""Whether two methods differ more where there is more: slope of the difference, and ratios."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import expm1, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from analytics.stats.agreement import Interval, bland_altman
from analytics.stats.errors import NotEstimableError
from analytics.stats.resampling import patient_codes

Array = NDArray[np.float64]
NOTHING = 1e-10
"""Share that rounding leaves of what is truly nothing."""


@dataclass(frozen=True, slots=True)
class ProportionalBias:
    """The straight line of the difference on the mean of two methods.

    Attributes
    ----------
    slope, intercept : float
        Unit of difference per unit of mean, and the difference where the mean is zero.
    standard_error, df, p_value : float
        Of the slope, robust to what the pairs of a patient share; two-sided.
    ci_low, ci_high : float
        Of the slope.
    n, n_subjects : int
        Pairs and patients.
    """

    slope: float
    intercept: float
    standard_error: float
    df: float
    p_value: float
    ci_low: float
    ci_high: float
    n: int
    n_subjects: int


@dataclass(frozen=True, slots=True)
class RatioAgreement:
    """Bias and limits of agreement of a ratio, in percent of the second method.

    Attributes
    ----------
    bias, lower_limit, upper_limit : float
        By how many percent the first method lies above the second: on (geometric) average, and at
        either limit.
    bias_ci, lower_ci, upper_ci : tuple of float
        Their intervals.
    n, n_subjects : int
        Pairs and patients.
    """

    bias: float
    lower_limit: float
    upper_limit: float
    bias_ci: Interval
    lower_ci: Interval
    upper_ci: Interval
    n: int
    n_subjects: int


def log_ratio_bland_altman(
    first: ArrayLike,
    second: ArrayLike,
    subjects: Sequence[Hashable] | None = None,
    confidence: float = 0.95,
) -> RatioAgreement:
    """Return agreement as a ratio, for methods whose differences grow with what they measure.

    The logarithm of each ratio goes through `agreement.bland_altman`, repeated and unequal pairs of
    a patient included; the results come back as percentages (Bland and Altman 1999, Stat Methods
    Med Res 8:135, section 3.1).

    Parameters
    ----------
    first, second : array_like of float, shape (n,)
        Both methods' values, above zero.
    subjects : sequence of hashable, length n, optional
        The patient of each pair.
    confidence : float
        Of the intervals.

    Raises
    ------
    NotEstimableError
        If a value is zero or below, and as `agreement.bland_altman`.
    ValueError
        As `agreement.bland_altman`.
    """
    one, other = _both(first, second)
    without = int(((one <= 0) | (other <= 0)).sum())
    if without:
        raise NotEstimableError(
            f"A ratio needs values above 0 by both methods; {without} of {one.size} pairs have one "
            "that is not. Use the differences, or leave these pairs out and say so."
        )
    found = bland_altman(np.log(one / other), subjects, confidence)
    return RatioAgreement(
        bias=_percent(found.bias),
        lower_limit=_percent(found.lower_limit),
        upper_limit=_percent(found.upper_limit),
        bias_ci=_percents(found.bias_ci),
        lower_ci=_percents(found.lower_ci),
        upper_ci=_percents(found.upper_ci),
        n=found.n,
        n_subjects=found.n_subjects,
    )


def proportional_bias(
    first: ArrayLike,
    second: ArrayLike,
    subjects: Sequence[Hashable] | None = None,
    confidence: float = 0.95,
) -> ProportionalBias:
    """Return by how much the difference of two methods changes with their mean.

    The line is that of least squares. Its standard error is robust to anything the pairs of a
    patient share, with the correction for few patients and the degrees of freedom of Bell and
    McCaffrey (2002, Surv Methodol 28:169, "CR2"). A random intercept would need the patients'
    deviations to be normal and unrelated to how large their loads are; where they are related, its
    slope is wrong, and with a dozen patients nobody can tell. The robust error supposes neither.
    With one pair a patient it is the error HC2 of MacKinnon and White (1985).

    A slope is no proof of a bias: it is 0 where both methods vary equally, so that a noisier method
    alone has one (Bland and Altman 1995, Lancet 346:1085).

    Parameters
    ----------
    first, second : array_like of float, shape (n,)
        Both methods' values; the difference is the first less the second.
    subjects : sequence of hashable, length n, optional
        The patient of each pair.
    confidence : float
        Of the interval.

    Raises
    ------
    NotEstimableError
        If a value is not finite, there are fewer than three pairs or patients, all means are equal,
        a patient alone decides the slope, or all differences lie on a line.
    ValueError
        If the lengths differ, or the confidence is not between 0 and 1.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"The confidence must lie between 0 and 1, got {confidence}.")
    one, other = _both(first, second)
    codes, count = patient_codes(range(one.size) if subjects is None else subjects, one.size)
    difference, mean = one - other, (one + other) / 2
    centred = mean - mean.mean()
    squares = float(centred @ centred)
    if squares <= NOTHING**2 * float(mean @ mean):
        raise NotEstimableError("All means of the two methods are equal; there is no slope.")
    slope = float(centred @ difference) / squares
    left = difference - difference.mean() - slope * centred
    if float(left @ left) <= NOTHING**2 * float(difference @ difference):
        raise NotEstimableError("All differences lie on a line; its slope has no interval.")
    influence = _influence(centred, squares, codes)
    pull = np.bincount(codes, influence * left, count)
    standard_error = sqrt(float((pull**2).sum()))
    df = _degrees_of_freedom(influence, centred, squares, codes)
    t = slope / standard_error
    half = float(stats.t.ppf(0.5 + confidence / 2, df)) * standard_error
    return ProportionalBias(
        slope=slope,
        intercept=float(difference.mean() - slope * mean.mean()),
        standard_error=standard_error,
        df=df,
        p_value=float(2 * stats.t.sf(abs(t), df)),
        ci_low=slope - half,
        ci_high=slope + half,
        n=one.size,
        n_subjects=count,
    )


def _influence(centred: Array, squares: float, codes: NDArray[np.intp]) -> Array:
    """Return what each residual adds to the slope, corrected.

    The correction is (I - H)^(-1/2) of the rows of its patient, H being the matrix that makes
    fitted values of differences.
    """
    influence = np.zeros(centred.size)
    order = np.argsort(codes, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(codes[order])) + 1):
        x = centred[rows]
        remaining = np.eye(rows.size) - 1 / centred.size - np.outer(x, x) / squares
        values, vectors = np.linalg.eigh(remaining)
        if values.min() < NOTHING:
            raise NotEstimableError("A patient alone decides the slope; it has no interval.")
        influence[rows] = (vectors / np.sqrt(values)) @ (vectors.T @ x) / squares
    return influence


def _degrees_of_freedom(
    influence: Array, centred: Array, squares: float, codes: NDArray[np.intp]
) -> float:
    """Return Satterthwaite's, as if the differences of all pairs were independent and alike.

    With a column for each patient that holds the influence of his rows, A, and M = I - H, the
    products are A'MA. No row is of two patients, so A'A is diagonal, and what H takes from it are
    two outer products: trace and squares follow from sums by patient, without a matrix of patients.
    """
    own = np.bincount(codes, influence**2)
    of_level = np.bincount(codes, influence) / np.sqrt(centred.size)
    of_slope = np.bincount(codes, influence * centred) / np.sqrt(squares)
    level, slope = float(of_level @ of_level), float(of_slope @ of_slope)
    trace = float(own.sum()) - level - slope
    cross = float(own @ (of_level**2 + of_slope**2))
    both = float(of_level @ of_slope)
    return trace**2 / (float(own @ own) - 2 * cross + level**2 + slope**2 + 2 * both**2)


def _both(first: ArrayLike, second: ArrayLike) -> tuple[Array, Array]:
    one, other = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if one.ndim != 1 or one.shape != other.shape:
        raise ValueError(f"Expected two rows of equal length, got {one.shape}, {other.shape}.")
    if not (np.isfinite(one).all() and np.isfinite(other).all()):
        raise NotEstimableError("A value is not a finite number; leave missing pairs out.")
    return one, other


def _percent(log_ratio: float) -> float:
    return 100 * expm1(log_ratio)


def _percents(interval: Interval) -> Interval:
    return _percent(interval[0]), _percent(interval[1])
