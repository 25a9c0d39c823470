"""Resampling of whole patients: how often each was drawn, as weights of their rows."""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.stats.errors import NotEstimableError

Array = NDArray[np.float64]
Subjects = Sequence[Hashable] | NDArray[np.intp]
"""The patient of each row: anything that tells patients apart."""
CHUNK = 250
"""Resamples drawn at once."""
CELLS_AT_ONCE = 1 << 17
"""Rows times resamples computed at once: a megabyte, which stays in the cache."""
FEWEST_AT_ONCE = 8
"""Resamples computed at once at least: one line of the cache."""
SMALLEST_N = 3
CONSTANT = 1e-12
"""A variance of ranks below this is that of a constant measure."""


def patient_codes(subjects: Subjects, n: int) -> tuple[NDArray[np.intp], int]:
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


def numbered(subjects: Subjects, n: int) -> tuple[NDArray[np.intp], int]:
    """Return a number for the subject of each row, from 0 in order of appearance, and how many.

    Raises
    ------
    ValueError
        If there is not one subject for each of `n` rows.
    """
    if len(subjects) != n:
        raise ValueError(f"Expected {n} subjects, got {len(subjects)}.")
    if isinstance(subjects, np.ndarray):
        values, first, place = np.unique(subjects, return_index=True, return_inverse=True)
        rank = np.empty(values.size, np.intp)
        rank[np.argsort(first)] = np.arange(values.size)
        return rank[place], values.size
    known: dict[Hashable, int] = {}
    codes = np.array([known.setdefault(subject, len(known)) for subject in subjects], np.intp)
    return codes, len(known)


def resampled_weights(
    clusters: NDArray[np.intp], count: int, *, n_resamples: int, seed: int
) -> Iterator[Array]:
    """Yield how often each row's patient was drawn, a few resamples at a time.

    The resamples lie side by side in memory: what is gathered or summed along the rows then runs
    over whole lines of the cache, and a few of them stay within it.

    Parameters
    ----------
    clusters : ndarray of int, shape (n,)
        Patient of each row, 0 to ``count - 1``.
    """
    rng = np.random.default_rng(seed)
    for start in range(0, n_resamples, CHUNK):
        size = min(CHUNK, n_resamples - start)
        drawn = rng.integers(0, count, size=(size, count))
        cells = drawn * size + np.arange(size)[:, None]
        counts = np.bincount(cells.ravel(), minlength=count * size)
        per_patient: Array = counts.reshape(count, size).astype(np.float64)
        at_once = max(CELLS_AT_ONCE // clusters.size, FEWEST_AT_ONCE)
        for first in range(0, size, at_once):
            yield per_patient[:, first : first + at_once][clusters].T


def spearman_of_weights(x: "TieGroups", y: "TieGroups", weights: Array) -> Array:
    """Return rho of each resample without sorting again; NaN where a measure is constant.

    Parameters
    ----------
    weights : ndarray of float, shape (resamples, n)
        Of each row; mid-ranks follow from their sums in the order of the original values.
    """
    of_rows = weights.T
    middle = (of_rows.sum(axis=0) + 1) / 2
    covariance, of_x, of_y = rank_sums(x, y, of_rows, middle)
    variance = of_x * of_y
    rho = np.full(weights.shape[0], np.nan)
    defined = variance > CONSTANT
    rho[defined] = covariance[defined] / np.sqrt(variance[defined])
    return rho


def rank_sums(
    x: "TieGroups", y: "TieGroups", of_rows: Array, middle: Array
) -> tuple[Array, Array, Array]:
    """Return the weighted sums of products of mid-ranks less their middle: xy, xx and yy.

    Parameters
    ----------
    of_rows : ndarray of float, shape (n, resamples)
        Weights; the resamples next to each other in memory.
    middle : ndarray of float, shape (resamples,)
        What is taken from each mid-rank.
    """
    # The side of more different values is ranked row by row, the other one group by group.
    few, many = (x, y) if x.begins.size <= y.begins.size else (y, x)
    of_few, ranks_of_few = few.group_ranks(of_rows)
    of_many, ranks_of_many = many.group_ranks(of_rows)
    ranks_of_few -= middle
    ranks_of_many -= middle
    weighted = of_rows * ranks_of_many[many.group]
    sums = few.sums(weighted)
    covariance = np.einsum("gr,gr->r", sums, ranks_of_few)
    squares_of_few = np.einsum("gr,gr,gr->r", of_few, ranks_of_few, ranks_of_few)
    squares_of_many = np.einsum("gr,gr,gr->r", of_many, ranks_of_many, ranks_of_many)
    if few is x:
        return covariance, squares_of_few, squares_of_many
    return covariance, squares_of_many, squares_of_few


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
    """The order of a measure's values, and the groups of equal ones in it.

    Attributes
    ----------
    order : ndarray of int, shape (n,)
        Rows in order of their values.
    begins : ndarray of int, shape (groups,)
        Where in the order each group begins.
    group : ndarray of int, shape (n,)
        The group of each row.
    """

    order: NDArray[np.intp]
    begins: NDArray[np.intp]
    group: NDArray[np.intp]

    @classmethod
    def of(cls, values: Array) -> "TieGroups":
        """Sort a measure once."""
        order = np.argsort(values, kind="stable")
        ordered = values[order]
        is_first = np.concatenate(([True], ordered[1:] != ordered[:-1]))
        group = np.empty(values.size, np.intp)
        group[order] = np.cumsum(is_first) - 1
        return cls(order, np.flatnonzero(is_first), group)

    def sums(self, of_rows: Array) -> Array:
        """Return the sum over each group, of an array of shape (n, resamples)."""
        found: Array = of_rows[self.order]
        if self.begins.size < self.order.size:
            found = np.add.reduceat(found, self.begins, axis=0)
        return found

    def group_ranks(self, of_rows: Array) -> tuple[Array, Array]:
        """Return the weight and the mid-rank of each group, shape (groups, resamples)."""
        sums = self.sums(of_rows)
        ranks = np.cumsum(sums, axis=0)
        ranks -= (sums - 1) / 2
        return sums, ranks

    def mid_ranks(self, weights: Array) -> Array:
        """Return the mid-rank of each row where rows count as often as they weigh.

        Parameters
        ----------
        weights : ndarray of float, shape (resamples, n)
        """
        ranks: Array = self.group_ranks(weights.T)[1][self.group].T
        return ranks
