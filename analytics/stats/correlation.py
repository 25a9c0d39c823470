"""Correlation of two measures when patients come more than once."""

from dataclasses import dataclass
from math import atanh, sqrt, tanh

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from analytics.stats.bootstrap import EXPANDED, PERCENTILE, SAME, cluster_interval
from analytics.stats.dependent import compare_dependent
from analytics.stats.errors import NotEstimableError
from analytics.stats.magnitudes import refuse_extremes
from analytics.stats.resampling import (
    SMALLEST_N,
    Subjects,
    TieGroups,
    patient_codes,
    spearman_of_weights,
)

Array = NDArray[np.float64]
__all__ = [
    "RepeatedMeasures",
    "Spearman",
    "bonett_wright",
    "compare_dependent",
    "kendall_tau_b",
    "needs_no_subjects",
    "paired",
    "repeated_measures",
    "spearman",
    "spearman_difference",
    "spearman_p",
    "spearman_rho",
]


@dataclass(frozen=True, slots=True)
class Spearman:
    """Rank correlation with its interval.

    Attributes
    ----------
    rho, p_value : float
        The p-value treats rows as independent and is secondary where patients repeat.
    ci_low, ci_high : float
        95 %: of the patient-cluster bootstrap with `subjects`, else Bonett-Wright.
    n, n_subjects : int
        Rows and patients.
    """

    rho: float
    p_value: float
    ci_low: float
    ci_high: float
    n: int
    n_subjects: int


@dataclass(frozen=True, slots=True)
class RepeatedMeasures:
    """Within-patient correlation (Bakdash and Marusich 2017)."""

    r: float
    df: int
    p_value: float
    ci_low: float
    ci_high: float


def spearman(
    x: ArrayLike,
    y: ArrayLike,
    subjects: Subjects | None = None,
    n_resamples: int = 2000,
    seed: int = 0,
    interval: str = PERCENTILE,
) -> Spearman:
    """Return Spearman's rank correlation, with an interval that knows of repeated patients.

    Parameters
    ----------
    x, y : array_like of float, shape (n,)
        Paired measures.
    subjects : sequence of hashable, length n, optional
        The patient of each row; whole patients are resampled.
    n_resamples, seed : int
        Of the bootstrap.
    interval : str
        ``percentile`` or ``bca`` of the bootstrap; without `subjects` there is none.

    Raises
    ------
    NotEstimableError
        If a value is not finite, a measure is constant, or there is no interval: of fewer than
        four rows, or a perfect correlation; with `subjects`, of fewer than three patients, or
        where nearly all resamples agree.
    """
    first, second = paired(x, y)
    rho, p_value = (float(value) for value in stats.spearmanr(first, second))
    if subjects is None:
        needs_no_subjects(interval)
        low, high = bonett_wright(rho, first.size)
        return Spearman(rho, p_value, low, high, first.size, first.size)
    clusters, count = patient_codes(subjects, first.size)
    ranks = TieGroups.of(first), TieGroups.of(second)
    low, high = cluster_interval(
        lambda weights: spearman_of_weights(*ranks, weights),
        clusters, count, n_resamples=n_resamples, seed=seed, interval=interval,
    )  # fmt: skip
    return Spearman(rho, p_value, low, high, first.size, count)


def spearman_rho(x: ArrayLike, y: ArrayLike) -> float:
    """Return Spearman's rank correlation alone.

    Raises
    ------
    NotEstimableError
        As `spearman`, but for the patients.
    """
    ranks = [stats.rankdata(values) for values in paired(x, y)]
    # As scipy's `spearmanr`, which computes a p-value besides.
    return float(np.corrcoef(np.column_stack(ranks), rowvar=False)[1, 0])


def spearman_p(x: ArrayLike, y: ArrayLike) -> float:
    """Return the two-sided p of Spearman's rank correlation, with rows taken as independent.

    Raises
    ------
    NotEstimableError
        As `spearman`, but for the patients.
    """
    return float(stats.spearmanr(*paired(x, y)).pvalue)


@dataclass(frozen=True, slots=True)
class Difference:
    """How much better one of two measures goes with a third, by rank.

    Attributes
    ----------
    first_rho, second_rho, difference : float
        ``difference`` is the first less the second.
    ci_low, ci_high : float
        95 %, of the patient-cluster bootstrap of the difference.
    n, n_subjects : int
        Rows that have all three, and patients.
    """

    first_rho: float
    second_rho: float
    difference: float
    ci_low: float
    ci_high: float
    n: int
    n_subjects: int


def spearman_difference(
    criterion: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    subjects: Subjects,
    n_resamples: int = 2000,
    seed: int = 0,
    interval: str = EXPANDED,
) -> Difference:
    """Return the difference of two dependent rank correlations, resampling whole patients.

    Both correlations of a resample are of the same patients, so that what the two methods share
    cancels. The tests of `compare_dependent` take rows as independent and are secondary. Of 2,000
    simulated trials of 20 and of 49 patients the percentile interval held the truth in 93.3 and
    93.0 %, so that the expanded one is the default: it held it in 95.1 and 93.7 %.

    Parameters
    ----------
    criterion, first, second : array_like of float, shape (n,)
        The common variable, and the two whose correlations with it are compared.
    subjects : sequence of hashable, length n
        The patient of each row.
    interval : str
        ``expanded``, ``percentile`` or ``bca`` of the bootstrap.

    Raises
    ------
    NotEstimableError
        As `spearman`.
    """
    common, one = paired(criterion, first)
    _, other = paired(criterion, second)
    clusters, count = patient_codes(subjects, common.size)
    ranks = [TieGroups.of(values) for values in (common, one, other)]

    def difference(weights: Array) -> Array:
        better = spearman_of_weights(ranks[0], ranks[1], weights)
        return better - spearman_of_weights(ranks[0], ranks[2], weights)

    low, high = cluster_interval(
        difference, clusters, count, n_resamples=n_resamples, seed=seed, interval=interval
    )
    rhos = [float(stats.spearmanr(common, values).statistic) for values in (one, other)]
    return Difference(rhos[0], rhos[1], rhos[0] - rhos[1], low, high, common.size, count)


def needs_no_subjects(interval: str) -> None:
    """Refuse an interval of resampled patients where no patients are named.

    Raises
    ------
    ValueError
        If another interval than the default is asked for.
    """
    if interval != PERCENTILE:
        raise ValueError("A bootstrap of patients needs the patient of each row.")


def kendall_tau_b(x: ArrayLike, y: ArrayLike) -> float:
    """Return Kendall's tau-b, which allows for ties.

    Raises
    ------
    NotEstimableError
        As `spearman`.
    """
    first, second = paired(x, y)
    return float(stats.kendalltau(first, second, variant="b").statistic)


def bonett_wright(rho: float, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return an interval of Spearman's rho for independent rows (Bonett and Wright 2000).

    Raises
    ------
    NotEstimableError
        If there are fewer than four rows or the correlation is perfect.
    """
    if n < SMALLEST_N + 1 or not 1 - abs(rho) > SAME:
        raise NotEstimableError(f"No interval exists for rho {rho:.3g} of {n} pairs.")
    half = float(stats.norm.ppf(0.5 + confidence / 2)) * sqrt((1 + rho**2 / 2) / (n - 3))
    return tanh(atanh(rho) - half), tanh(atanh(rho) + half)


def repeated_measures(subjects: Subjects, x: ArrayLike, y: ArrayLike) -> RepeatedMeasures:
    """Return the correlation within patients, with a common slope (rmcorr).

    Patients with one row add nothing and are left out.

    Raises
    ------
    NotEstimableError
        If too few patients have two rows, or a measure does not vary within any patient.
    """
    first, second = paired(x, y)
    refuse_extremes(first, second)
    clusters, _ = patient_codes(subjects, first.size)
    kept = np.bincount(clusters)[clusters] > 1
    first, second, clusters = first[kept], second[kept], clusters[kept]
    count = np.unique(clusters).size
    df = first.size - count - 1
    if count < SMALLEST_N or df < 2:
        raise NotEstimableError("Too few patients have two or more visits.")
    within_x, within_y = (_within(values, clusters) for values in (first, second))
    ss_x, ss_y = float(within_x @ within_x), float(within_y @ within_y)
    # Equal values less their mean leave rounding, which is no variation.
    if ss_x <= SAME**2 * float(first @ first) or ss_y <= SAME**2 * float(second @ second):
        raise NotEstimableError("A measure does not vary within any patient.")
    r = float(within_x @ within_y) / sqrt(ss_x * ss_y)
    r = min(max(r, -1.0), 1.0)
    if 1 - abs(r) <= SAME:
        raise NotEstimableError("The correlation is perfect; no interval exists.")
    t = r * sqrt(df / (1 - r**2))
    half = float(stats.norm.ppf(0.975)) / sqrt(df - 1)
    return RepeatedMeasures(
        r, df, float(2 * stats.t.sf(abs(t), df)), tanh(atanh(r) - half), tanh(atanh(r) + half)
    )


def _within(values: Array, clusters: NDArray[np.intp]) -> Array:
    codes = np.unique(clusters, return_inverse=True)[1]
    means = np.bincount(codes, weights=values) / np.bincount(codes)
    centred: Array = values - means[codes]
    return centred


def paired(x: ArrayLike, y: ArrayLike) -> tuple[Array, Array]:
    """Return two measures that a correlation exists of.

    Raises
    ------
    NotEstimableError
        If a value is not finite, there are fewer than three pairs, or a measure is constant.
    ValueError
        If the two are no rows of equal length.
    """
    first, second = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if first.ndim != 1 or first.shape != second.shape:
        raise ValueError(f"Expected two rows of equal length, got {first.shape}, {second.shape}.")
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise NotEstimableError("A value is not a finite number; leave missing values out.")
    if first.size < SMALLEST_N:
        raise NotEstimableError(f"At least {SMALLEST_N} pairs are needed, got {first.size}.")
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        raise NotEstimableError("All values of a measure are equal.")
    return first, second
