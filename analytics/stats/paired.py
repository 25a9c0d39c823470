"""Figures of scans that two methods measured: one function for each kind."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from analytics.stats.agreement import bland_altman
from analytics.stats.courses import Count, Measured
from analytics.stats.errors import NotEstimableError
from analytics.stats.monotonicity import Point, Tolerance, pair_tolerance

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PairedScan:
    """A scan measured by the method under test and by the one it is compared with.

    Attributes
    ----------
    subject : str
        Patient; the scans of one are not independent.
    order : float
        Time within the patient, in any unit.
    test_ml, reference_ml : float or None
        Loads; None where a method refused the images.
    dice : float or None
        Of the two masks; None where one is missing or both are empty.
    gmfc_level, severity_total : float or None
        None where not assessed.
    truth_ml, test_dice, reference_dice : float or None
        The true load and either mask's Dice with the true mask; None where no truth is known.
    elfc_level : float or None
        None where not assessed.
    acquisition : hashable
        How the scan was acquired, as one comparable value; the tolerance of a pair depends on it.
    """

    subject: str
    acq_stratum: str
    order: float
    test_ml: float | None
    reference_ml: float | None
    dice: float | None
    gmfc_level: float | None
    severity_total: float | None
    truth_ml: float | None = None
    test_dice: float | None = None
    reference_dice: float | None = None
    elfc_level: float | None = None
    acquisition: Hashable = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A quantity of one stratum.

    Attributes
    ----------
    value, low, high : float or None
        The estimate and what is told beside it; None where there is none.
    n : int
        Scans, or pairs of scans, that it comes from.
    reason : str
        Why there is no estimate; else empty.
    p_value : float or None
        Of a correlation where the reference study gives one: two-sided, with scans taken as
        independent, as there.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    reason: str = ""
    p_value: float | None = None

    @property
    def p_words(self) -> str:
        """P as it stands in a text; empty where there is none."""
        if self.p_value is None:
            return ""
        return "p < 0.001" if self.p_value < 0.001 else f"p = {self.p_value:.3f}"


Cell = Callable[[Sequence[PairedScan]], Figure]


def told(cell: Cell, scans: Sequence[PairedScan]) -> Figure:
    """Return the figure of scans, or why there is none."""
    try:
        return cell(scans)
    except NotEstimableError as error:
        return Figure(None, None, None, 0, str(error))


def complete(scans: Sequence[PairedScan], *names: str) -> tuple[list[Array], list[str]]:
    """Return the values of the scans that have all of them, and their patients."""
    rows = [(scan.subject, [getattr(scan, name) for name in names]) for scan in scans]
    kept = [(subject, values) for subject, values in rows if None not in values]
    table = np.array([values for _, values in kept], float).reshape(-1, len(names))
    return list(table.T), [subject for subject, _ in kept]


def count_scans(scans: Sequence[PairedScan]) -> Figure:
    """Return how many scans there are."""
    return Figure(len(scans), None, None, len(scans))


def count_patients(scans: Sequence[PairedScan]) -> Figure:
    """Return how many patients they are of."""
    return Figure(len({scan.subject for scan in scans}), None, None, len(scans))


def count_pairs(scans: Sequence[PairedScan]) -> Figure:
    """Return how many scans both methods measured."""
    _, subjects = complete(scans, "test_ml", "reference_ml")
    return Figure(len(subjects), None, None, len(subjects))


def quartiles(name: str) -> Cell:
    """Return the median of a field, with its quartiles beside it."""

    def cell(scans: Sequence[PairedScan]) -> Figure:
        (values,), _ = complete(scans, name)
        return median_of(values)

    return cell


def median_of(values: Sequence[float] | Array) -> Figure:
    """Return the median of values, with its quartiles beside it.

    Raises
    ------
    NotEstimableError
        If there is none.
    """
    if not len(values):
        raise NotEstimableError("No scan has it.")
    low, middle, high = (float(value) for value in np.percentile(values, [25, 50, 75]))
    return Figure(middle, low, high, len(values))


def bias(other: str, one: str = "test_ml") -> Cell:
    """Return the bias of one load against another, with limits of agreement beside it."""

    def cell(scans: Sequence[PairedScan]) -> Figure:
        (first, second), subjects = complete(scans, one, other)
        found = bland_altman(first - second, subjects=subjects)
        return Figure(found.bias, found.lower_limit, found.upper_limit, found.n)

    return cell


def of_courses(
    name: str, count: Callable[[Sequence[Sequence[Measured]], Tolerance], Count]
) -> Cell:
    """Return the share that the review of falling loads, at its default tolerance, comes to."""

    def cell(scans: Sequence[PairedScan]) -> Figure:
        (times, loads, truths), subjects = complete(scans, "order", name, "truth_ml")
        by_subject: dict[str, list[tuple[float, Measured]]] = {}
        for subject, time, load, truth in zip(subjects, times, loads, truths, strict=True):
            by_subject.setdefault(subject, []).append((time, Measured(load, truth)))
        series = [
            [one for _, one in sorted(found, key=lambda pair: pair[0])]
            for found in by_subject.values()
        ]
        counted = count(series, pair_tolerance())
        return Figure(100 * counted.found / counted.n, None, None, counted.n)

    return cell


def rising(name: str) -> Cell:
    """Return the share of next scans of a patient whose load is not lower, in percent."""
    return _share_of_next(name, lambda earlier, later: later.value >= earlier.value)


def falling(name: str, tolerance: Tolerance) -> Cell:
    """Return the share of next scans lower than the one before by more than the tolerance."""
    return _share_of_next(
        name, lambda earlier, later: earlier.value - later.value > tolerance(earlier, later)
    )


def _share_of_next(name: str, holds: Callable[[Point, Point], bool]) -> Cell:
    """Return the share, in percent, of neighbouring scans of a patient of which something holds."""

    def cell(scans: Sequence[PairedScan]) -> Figure:
        by_subject: dict[str, list[Point]] = {}
        for scan in scans:
            value = getattr(scan, name)
            if value is not None:
                point = Point(scan.order, value, scan.acquisition)
                by_subject.setdefault(scan.subject, []).append(point)
        found = [
            holds(earlier, later)
            for series in by_subject.values()
            for earlier, later in pairwise(sorted(series, key=lambda point: point.time))
        ]
        if not found:
            raise NotEstimableError("No patient has two measured scans.")
        return Figure(100 * sum(found) / len(found), None, None, len(found))

    return cell
