"""Whether a measure rises with time: rank tests, a robust slope, and what is left of falls.

Mann 1945, Econometrica 13:245; Kendall 1975, Rank Correlation Methods; Hirsch, Slack and Smith
1982, Water Resour Res 18:107 (strata); Sen 1968, J Am Stat Assoc 63:1379; Page 1963, J Am Stat
Assoc 58:216.

A handful of scans has few orders, and no test on them can give a smaller p-value than one order in
all of them: 1/6 for three scans (one-sided), 1/24 for four, 1/120 for five. The normal
approximation does not know this, so that no p-value here is let below the smallest possible one.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, lgamma, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, stats

from analytics.stats.errors import NotEstimableError
from analytics.stats.magnitudes import LARGEST, refuse_extremes

Array = NDArray[np.float64]
FEWEST_FOR_A_TEST = 4
"""Of one patient's scans: three in order have a one-sided p-value of 1/6 at best."""
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class MannKendall:
    """Mann and Kendall's test of a trend.

    Attributes
    ----------
    s : int
        Pairs that rise less pairs that fall.
    var_s : float
        Variance of `s` where there is no trend, tied values allowed for.
    z : float
        `s`, one nearer to zero (continuity), over the root of `var_s`.
    p_value : float
        Two-sided, of `z`, and never below the smallest that the number of orders allows.
    n : int
        Values that could be compared with another one.
    """

    s: int
    var_s: float
    z: float
    p_value: float
    n: int


@dataclass(frozen=True, slots=True)
class TheilSen:
    """Median of the slopes between all pairs, Sen's 95 % interval, and the line of that slope.

    The limits are None where the values are too few, or too many of them equal, for any interval of
    95 %: with four of them even the steepest rise has a two-sided p-value of 1/12.

    Attributes
    ----------
    intercept : float
        Of the line at time 0: the median of what the slope leaves, so that as many values lie above
        the line as below it. The interval is of the slope alone; the line has none (decision 0058).
    """

    slope: float
    ci_low: float | None
    ci_high: float | None
    intercept: float

    def at(self, time: float) -> float:
        """Return the value of the line at a time."""
        return self.intercept + self.slope * time


@dataclass(frozen=True, slots=True)
class Page:
    """Page's test that later visits rank higher; the p-value is one-sided."""

    l: float  # noqa: E741 - the name that the statistic has
    z: float
    p_value: float


def mann_kendall(values: ArrayLike) -> MannKendall:
    """Return the test of a trend in one series.

    Parameters
    ----------
    values : array_like of float, shape (n,)
        In order of time.

    Raises
    ------
    NotEstimableError
        If a value is not finite, all are equal, or there are fewer than four: such patients are
        tested together, by `stratified_mann_kendall`.
    """
    series = _series(values)
    if series.size < FEWEST_FOR_A_TEST:
        raise NotEstimableError(
            f"A trend needs {FEWEST_FOR_A_TEST} values of one series, found {series.size}; test"
            " several short series together, as strata."
        )
    return _pooled([series[None, :]])


def stratified_mann_kendall(list_of_values: Sequence[ArrayLike]) -> MannKendall:
    """Return the test of a trend that many series have in common; only within series is compared.

    Parameters
    ----------
    list_of_values : sequence of array_like of float
        One series per patient, each in order of time. A series of one value says nothing and
        counts in nothing.

    Returns
    -------
    MannKendall
        Sums of `s` and `var_s` over the series.

    Raises
    ------
    NotEstimableError
        If a value is not finite, no series changes, or all that can be compared is fewer than four
        values.
    """
    strata = [series for series in map(_series, list_of_values) if series.size > 1]
    return mann_kendall_of_tables(_by_size(strata))


def mann_kendall_of_tables(tables: Sequence[Array]) -> MannKendall:
    """Return the stratified test of series that are sorted by their length.

    Parameters
    ----------
    tables : sequence of ndarray, shape (series, length)
        Finite values, a row for each series, of two values or more.

    Raises
    ------
    NotEstimableError
        As `stratified_mann_kendall`.
    """
    found = sum(table.size for table in tables)
    if found < FEWEST_FOR_A_TEST:
        raise NotEstimableError(
            f"A trend needs {FEWEST_FOR_A_TEST} values in series of two or more, found {found}."
        )
    return _pooled(tables)


def theil_sen(times: ArrayLike, values: ArrayLike) -> TheilSen:
    """Return the median slope between pairs of different times.

    Parameters
    ----------
    times, values : array_like of float, shape (n,)
        In any order; equal times are allowed and not set against each other.

    Returns
    -------
    TheilSen
        In units of `values` per unit of `times`. The limits are the slopes whose ranks lie nearest
        to those of Sen's interval, as in ``scipy.stats.theilslopes``.

    Raises
    ------
    NotEstimableError
        If a number is not finite, there are fewer than three, or the times or values are constant.
    """
    when, what = _timed(times, values, fewest=3)
    first, second = np.triu_indices(when.size, 1)
    apart = when[first] != when[second]
    first, second = first[apart], second[apart]
    with np.errstate(over="ignore"):
        slopes = np.sort((what[second] - what[first]) / (when[second] - when[first]))
    if not (np.abs(slopes) <= LARGEST**2).all():
        raise NotEstimableError("Two times lie too near to each other for a slope between them.")
    slope = float(np.median(slopes))
    intercept = float(np.median(what - slope * when))
    if 2 / min(_orders(when), _orders(what)) > 1 - CONFIDENCE:
        return TheilSen(slope, None, None, intercept)
    variance = (_term(when.size) - _tie_term(when) - _tie_term(what)) / 18
    if variance <= 0:
        # Ties in both outweigh what Sen's variance allows for.
        return TheilSen(slope, None, None, intercept)
    half = stats.norm.isf((1 - CONFIDENCE) / 2) * sqrt(variance)
    low = max(round((slopes.size - half) / 2) - 1, 0)
    high = min(round((slopes.size + half) / 2), slopes.size - 1)
    return TheilSen(slope, float(slopes[low]), float(slopes[high]), intercept)


def page(matrix: ArrayLike) -> Page:
    """Return the test that values rise from visit to visit in patients who have every visit.

    Parameters
    ----------
    matrix : array_like of float, shape (subjects, visits)
        Visits in order; two patients and three visits at least. Equal values of a patient get their
        mean rank; the variance does not shrink for them, so that ties make the test cautious.

    Raises
    ------
    NotEstimableError
        If a value is not finite, there are too few patients or visits, or no patient changes.
    """
    rows = np.asarray(matrix, dtype=np.float64)
    if rows.ndim != 2 or rows.shape[0] < 2 or rows.shape[1] < 3:
        raise NotEstimableError(
            f"Page's test needs two patients with three visits each, got an array of {rows.shape}."
        )
    if not np.isfinite(rows).all():
        raise NotEstimableError("Page's test needs every visit of every patient.")
    if (rows == rows[:, :1]).all():
        raise NotEstimableError("No patient changes between visits.")
    n, k = rows.shape
    totals = stats.rankdata(rows, axis=1).sum(axis=0)
    found = float(np.arange(1, k + 1) @ totals)
    z = (found - n * k * (k + 1) ** 2 / 4) / sqrt(n * k**2 * (k + 1) ** 2 * (k - 1) / 144)
    smallest = exp(-sum(_log_orders(row) for row in rows))
    return Page(found, z, max(float(stats.norm.sf(z)), smallest))


def isotonic_residual(times: ArrayLike, values: ArrayLike) -> float:
    """Return the share of the variation that no rising course explains, from 0 to 1.

    It is 0 where no value falls and 1 where none rises. The rising course nearest to the values is
    found by pooling adjacent violators; scans of one time share one value of it.

    Raises
    ------
    NotEstimableError
        If a number is not finite, there are fewer than two, or the times or values are constant.
    """
    when, what = _timed(times, values, fewest=2)
    _, at = np.unique(when, return_inverse=True)
    counts = np.bincount(at).astype(np.float64)
    means = np.bincount(at, what - what.mean()) / counts
    fitted = optimize.isotonic_regression(means, weights=counts).x[at]
    centred = what - what.mean()
    left = float(((centred - fitted) ** 2).sum() / (centred**2).sum())
    return min(left, 1.0)


def isotonic_residuals(values: Array) -> Array:
    """Return `isotonic_residual` of each series whose times are all different.

    Parameters
    ----------
    values : ndarray of float, shape (series, length)
        Finite, a row for each series, in order of time.

    Returns
    -------
    ndarray of float, shape (series,)
        NaN where all values of a series are equal.
    """
    centred = values - values.mean(axis=1, keepdims=True)
    fitted = _isotonic(centred)
    with np.errstate(invalid="ignore", divide="ignore"):
        left = ((centred - fitted) ** 2).sum(axis=1) / (centred**2).sum(axis=1)
    found: Array = np.where(np.ptp(values, axis=1) == 0, np.nan, np.minimum(left, 1.0))
    return found


def _isotonic(values: Array) -> Array:
    """Return the rising rows nearest to some.

    At each place the highest, over all starts before it, of the lowest mean to any end behind it
    (Robertson, Wright and Dykstra 1988, Order Restricted Statistical Inference, 1.4).
    """
    n = values.shape[1]
    fitted = np.full_like(values, -np.inf)
    for start in range(n):
        means = np.cumsum(values[:, start:], axis=1) / np.arange(1, n - start + 1)
        # The lowest mean to an end at or behind each place.
        lowest = np.minimum.accumulate(means[:, ::-1], axis=1)[:, ::-1]
        fitted[:, start:] = np.maximum(fitted[:, start:], lowest)
    return fitted


def max_drawdowns(values: Array) -> Array:
    """Return `max_drawdown` of each row of finite values, shape (series,)."""
    found: Array = (np.maximum.accumulate(values, axis=1) - values).max(axis=1)
    return found


def max_drawdown(values: ArrayLike) -> float:
    """Return the largest fall from any value to a later one, in their unit; 0 if none falls.

    Parameters
    ----------
    values : array_like of float, shape (n,)
        In order of time.

    Raises
    ------
    NotEstimableError
        If a value is not finite or there are fewer than two.
    """
    series = _series(values)
    if series.size < 2:
        raise NotEstimableError(f"A fall needs two values, found {series.size}.")
    return float((np.maximum.accumulate(series) - series).max())


def _pooled(tables: Sequence[Array]) -> MannKendall:
    s = sum(_score(table) for table in tables)
    var_s = sum(_terms(table) for table in tables) / 18
    if not var_s > 0:
        raise NotEstimableError("All values of every series are equal, so no order can be tested.")
    z = (s - np.sign(s)) / sqrt(var_s)
    # Of all orders the steepest rise and the steepest fall are one each.
    smallest = 2 * exp(-sum(_log_orders_of(table) for table in tables))
    p_value = max(2 * float(stats.norm.sf(abs(z))), smallest)
    return MannKendall(s, var_s, float(z), min(p_value, 1.0), sum(table.size for table in tables))


def _by_size(strata: Sequence[Array]) -> list[Array]:
    """Return the series as tables of equal length, so that thousands are compared at once."""
    found: dict[int, list[Array]] = defaultdict(list)
    for series in strata:
        found[series.size].append(series)
    return [np.stack(alike) for alike in found.values()]


def _score(table: Array) -> int:
    first, second = np.triu_indices(table.shape[1], 1)
    return int(np.sign(table[:, second] - table[:, first]).sum())


def _tied(table: Array) -> Array:
    """Return the series in which a value comes twice."""
    ordered = np.sort(table, axis=1)
    found: Array = table[(ordered[:, 1:] == ordered[:, :-1]).any(axis=1)]
    return found


def _terms(table: Array) -> float:
    return len(table) * _term(table.shape[1]) - sum(map(_tie_term, _tied(table)))


def _log_orders_of(table: Array) -> float:
    tied = _tied(table)
    alone = lgamma(table.shape[1] + 1)
    return (len(table) - len(tied)) * alone + sum(map(_log_orders, tied))


def _term(n: int) -> float:
    return float(n * (n - 1) * (2 * n + 5))


def _tie_term(values: Array) -> float:
    return sum(_term(int(count)) for count in np.unique(values, return_counts=True)[1])


def _log_orders(values: Array) -> float:
    counts = np.unique(values, return_counts=True)[1]
    return lgamma(values.size + 1) - sum(lgamma(int(count) + 1) for count in counts)


def _orders(values: Array) -> float:
    """Return how many different orders the values have."""
    return exp(min(_log_orders(values), 700.0))


def _series(values: ArrayLike) -> Array:
    series = np.asarray(values, dtype=np.float64)
    if series.ndim != 1 or not np.isfinite(series).all():
        raise NotEstimableError("A series needs finite values; leave missing visits out.")
    return series


def _timed(times: ArrayLike, values: ArrayLike, *, fewest: int) -> tuple[Array, Array]:
    when, what = _series(times), _series(values)
    if when.size != what.size:
        raise ValueError(f"There are {when.size} times and {what.size} values; each needs both.")
    if when.size < fewest:
        raise NotEstimableError(f"This needs {fewest} values, found {when.size}.")
    refuse_extremes(when, what)
    if np.ptp(when) == 0 or np.ptp(what) == 0:
        raise NotEstimableError("All times or all values are equal.")
    return when, what
