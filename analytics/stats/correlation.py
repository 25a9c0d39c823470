"""Correlation of two measures when patients come more than once."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import atanh, sqrt, tanh

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from analytics.stats.errors import NotEstimableError

Array = NDArray[np.float64]
CHUNK = 250
"""Resamples computed at once: enough to vectorise, few enough to stay small."""
SMALLEST_N = 3


@dataclass(frozen=True, slots=True)
class Spearman:
    """Rank correlation with its interval.

    Attributes
    ----------
    rho, p_value : float
        The p-value treats rows as independent and is secondary where patients repeat.
    ci_low, ci_high : float
        95 %: percentile of the patient-cluster bootstrap with `subjects`, else Bonett-Wright.
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
    subjects: Sequence[Hashable] | None = None,
    n_resamples: int = 2000,
    seed: int = 0,
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

    Raises
    ------
    NotEstimableError
        If a value is not finite, there are fewer than three rows or, with `subjects`, fewer
        than three patients, or a measure is constant.
    """
    first, second = _paired(x, y)
    rho, p_value = (float(value) for value in stats.spearmanr(first, second))
    if subjects is None:
        low, high = bonett_wright(rho, first.size)
        return Spearman(rho, p_value, low, high, first.size, first.size)
    clusters, count = _codes(subjects, first.size)
    resampled = _bootstrap(first, second, clusters, count, n_resamples, seed)
    low, high = (float(v) for v in np.percentile(resampled, [2.5, 97.5]))
    return Spearman(rho, p_value, low, high, first.size, count)


def kendall_tau_b(x: ArrayLike, y: ArrayLike) -> float:
    """Return Kendall's tau-b, which allows for ties.

    Raises
    ------
    NotEstimableError
        As `spearman`.
    """
    first, second = _paired(x, y)
    return float(stats.kendalltau(first, second, variant="b").statistic)


def bonett_wright(rho: float, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return an interval of Spearman's rho for independent rows (Bonett and Wright 2000).

    Raises
    ------
    NotEstimableError
        If there are fewer than four rows or the correlation is perfect.
    """
    if n < SMALLEST_N + 1 or not -1 < rho < 1:
        raise NotEstimableError(f"No interval exists for rho {rho:.3g} of {n} pairs.")
    half = float(stats.norm.ppf(0.5 + confidence / 2)) * sqrt((1 + rho**2 / 2) / (n - 3))
    return tanh(atanh(rho) - half), tanh(atanh(rho) + half)


def repeated_measures(subjects: Sequence[Hashable], x: ArrayLike, y: ArrayLike) -> RepeatedMeasures:
    """Return the correlation within patients, with a common slope (rmcorr).

    Patients with one row add nothing and are left out.

    Raises
    ------
    NotEstimableError
        If too few patients have two rows, or a measure does not vary within any patient.
    """
    first, second = _paired(x, y)
    clusters, _ = _codes(subjects, first.size)
    kept = np.bincount(clusters)[clusters] > 1
    first, second, clusters = first[kept], second[kept], clusters[kept]
    count = np.unique(clusters).size
    df = first.size - count - 1
    if df < 2:
        raise NotEstimableError("Too few patients have two or more visits.")
    within_x, within_y = (_within(values, clusters) for values in (first, second))
    ss_x, ss_y = float(within_x @ within_x), float(within_y @ within_y)
    if ss_x <= 0 or ss_y <= 0:
        raise NotEstimableError("A measure does not vary within any patient.")
    r = float(within_x @ within_y) / sqrt(ss_x * ss_y)
    r = min(max(r, -1.0), 1.0)
    if abs(r) == 1.0:
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


def _paired(x: ArrayLike, y: ArrayLike) -> tuple[Array, Array]:
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


def _codes(subjects: Sequence[Hashable], n: int) -> tuple[NDArray[np.intp], int]:
    if len(subjects) != n:
        raise ValueError(f"Expected {n} subjects, got {len(subjects)}.")
    known: dict[Hashable, int] = {}
    codes = np.array([known.setdefault(subject, len(known)) for subject in subjects], np.intp)
    if len(known) < SMALLEST_N:
        raise NotEstimableError(f"At least {SMALLEST_N} patients are needed, got {len(known)}.")
    return codes, len(known)


def _bootstrap(
    x: Array, y: Array, clusters: NDArray[np.intp], count: int, n_resamples: int, seed: int
) -> Array:
    """Return rho of each resample of whole patients, without sorting any of them again.

    A resample is a vector of weights: how often a row's patient was drawn. Its mid-ranks
    follow from sums of the weights in the order of the original values.
    """
    rng = np.random.default_rng(seed)
    ranks_x, ranks_y = _TieGroups.of(x), _TieGroups.of(y)
    found: list[Array] = []
    for start in range(0, n_resamples, CHUNK):
        size = min(CHUNK, n_resamples - start)
        drawn = rng.integers(0, count, size=(size, count))
        per_patient = np.zeros((size, count))
        np.add.at(per_patient, (np.arange(size)[:, None], drawn), 1)
        weights = per_patient[:, clusters]
        middle = (weights.sum(axis=1, keepdims=True) + 1) / 2
        a = ranks_x.mid_ranks(weights) - middle
        b = ranks_y.mid_ranks(weights) - middle
        variance = (weights * a * a).sum(axis=1) * (weights * b * b).sum(axis=1)
        defined = variance > 1e-12
        covariance = (weights * a * b).sum(axis=1)
        found.append(covariance[defined] / np.sqrt(variance[defined]))
    rhos = np.concatenate(found)
    if rhos.size < 0.5 * n_resamples:
        raise NotEstimableError("Most resamples have a constant measure; no interval exists.")
    return rhos


@dataclass(frozen=True, slots=True)
class _TieGroups:
    order: NDArray[np.intp]
    first: NDArray[np.intp]
    last: NDArray[np.intp]

    @classmethod
    def of(cls, values: Array) -> "_TieGroups":
        order = np.argsort(values, kind="stable")
        ordered = values[order]
        return cls(
            order,
            np.searchsorted(ordered, values, side="left"),
            np.searchsorted(ordered, values, side="right"),
        )

    def mid_ranks(self, weights: Array) -> Array:
        sums = np.zeros((weights.shape[0], weights.shape[1] + 1))
        np.cumsum(weights[:, self.order], axis=1, out=sums[:, 1:])
        low, high = sums[:, self.first], sums[:, self.last]
        ranks: Array = low + (high - low + 1) / 2
        return ranks
