"""Where a series that should only rise has fallen, leapt, or been mixed up.

Untreated MLD does not improve, so a fall beyond what measurement error explains is looked
at. Each value is compared with every earlier one, by the tolerance of the pair: so with the one
before it, with the highest before it, which finds a slow decline in small steps, and with the
highest of its own acquisition, which a scan of another scanner in between would hide (decision
0054). After treatment a fall may be real: it is reported, but not as non-monotonic.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations, pairwise
from math import isfinite
from operator import eq
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Kind(StrEnum):
    """What a reversal means."""

    NON_MONOTONIC = "NON_MONOTONIC"
    POST_TREATMENT_DECREASE = "POST_TREATMENT_DECREASE"


class SeriesPoint(Protocol):
    """One value of a series."""

    @property
    def time(self) -> float:
        """Age or time, in months."""
        ...

    @property
    def value(self) -> float:
        """The measure, for example the demyelination load in mL."""
        ...

    @property
    def acquisition(self) -> Hashable:
        """Scanner, protocol and stratum as one comparable value."""
        ...

    @property
    def model(self) -> Hashable:
        """Method version that made the value."""
        ...

    @property
    def after_treatment(self) -> bool:
        """True from the first treatment on."""
        ...


@dataclass(frozen=True, slots=True)
class Point:
    """A plain value of a series; see `SeriesPoint`."""

    time: float
    value: float
    acquisition: Hashable = ""
    model: Hashable = ""
    after_treatment: bool = False


@dataclass(frozen=True, slots=True)
class Reversal:
    """A value below an earlier one by more than the tolerance."""

    index: int
    value: float
    reference_index: int
    reference_value: float
    tolerance: float
    kind: Kind

    @property
    def drop(self) -> float:
        """Size of the fall, in the unit of the series."""
        return self.reference_value - self.value


@dataclass(frozen=True, slots=True)
class Jump:
    """A rise faster than is plausible."""

    index: int
    value: float
    reference_index: int
    reference_value: float
    largest_rise: float


@dataclass(frozen=True, slots=True)
class Swap:
    """Two points whose exchange would make the series rise throughout."""

    first_index: int
    second_index: int


@dataclass(frozen=True, slots=True)
class Review:
    """All that a series shows."""

    reversals: tuple[Reversal, ...]
    jumps: tuple[Jump, ...]
    swap: Swap | None


LEAST_TO_SWAP = 3
"""Points of a series in which an exchange of two means something."""
Tolerance = Callable[[SeriesPoint, SeriesPoint], float]


def pair_tolerance(
    *,
    same: tuple[float, float] = (5.0, 0.08),
    changed: tuple[float, float] = (10.0, 0.17),
    is_same: Callable[[Any, Any], bool] = eq,
) -> Tolerance:
    """Return a tolerance per pair: the greater of an absolute and a relative part.

    Parameters
    ----------
    same, changed : tuple of float
        Absolute part (unit of the series) and share of the mean of the pair, for one
        acquisition and for a changed one. The defaults stem from rescans of multiple
        sclerosis lesions (Filippi 1997; Shinohara 2017) until a trial has its own.
    is_same : callable
        Whether two acquisitions count as one; without, where they are equal.
    """
    for absolute, relative in (same, changed):
        if not (absolute >= 0 and relative >= 0):
            raise ValueError("Tolerances must be zero or positive.")

    def tolerance(earlier: SeriesPoint, later: SeriesPoint) -> float:
        is_one = is_same(earlier.acquisition, later.acquisition)
        absolute, relative = same if is_one else changed
        return max(absolute, relative * 0.5 * (earlier.value + later.value))

    return tolerance


def pair_tolerances(
    earlier: Array,
    later: Array,
    is_same: NDArray[np.bool_],
    *,
    same: tuple[float, float],
    changed: tuple[float, float],
) -> Array:
    """Return what `pair_tolerance` gives for many pairs.

    Parameters
    ----------
    earlier, later : ndarray of float, shape (pairs,)
        Values, in the unit of the series.
    is_same : ndarray of bool, shape (pairs,)
        Whether both are of one acquisition.
    """
    for absolute, relative in (same, changed):
        if not (absolute >= 0 and relative >= 0):
            raise ValueError("Tolerances must be zero or positive.")
    least = np.where(is_same, same[0], changed[0])
    share = np.where(is_same, same[1], changed[1])
    found: Array = np.maximum(least, share * 0.5 * (earlier + later))
    return found


def find_reversals(points: Sequence[SeriesPoint], tolerance: Tolerance) -> list[Reversal]:
    """Return every point that has fallen below an earlier one by more than the tolerance.

    Each point is compared with every earlier one; where it falls below several, the largest fall
    is reported, of equal ones that from the first.

    Parameters
    ----------
    points : sequence of SeriesPoint
        In order of time, all of one method version.
    tolerance : callable
        Given the earlier and the later point, the largest fall that is noise.

    Returns
    -------
    list of Reversal
        In order of index; empty for a series that never falls.

    Raises
    ------
    ValueError
        If a value is not finite, the order of time is broken, the tolerance is negative, or
        two method versions are mixed.
    """
    check_series(points)
    reversals = []
    for index in range(1, len(points)):
        found = [_fall(points, index, reference, tolerance) for reference in range(index)]
        falls = [fall for fall in found if fall is not None]
        if falls:
            reversals.append(max(falls, key=lambda fall: fall.drop))
    return reversals


def find_jumps(points: Sequence[SeriesPoint], *, largest_rise_per_month: float) -> list[Jump]:
    """Return every point that lies above its predecessor by more than is plausible.

    Raises
    ------
    ValueError
        As `find_reversals`, or if the largest rise is not positive.
    """
    if not largest_rise_per_month > 0:
        raise ValueError("The largest plausible rise must be positive.")
    check_series(points)
    jumps = []
    for index in range(1, len(points)):
        before, here = points[index - 1], points[index]
        largest = largest_rise_per_month * (here.time - before.time)
        if here.value - before.value > largest:
            jumps.append(Jump(index, here.value, index - 1, before.value, largest))
    return jumps


def suggest_swap(points: Sequence[SeriesPoint], tolerance: Tolerance) -> Swap | None:
    """Return the two points whose exchange makes a falling series rise throughout, if any.

    An exchanged series must rise by itself, without the help of the tolerance; the series as
    it stands must fall beyond it. Of several pairs, the one nearest in time is meant. Two points
    suggest nothing: any fall of two is mended by their exchange, which is no evidence of one
    (domain section 8.8).
    """
    if len(points) < LEAST_TO_SWAP:
        check_series(points)
        return None
    if not find_reversals(points, tolerance):
        return None
    values = [point.value for point in points]
    pairs = sorted(combinations(range(len(values)), 2), key=lambda pair: (pair[1] - pair[0], pair))
    for first, second in pairs:
        exchanged = values.copy()
        exchanged[first], exchanged[second] = values[second], values[first]
        if all(a <= b for a, b in pairwise(exchanged)):
            return Swap(first, second)
    return None


def review_series(
    points: Sequence[SeriesPoint], tolerance: Tolerance, *, largest_rise_per_month: float
) -> Review:
    """Return reversals, jumps and a suggested swap of one series."""
    return Review(
        tuple(find_reversals(points, tolerance)),
        tuple(find_jumps(points, largest_rise_per_month=largest_rise_per_month)),
        suggest_swap(points, tolerance),
    )


def _fall(
    points: Sequence[SeriesPoint], index: int, reference: int, tolerance: Tolerance
) -> Reversal | None:
    here, there = points[index], points[reference]
    allowed = tolerance(there, here)
    if not allowed >= 0:
        raise ValueError(f"The tolerance must be zero or positive, got {allowed}.")
    if there.value - here.value <= allowed:
        return None
    kind = Kind.POST_TREATMENT_DECREASE if here.after_treatment else Kind.NON_MONOTONIC
    return Reversal(index, here.value, reference, there.value, allowed, kind)


def check_series(points: Sequence[SeriesPoint]) -> None:
    """Raise ValueError unless values are finite, in order of time and of one method version."""
    for index, point in enumerate(points):
        if not (isfinite(point.value) and isfinite(point.time)):
            raise ValueError(
                f"Point {index} is not finite; leave missing visits out of the series."
            )
        if index and point.time < points[index - 1].time:
            raise ValueError(f"Point {index} lies before its predecessor in time.")
    if len({point.model for point in points}) > 1:
        raise ValueError("A series never mixes method versions; review each by itself.")
