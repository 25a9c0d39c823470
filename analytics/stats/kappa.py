"""Agreement of two raters on an ordered scale, beyond chance."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from analytics.stats.bootstrap import PERCENTILE, SAME, cluster_interval
from analytics.stats.correlation import needs_no_subjects
from analytics.stats.errors import NotEstimableError
from analytics.stats.resampling import patient_codes

Array = NDArray[np.float64]
POWERS = {"linear": 1, "quadratic": 2}
SMALLEST_N = 3


@dataclass(frozen=True, slots=True)
class Kappa:
    """Weighted kappa with its interval.

    Attributes
    ----------
    kappa : float
        1 for full agreement, 0 for that of chance.
    observed, by_chance : float
        Mean disagreement of the pairs, and that of all pairs of a rating of one rater with one of
        the other, in levels (linear) or levels squared (quadratic).
    ci_low, ci_high : float
        95 %: of the patient-cluster bootstrap with subjects, else by the standard error of Fleiss,
        Cohen and Everitt, which may reach beyond 1.
    n, n_subjects : int
        Pairs of ratings, and patients.
    """

    kappa: float
    observed: float
    by_chance: float
    ci_low: float
    ci_high: float
    n: int
    n_subjects: int


def weighted_kappa(
    first: ArrayLike,
    second: ArrayLike,
    weights: str = "quadratic",
    subjects: Sequence[Hashable] | None = None,
    n_resamples: int = 2000,
    seed: int = 0,
    interval: str = PERCENTILE,
) -> Kappa:
    """Return weighted kappa (Cohen 1968, Psychol Bull 70:213) of two raters.

    The weight of a disagreement is the distance of the two levels, or its square, so that levels
    which nobody gave change nothing. The interval without subjects is that of Fleiss, Cohen and
    Everitt 1969, Psychol Bull 72:323.

    Parameters
    ----------
    first, second : array_like of int, shape (n,)
        The levels that either rater gave the same object, for example GMFC-MLD 0 to 6 or the points
        of an item of the MRI severity score; the distance of neighbouring levels is 1.
    weights : str
        ``linear`` or ``quadratic``.
    subjects : sequence of hashable, length n, optional
        The patient of each pair; whole patients are resampled.
    n_resamples, seed, interval
        As `correlation.spearman`.

    Raises
    ------
    NotEstimableError
        If a level is no whole number, there are fewer than three pairs or patients, a rater gave
        one level to all, so that chance agrees as well, or, without subjects, all pairs agree, so
        that there is no standard error.
    ValueError
        If the weights are unknown or the lengths differ.
    """
    if weights not in POWERS:
        raise ValueError(f"The weights must be linear or quadratic, got {weights!r}.")
    one, other, distances = _levels(first, second, POWERS[weights])
    apart = distances[one, other]

    scale = np.eye(len(distances))

    def disagreements(counts: Array) -> tuple[Array, Array]:
        total = counts.sum(axis=1)
        of_one, of_other = counts @ scale[one], counts @ scale[other]
        by_chance = ((of_one @ distances) * of_other).sum(axis=1) / total**2
        varied = (of_one.max(axis=1) < total) & (of_other.max(axis=1) < total)
        return counts @ apart / total, np.where(varied, by_chance, np.nan)

    def statistic(counts: Array) -> Array:
        observed, by_chance = disagreements(counts)
        kappa: Array = 1 - observed / by_chance
        return kappa

    observed, by_chance = (float(v[0]) for v in disagreements(np.ones((1, one.size))))
    if np.isnan(by_chance):
        raise NotEstimableError("A rater gave one level to all; chance agrees as well.")
    kappa = 1 - observed / by_chance
    if subjects is None:
        needs_no_subjects(interval)
        half = _margin(one, other, distances, observed, by_chance)
        return Kappa(kappa, observed, by_chance, kappa - half, kappa + half, one.size, one.size)
    clusters, count = patient_codes(subjects, one.size)
    low, high = cluster_interval(
        statistic, clusters, count, n_resamples=n_resamples, seed=seed, interval=interval
    )
    return Kappa(kappa, observed, by_chance, low, high, one.size, count)


def _levels(
    first: ArrayLike, second: ArrayLike, power: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], Array]:
    """Return either rater's levels as codes, and how far each level lies from each."""
    one, other = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if one.ndim != 1 or one.shape != other.shape:
        raise ValueError(f"Expected two rows of equal length, got {one.shape}, {other.shape}.")
    both = np.concatenate([one, other])
    if not np.isfinite(both).all() or (both != np.round(both)).any():
        raise NotEstimableError("Every level must be a whole number; leave missing ratings out.")
    if one.size < SMALLEST_N:
        raise NotEstimableError(f"At least {SMALLEST_N} pairs are needed, got {one.size}.")
    levels, codes = np.unique(both, return_inverse=True)
    distances = np.abs(levels[:, None] - levels[None, :]) ** power
    return codes[: one.size], codes[one.size :], distances


def _margin(
    one: NDArray[np.intp],
    other: NDArray[np.intp],
    distances: Array,
    observed: float,
    by_chance: float,
) -> float:
    """Return half the interval of independent pairs, from what each pair adds to kappa."""
    of_one, of_other = (np.bincount(given, minlength=len(distances)) for given in (one, other))
    expected = (distances @ of_other)[one] + (distances @ of_one)[other]
    pull = distances[one, other] / by_chance - observed / by_chance**2 * expected / one.size
    error = sqrt(float(pull.var()) / one.size)
    if observed == 0 or error <= SAME:
        raise NotEstimableError("The pairs leave no standard error; no interval exists.")
    return float(stats.norm.ppf(0.975)) * error
