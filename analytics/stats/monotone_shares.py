"""How monotone the series of a whole study are."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

from analytics.stats.errors import NotEstimableError
from analytics.stats.monotonicity import pair_tolerances
from analytics.stats.trend import (
    MannKendall,
    isotonic_residual,
    isotonic_residuals,
    mann_kendall_of_tables,
    max_drawdowns,
)

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]
IsSame = Callable[[Codes, Codes], NDArray[np.bool_]]
Parts = tuple[float, float]
"""The absolute part of a tolerance, and the share of the mean of a pair."""


@dataclass(frozen=True, slots=True, eq=False)
class Courses:
    """The series of all patients, one behind the other, each in order of time.

    Attributes
    ----------
    subject : ndarray of int, shape (n,)
        The rows of a patient follow each other.
    time, value : ndarray of float, shape (n,)
    acquisition, model : ndarray of int, shape (n,)
        Numbers of the acquisition and of the method version.
    after_treatment : ndarray of bool, shape (n,)
    """

    subject: Codes
    time: Floats
    value: Floats
    acquisition: Codes
    model: Codes
    after_treatment: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class StudyMonotonicity:
    """The series of a study taken together.

    Attributes
    ----------
    n_subjects, n_pairs : int
        Patients with two scans or more, and neighbouring scans of one patient.
    n_pairs_after_treatment : int
        Of the pairs, those whose later scan is after treatment, where a fall may be real.
    share_not_falling : float
        Of the pairs, those that do not fall.
    share_within_noise : float
        Of the pairs, those that do not fall by more than their tolerance.
    share_subjects_not_falling : float
        Of the patients, those of whose scans none lies below any earlier one.
    share_subjects_within_noise : float
        Of the patients, those of whose scans none lies below any earlier one by more than the
        tolerance of the pair: in whom `monotonicity.find_reversals` finds nothing.
    trend : MannKendall or None
        Stratified by patient; None where it cannot be told.
    median_drawdown : float
        Over patients, of the largest fall, in the unit of the series.
    median_isotonic_residual : float or None
        Over patients whose value changes; None where no patient's does.
    """

    n_subjects: int
    n_pairs: int
    n_pairs_after_treatment: int
    share_not_falling: float
    share_within_noise: float
    share_subjects_not_falling: float
    share_subjects_within_noise: float
    trend: MannKendall | None
    median_drawdown: float
    median_isotonic_residual: float | None


def study_monotonicity(
    courses: Courses, *, same: Parts, changed: Parts, is_same: IsSame = np.equal
) -> StudyMonotonicity:
    """Return how monotone the series of a study are; patients with one scan count in nothing.

    Parameters
    ----------
    same, changed : tuple of float
        What is noise in a fall from one scan to the next, of one acquisition and of two, as
        `monotonicity.pair_tolerance` has it.
    is_same : callable
        Whether pairs of numbers of acquisitions count as one; without, where they are equal.

    Raises
    ------
    ValueError
        If a number is not finite, the order of time is broken, the rows of a patient do not follow
        each other, a tolerance is negative, or method versions of one patient are mixed.
    NotEstimableError
        If no patient has two scans.
    """
    tables = _tables(courses.subject)
    if not tables:
        raise NotEstimableError("No patient has two scans of one method.")
    earlier = np.concatenate([table[:, :-1].ravel() for table in tables])
    later = earlier + 1
    used = np.concatenate([table.ravel() for table in tables])
    _check(courses, used, earlier)
    value, acquisition = courses.value, courses.acquisition

    def noise_of(one: Codes, other: Codes) -> Floats:
        alike = is_same(acquisition[one], acquisition[other])
        return pair_tolerances(value[one], value[other], alike, same=same, changed=changed)

    values = [value[table] for table in tables]
    n_subjects = sum(len(table) for table in tables)
    falling = [
        table[(one[:, 1:] < one[:, :-1]).any(axis=1)]
        for table, one in zip(tables, values, strict=True)
    ]
    # Only what falls is held to a tolerance, which is never below zero.
    first, second = _falling_pairs(value, falling)
    beyond = value[first] - value[second] > noise_of(first, second)
    return StudyMonotonicity(
        n_subjects=n_subjects,
        n_pairs=earlier.size,
        n_pairs_after_treatment=int(courses.after_treatment[later].sum()),
        share_not_falling=int((value[later] >= value[earlier]).sum()) / earlier.size,
        share_within_noise=int((value[earlier] - value[later] <= noise_of(earlier, later)).sum())
        / earlier.size,
        share_subjects_not_falling=1 - sum(len(table) for table in falling) / n_subjects,
        share_subjects_within_noise=1 - np.unique(courses.subject[first[beyond]]).size / n_subjects,
        trend=_trend(values),
        median_drawdown=median(np.concatenate([max_drawdowns(one) for one in values]).tolist()),
        median_isotonic_residual=_median_residual(
            [courses.time[table] for table in tables], values
        ),
    )


def _tables(subject: Codes) -> list[Codes]:
    """Return the rows of each patient who has two or more, shape (patients, rows) by their number.

    Raises
    ------
    ValueError
        If rows of one patient do not follow each other.
    """
    if not subject.size:
        return []
    begins = np.flatnonzero(np.concatenate(([True], subject[1:] != subject[:-1])))
    if np.unique(subject[begins]).size < begins.size:
        raise ValueError("The rows of a patient must follow each other.")
    sizes = np.diff(np.append(begins, subject.size))
    several = dict.fromkeys(sizes[sizes > 1].tolist())
    return [begins[sizes == size][:, None] + np.arange(size) for size in several]


def _falling_pairs(value: Floats, tables: Sequence[Codes]) -> tuple[Codes, Codes]:
    """Return the rows of all pairs of one patient whose later scan is lower, shape (pairs,)."""
    first, second = [np.empty(0, np.intp)], [np.empty(0, np.intp)]
    for table in tables:
        earlier, later = np.triu_indices(table.shape[1], 1)
        falls = value[table[:, earlier]] > value[table[:, later]]
        first.append(table[:, earlier][falls])
        second.append(table[:, later][falls])
    return np.concatenate(first), np.concatenate(second)


def _check(courses: Courses, used: Codes, earlier: Codes) -> None:
    """Raise ValueError unless series are finite, in order of time and of one method version."""
    if not (np.isfinite(courses.value[used]).all() and np.isfinite(courses.time[used]).all()):
        raise ValueError("A point is not finite; leave missing visits out of the series.")
    if (courses.time[earlier + 1] < courses.time[earlier]).any():
        raise ValueError("A point lies before its predecessor in time.")
    if (courses.model[earlier + 1] != courses.model[earlier]).any():
        raise ValueError("A series never mixes method versions; review each by itself.")


def _trend(values: list[Floats]) -> MannKendall | None:
    try:
        return mann_kendall_of_tables(values)
    except NotEstimableError:
        return None


def _median_residual(times: list[Floats], values: list[Floats]) -> float | None:
    found: list[float] = []
    for when, what in zip(times, values, strict=True):
        is_timed = (when[:, 1:] > when[:, :-1]).all(axis=1)
        residuals = isotonic_residuals(what[is_timed])
        found += residuals[~np.isnan(residuals)].tolist()
        for of_one, its_values in zip(when[~is_timed], what[~is_timed], strict=True):
            try:
                found.append(isotonic_residual(of_one, its_values))
            except NotEstimableError:
                continue
    return median(found) if found else None
