"""Times under observation: from when a patient is watched, until when, and whether it happened.

A patient is at risk at t if entry < t <= end, as in R's survival. Patients come to a study when
they are already some years old or ill; without their entry they would count as watched, and free of
the event, from birth on, which makes the event look rarer than it is (delayed entry, left
truncation).
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analytics.stats.errors import NotEstimableError

Array = NDArray[np.float64]
LARGEST_LOG = 700.0


@dataclass(frozen=True, slots=True)
class FollowUp:
    """One row per patient, in any one unit of time.

    Attributes
    ----------
    entry, end : ndarray, shape (n,)
        Under observation after `entry` and up to `end`.
    event : ndarray of bool, shape (n,)
        Whether it happened at `end`; otherwise the patient is censored there.
    """

    entry: Array
    end: Array
    event: NDArray[np.bool_]

    def at_risk(self, times: Array) -> NDArray[np.bool_]:
        """Return who is at risk at each time, shape (k, n)."""
        after = self.entry[None, :] < times[:, None]
        at_risk: NDArray[np.bool_] = after & (self.end[None, :] >= times[:, None])
        return at_risk

    def n_at_risk(self, times: Array) -> NDArray[np.intp]:
        """Return how many are at risk at each time, in memory that grows with n + k alone."""
        begun = np.searchsorted(np.sort(self.entry), times, side="left")
        left: NDArray[np.intp] = np.searchsorted(np.sort(self.end), times, side="left")
        return begun - left

    def of(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> "FollowUp":
        """Return some of the patients."""
        return FollowUp(self.entry[rows], self.end[rows], self.event[rows])

    @property
    def event_times(self) -> Array:
        """Distinct times at which it happened, rising."""
        return np.unique(self.end[self.event])


def follow_up(end: ArrayLike, event: ArrayLike, entry: ArrayLike | None = None) -> FollowUp:
    """Return checked times under observation; without `entry`, everybody is watched from 0 on.

    Raises
    ------
    NotEstimableError
        If a time is not finite, a patient leaves no later than they entered, or nobody had the
        event.
    ValueError
        If the lengths differ, or an event is neither true nor false.
    """
    until = np.asarray(end, dtype=np.float64)
    happened = np.asarray(event)
    since = np.zeros_like(until) if entry is None else np.asarray(entry, dtype=np.float64)
    if until.ndim != 1 or until.shape != happened.shape or until.shape != since.shape:
        raise ValueError("Every patient needs one time of entry, one end and one event.")
    if not np.isin(happened, (0, 1)).all():
        raise ValueError("An event is true or false.")
    if not (np.isfinite(until).all() and np.isfinite(since).all()):
        raise NotEstimableError("A time is not a finite number; leave patients without one out.")
    if (until <= since).any():
        raise NotEstimableError(
            f"{int((until <= since).sum())} patients leave no later than they entered, so that"
            " they were never at risk; leave them out."
        )
    if not happened.any():
        raise NotEstimableError(f"None of {until.size} patients had the event.")
    return FollowUp(since, until, happened.astype(np.bool_))


def number_at_risk(
    end: ArrayLike, times: ArrayLike, entry: ArrayLike | None = None
) -> NDArray[np.intp]:
    """Return how many patients are at risk just before each time, for the line below a curve."""
    until = np.asarray(end, dtype=np.float64)
    since = np.zeros_like(until) if entry is None else np.asarray(entry, dtype=np.float64)
    asked = np.asarray(times, dtype=np.float64)
    watched = FollowUp(since, until, np.zeros(until.size, dtype=np.bool_))
    # At 0 everybody who is watched from 0 on stands at the start of the line.
    first: NDArray[np.intp] = (asked == 0) * int((since == 0).sum())
    return watched.n_at_risk(asked) + first


def codes_of(
    labels: Sequence[Hashable], n: int, what: str
) -> tuple[list[Hashable], NDArray[np.intp]]:
    """Return the labels in order of appearance and the number of each row's label.

    Raises
    ------
    ValueError
        If there is not one for each of `n` rows.
    """
    if len(labels) != n:
        raise ValueError(f"Expected {n} {what}, got {len(labels)}.")
    numbers: dict[Hashable, int] = {}
    codes = np.array([numbers.setdefault(label, len(numbers)) for label in labels], dtype=np.intp)
    return list(numbers), codes


def must_be_written(logarithms: Array) -> None:
    """Refuse ratios that no number can hold, before they become infinite.

    Raises
    ------
    NotEstimableError
        If the exponential of one is beyond the largest number.
    """
    if (logarithms > LARGEST_LOG).any():
        raise NotEstimableError(
            "A ratio per unit of a covariate is beyond any number: give the covariate in larger"
            " units, or leave it out if it says next to nothing."
        )
