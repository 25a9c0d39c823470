"""Rank correlations that take a third thing into account: covariates, or strata."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from analytics.stats.bootstrap import PERCENTILE, Statistic, cluster_interval
from analytics.stats.correlation import Spearman, bonett_wright, needs_no_subjects, paired
from analytics.stats.errors import NotEstimableError
from analytics.stats.resampling import (
    CONSTANT,
    Subjects,
    TieGroups,
    numbered,
    patient_codes,
    rank_sums,
)

Array = NDArray[np.float64]
UNEXPLAINED = 1e-10
"""Share of a variance of ranks that is nothing but rounding."""


@dataclass(frozen=True, slots=True)
class _Resampling:
    subjects: Subjects | None
    n_resamples: int
    seed: int
    interval: str


def partial_spearman(
    x: ArrayLike,
    y: ArrayLike,
    covariates: ArrayLike,
    subjects: Subjects | None = None,
    n_resamples: int = 2000,
    seed: int = 0,
    interval: str = PERCENTILE,
) -> Spearman:
    """Return the rank correlation of two measures with covariates held fixed.

    It is Pearson's partial correlation of mid-ranks: of what is left of the ranks of `x` and of `y`
    after a straight line in the ranks of the covariates (Conover 1999, Practical Nonparametric
    Statistics, section 5.4; Kim 2015, Commun Stat Appl Methods 22:665, R package ppcor).

    Parameters
    ----------
    x, y : array_like of float, shape (n,)
        Paired measures.
    covariates : array_like of float, shape (n,) or (n, k)
        What is held fixed, a column each.
    subjects : sequence of hashable, length n, optional
        The patient of each row; whole patients are resampled, ranks and lines anew each time.
        Without, the interval is that of Bonett and Wright with as many rows fewer as there are
        covariates.
    n_resamples, seed, interval
        As `correlation.spearman`.

    Raises
    ------
    NotEstimableError
        As `correlation.spearman`; if a covariate is constant, follows from the others or explains a
        measure wholly; or if there are no more than two rows beyond the covariates.
    ValueError
        If the lengths differ.
    """
    first, second = paired(x, y)
    columns = _covariates(covariates, first.size)
    groups = [TieGroups.of(values) for values in (first, second, *columns)]

    def statistic(weights: Array) -> Array:
        return _partial_of_weights(groups, weights)

    rho = float(statistic(np.ones((1, first.size)))[0])
    if np.isnan(rho):
        raise NotEstimableError("The covariates explain a measure wholly; nothing is left.")
    sampled = _Resampling(subjects, n_resamples, seed, interval)
    return _estimate(rho, statistic, first.size, len(columns), sampled)


def stratified_spearman(
    x: ArrayLike,
    y: ArrayLike,
    strata: Subjects,
    subjects: Subjects | None = None,
    n_resamples: int = 2000,
    seed: int = 0,
    interval: str = PERCENTILE,
) -> Spearman:
    """Return the rank correlation within strata, pooled over them.

    Each measure is ranked within its stratum, and a rank r of n becomes (2 r - n - 1) / n, which is
    the share of the stratum below less the share above. The correlation of these scores over all
    strata is the answer: differences between strata cancel, and a stratum counts about by its
    rows. This is the covariate-adjusted rank correlation by probability-scale residuals of Liu, Li,
    Wanga and Shepherd 2018, Biometrics 74:595, with a category as the covariate; with one stratum
    it is Spearman's rho.

    Parameters
    ----------
    x, y : array_like of float, shape (n,)
        Paired measures.
    strata : sequence of hashable, length n
        The stratum of each row; rows that are alone in theirs add nothing and are left out.
    subjects : sequence of hashable, length n, optional
        The patient of each row; whole patients are resampled, and ranked anew each time. Without,
        the interval is that of Bonett and Wright with a row fewer for each stratum but the first.
    n_resamples, seed, interval
        As `correlation.spearman`.

    Raises
    ------
    NotEstimableError
        As `correlation.spearman`, or if no stratum has two rows, or a measure varies within none.
    ValueError
        If the lengths differ.
    """
    within = _WithinStrata.of(x, y, strata)
    if subjects is not None and len(subjects) != len(strata):
        raise ValueError(f"Expected {len(strata)} subjects, got {len(subjects)}.")
    rho, rows, statistic = within.rho(), within.rows, within.of_weights
    everybody = None if subjects is None else list(subjects)
    named = None if everybody is None else [everybody[row] for row in rows.tolist()]
    sampled = _Resampling(named, n_resamples, seed, interval)
    return _estimate(rho, statistic, rows.size, len(within.groups) - 1, sampled)


def stratified_rho(x: ArrayLike, y: ArrayLike, strata: Subjects) -> float:
    """Return the rank correlation within strata alone, as `stratified_spearman` has it.

    Raises
    ------
    NotEstimableError
        As `stratified_spearman`, but for the patients.
    """
    rho = _WithinStrata.of(x, y, strata).rho()
    return min(max(rho, -1.0), 1.0)


@dataclass(frozen=True, slots=True)
class _WithinStrata:
    """The rows that are not alone in their stratum, and the order of each stratum's values."""

    rows: NDArray[np.intp]
    groups: list[tuple[NDArray[np.intp], TieGroups, TieGroups]]

    @classmethod
    def of(cls, x: ArrayLike, y: ArrayLike, strata: Subjects) -> "_WithinStrata":
        first, second = paired(x, y)
        codes, _ = numbered(strata, first.size)
        kept = np.bincount(codes)[codes] > 1
        if not kept.any():
            raise NotEstimableError("No stratum has two rows or more.")
        rows = np.flatnonzero(kept)
        first, second = paired(first[rows], second[rows])
        codes, count = numbered(codes[rows], rows.size)
        members = [np.flatnonzero(codes == stratum) for stratum in range(count)]
        return cls(rows, [(m, TieGroups.of(first[m]), TieGroups.of(second[m])) for m in members])

    def of_weights(self, weights: Array) -> Array:
        return _within_strata(self.groups, weights)

    def rho(self) -> float:
        rho = float(self.of_weights(np.ones((1, self.rows.size)))[0])
        if np.isnan(rho):
            raise NotEstimableError("A measure does not vary within any stratum.")
        return rho


def _estimate(
    rho: float, statistic: Statistic, n: int, n_fixed: int, sampled: _Resampling
) -> Spearman:
    """Return rho with its interval; `n_fixed` is how many quantities were held fixed."""
    df = n - 2 - n_fixed
    if df < 1:
        raise NotEstimableError(f"{n} rows are too few for {n_fixed} quantities held fixed.")
    rho = min(max(rho, -1.0), 1.0)
    t = np.inf if abs(rho) == 1 else rho * sqrt(df / (1 - rho**2))
    p_value = float(2 * stats.t.sf(abs(t), df))
    if sampled.subjects is None:
        needs_no_subjects(sampled.interval)
        return Spearman(rho, p_value, *bonett_wright(rho, n - n_fixed), n, n)
    clusters, count = patient_codes(sampled.subjects, n)
    low, high = cluster_interval(
        statistic, clusters, count, n_resamples=sampled.n_resamples, seed=sampled.seed,
        interval=sampled.interval,
    )  # fmt: skip
    return Spearman(rho, p_value, low, high, n, count)


def _covariates(covariates: ArrayLike, n: int) -> list[Array]:
    table = np.asarray(covariates, dtype=float)
    table = table[:, None] if table.ndim == 1 else table
    if table.ndim != 2 or table.shape[0] != n or table.shape[1] == 0:
        raise ValueError(f"Expected {n} rows of covariates, got the shape {table.shape}.")
    if not np.isfinite(table).all():
        raise NotEstimableError("A covariate is not a finite number; leave missing values out.")
    columns: list[Array] = list(table.T)
    if any(np.ptp(column) == 0 for column in columns):
        raise NotEstimableError("All values of a covariate are equal.")
    ranks = np.column_stack([stats.rankdata(column) for column in columns])
    if np.linalg.matrix_rank(ranks - ranks.mean(axis=0)) < len(columns):
        raise NotEstimableError("A covariate follows from the others by its ranks; leave it out.")
    return columns


def _partial_of_weights(groups: Sequence[TieGroups], weights: Array) -> Array:
    """Return the partial rank correlation of each resample; the first two groups are the measures.

    A covariate that is constant or redundant in a resample holds nothing fixed there, hence the
    pseudo-inverse.
    """
    middle = (weights.sum(axis=1, keepdims=True) + 1) / 2
    ranks = np.stack([group.mid_ranks(weights) - middle for group in groups], axis=1)
    products = np.einsum("rin,rn,rjn->rij", ranks, weights, ranks, optimize=True)
    spread = np.sqrt(np.diagonal(products, axis1=1, axis2=2))
    scale = np.where(spread > np.sqrt(CONSTANT), spread, np.inf)
    matrix = products / (scale[:, :, None] * scale[:, None, :])
    across = matrix[:, :2, 2:]
    inverse = np.linalg.pinv(matrix[:, 2:, 2:], rcond=UNEXPLAINED, hermitian=True)
    left = matrix[:, :2, :2] - across @ inverse @ across.transpose(0, 2, 1)
    return _ratio(left[:, 0, 1], left[:, 0, 0], left[:, 1, 1], UNEXPLAINED)


def _within_strata(
    groups: Sequence[tuple[NDArray[np.intp], TieGroups, TieGroups]], weights: Array
) -> Array:
    covariance, of_x, of_y = np.zeros((3, weights.shape[0]))
    for members, x, y in groups:
        here = weights.T[members]
        size = here.sum(axis=0)
        # A stratum that a resample left out has no weight in the sums; 1 avoids dividing by 0.
        per = (2 / np.where(size > 0, size, 1.0)) ** 2
        found = rank_sums(x, y, here, (size + 1) / 2)
        covariance += found[0] * per
        of_x += found[1] * per
        of_y += found[2] * per
    return _ratio(covariance, of_x, of_y, CONSTANT)


def _ratio(covariance: Array, of_x: Array, of_y: Array, nothing: float) -> Array:
    rho = np.full(covariance.shape, np.nan)
    defined = (of_x > nothing) & (of_y > nothing)
    rho[defined] = covariance[defined] / np.sqrt(of_x[defined] * of_y[defined])
    return rho
