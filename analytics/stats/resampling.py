"""Resampling of whole patients: how often each was drawn, as weights of their rows."""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.stats.errors import NotEstimableError

Array = NDArray[np.float64]
CHUNK = 250
"""Resamples computed at once: enough to vectorise, few enough to stay small."""
SMALLEST_N = 3
CONSTANT = 1e-12
"""A variance of ranks below this is that of a constant measure."""


def patient_codes(subjects: Sequence[Hashable], n: int) -> tuple[NDArray[np.intp], int]:
    """Return the number of the patient of each row, and how many patients there are.

    Raises
    ------
    NotEstimableError
        If there are fewer than three patients.
    ValueError
        If there is not one subject for each of `n` rows.
    """
    codes, count = numbered(subjects, n)
    if count < SMALLEST_N:
        raise NotEstimableError(f"At least {SMALLEST_N} patients are needed, got {count}.")
    return codes, count


def numbered(subjects: Sequence[Hashable], n: int) -> tuple[NDArray[np.intp], int]:
    """Return a number for the subject of each row, from 0 in order of appearance, and how many.

    Raises
    ------
    ValueError
        If there is not one subject for each of `n` rows.
    """
    if len(subjects) != n:
        raise ValueError(f"Expected {n} subjects, got {len(subjects)}.")
    known: dict[Hashable, int] = {}
    codes = np.array([known.setdefault(subject, len(known)) for subject in subjects], np.intp)
    return codes, len(known)


def resampled_weights(
    clusters: NDArray[np.intp], count: int, *, n_resamples: int, seed: int
) -> Iterator[Array]:
    """Yield how often each row's patient was drawn, a chunk of resamples at a time.

    Parameters
    ----------
    clusters : ndarray of int, shape (n,)
        Patient of each row, 0 to ``count - 1``.
    """
    rng = np.random.default_rng(seed)
    for start in range(0, n_resamples, CHUNK):
        size = min(CHUNK, n_resamples - start)
        drawn = rng.integers(0, count, size=(size, count))
        per_patient = np.zeros((size, count))
        np.add.at(per_patient, (np.arange(size)[:, None], drawn), 1)
        yield per_patient[:, clusters]


def spearman_of_weights(x: "TieGroups", y: "TieGroups", weights: Array) -> Array:
    """Return rho of each resample without sorting again; NaN where a measure is constant.

    Parameters
    ----------
    weights : ndarray of float, shape (resamples, n)
        Of each row; mid-ranks follow from their sums in the order of the original values.
    """
    middle = (weights.sum(axis=1, keepdims=True) + 1) / 2
    a, b = x.mid_ranks(weights) - middle, y.mid_ranks(weights) - middle
    variance = (weights * a * a).sum(axis=1) * (weights * b * b).sum(axis=1)
    covariance = (weights * a * b).sum(axis=1)
    rho = np.full(weights.shape[0], np.nan)
    defined = variance > CONSTANT
    rho[defined] = covariance[defined] / np.sqrt(variance[defined])
    return rho


def defined_or_refused(found: Sequence[Array], n_resamples: int) -> Array:
    """Return the resamples that have a value.

    Raises
    ------
    NotEstimableError
        If fewer than half of them have one.
    """
    values = np.concatenate(found)
    values = values[~np.isnan(values)]
    if values.size < 0.5 * n_resamples:
        raise NotEstimableError("Most resamples have a constant measure; no interval exists.")
    return values


@dataclass(frozen=True, slots=True)
class TieGroups:
    """The order of a measure's values, and where each group of equal ones begins and ends."""

    order: NDArray[np.intp]
    first: NDArray[np.intp]
    last: NDArray[np.intp]

    @classmethod
    def of(cls, values: Array) -> "TieGroups":
        """Sort a measure once."""
        order = np.argsort(values, kind="stable")
        ordered = values[order]
        return cls(
            order,
            np.searchsorted(ordered, values, side="left"),
            np.searchsorted(ordered, values, side="right"),
        )

    def mid_ranks(self, weights: Array) -> Array:
        """Return the mid-rank of each row where rows count as often as they weigh."""
        sums = np.zeros((weights.shape[0], weights.shape[1] + 1))
        np.cumsum(weights[:, self.order], axis=1, out=sums[:, 1:])
        low, high = sums[:, self.first], sums[:, self.last]
        ranks: Array = low + (high - low + 1) / 2
        return ranks
