"""The table of the reference study, filled with the numbers of other scans.

The study compares an nnU-Net with the conventional method on 130 test scans of 49 patients
(automated demyelination load in MLD, Clinical Neuroradiology, abstract). What its abstract
does not give is not given here either.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from analytics.stats.agreement import bland_altman
from analytics.stats.correlation import spearman, spearman_difference
from analytics.stats.errors import NotEstimableError

Array = NDArray[np.float64]
STRATA = ("3D", "2D")


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
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TableRow:
    """One quantity: as published and as found, for 3D and 2D.

    Attributes
    ----------
    quantity, unit : str
        In words; the unit is empty for a number without one.
    beside : str
        What ``low`` and ``high`` of the figures are.
    published : tuple of (float or None)
        None where the abstract gives no number.
    """

    quantity: str
    unit: str
    beside: str
    published: tuple[float | None, float | None]
    found: tuple[Figure, Figure]


Cell = Callable[[Sequence[PairedScan]], Figure]
NOTHING = (None, None)
QUARTILES, INTERVAL, LIMITS = "quartiles", "95 % interval", "limits of agreement"


def method_table(
    scans: Sequence[PairedScan], *, n_resamples: int = 2000, seed: int = 0
) -> list[TableRow]:
    """Return the quantities of the reference study, with those of these scans beside them.

    Strata are never pooled. Intervals are of the patient-cluster bootstrap, 95 %; limits of
    agreement know of repeated scans of a patient. Where any truth is known, rows about it follow.

    Parameters
    ----------
    n_resamples, seed : int
        Of the bootstrap.
    """
    cells = _Cells(n_resamples, seed)
    quantities = cells.of_the_study()
    if any(scan.truth_ml is not None for scan in scans):
        quantities += cells.of_the_truth()
    parts = [[s for s in scans if s.acq_stratum == stratum] for stratum in STRATA]
    return [
        TableRow(quantity, unit, beside, published, (_told(cell, parts[0]), _told(cell, parts[1])))
        for quantity, unit, beside, published, cell in quantities
    ]


def _told(cell: Cell, scans: Sequence[PairedScan]) -> Figure:
    try:
        return cell(scans)
    except NotEstimableError as error:
        return Figure(None, None, None, 0, str(error))


Quantity = tuple[str, str, str, tuple[float | None, float | None], Cell]


@dataclass(frozen=True, slots=True)
class _Cells:
    n_resamples: int
    seed: int

    def of_the_study(self) -> list[Quantity]:
        """Return what the abstract reports, and what belongs beside it."""
        return [
            ("Test scans", "", "", (73, 57), _count_scans),
            ("Their patients", "", "", NOTHING, _count_patients),
            ("Scans that both methods measured", "", "", NOTHING, _count_pairs),
            ("Dice of the two masks, median", "", QUARTILES, (0.82, 0.75), _quartiles("dice")),
            ("Test load less reference load", "mL", LIMITS, NOTHING, _bias("reference_ml")),
            *self._with_score("GMFC-MLD", "gmfc_level", (0.38, 0.56), NOTHING),
            *self._with_score("MRI severity score", "severity_total", (0.48, 0.83), (0.28, 0.29)),
            ("Next scans of a patient: test load not lower", "%", "", NOTHING, _rising("test_ml")),
            (
                "Next scans of a patient: reference load not lower",
                "%",
                "",
                NOTHING,
                _rising("reference_ml"),
            ),
        ]

    def of_the_truth(self) -> list[Quantity]:
        """Return what only a simulation can tell."""
        rows: list[Quantity] = []
        for name in ("test", "reference"):
            rows += [
                (
                    f"Dice of the {name} mask with the truth, median",
                    "",
                    QUARTILES,
                    NOTHING,
                    _quartiles(f"{name}_dice"),
                ),
                (
                    f"{name.capitalize()} load less true load",
                    "mL",
                    LIMITS,
                    NOTHING,
                    _bias("truth_ml", f"{name}_ml"),
                ),
            ]
        for score, field in (("GMFC-MLD", "gmfc_level"), ("MRI severity score", "severity_total")):
            cell = self._correlation(field, "truth_ml")
            rows.append((f"True load with {score}", "rho", INTERVAL, NOTHING, cell))
        return rows

    def _with_score(
        self,
        score: str,
        field: str,
        test: tuple[float | None, float | None],
        reference: tuple[float | None, float | None],
    ) -> list[Quantity]:
        return [
            (f"Test load with {score}", "rho", INTERVAL, test, self._correlation(field, "test_ml")),
            (
                f"Reference load with {score}",
                "rho",
                INTERVAL,
                reference,
                self._correlation(field, "reference_ml"),
            ),
            (
                f"With {score}: test less reference",
                "rho",
                INTERVAL,
                NOTHING,
                self._difference(field),
            ),
        ]

    def _correlation(self, score: str, load: str) -> Cell:
        def cell(scans: Sequence[PairedScan]) -> Figure:
            (criterion, loads), subjects = _complete(scans, score, load)
            found = spearman(criterion, loads, subjects, self.n_resamples, self.seed)
            return Figure(found.rho, found.ci_low, found.ci_high, found.n)

        return cell

    def _difference(self, score: str) -> Cell:
        def cell(scans: Sequence[PairedScan]) -> Figure:
            (criterion, test, reference), subjects = _complete(
                scans, score, "test_ml", "reference_ml"
            )
            found = spearman_difference(
                criterion, test, reference, subjects, self.n_resamples, self.seed
            )
            return Figure(found.difference, found.ci_low, found.ci_high, found.n)

        return cell


def _complete(scans: Sequence[PairedScan], *names: str) -> tuple[list[Array], list[str]]:
    """Return the values of the scans that have all of them, and their patients."""
    rows = [(scan.subject, [getattr(scan, name) for name in names]) for scan in scans]
    kept = [(subject, values) for subject, values in rows if None not in values]
    table = np.array([values for _, values in kept], float).reshape(-1, len(names))
    return list(table.T), [subject for subject, _ in kept]


def _count_scans(scans: Sequence[PairedScan]) -> Figure:
    return Figure(len(scans), None, None, len(scans))


def _count_patients(scans: Sequence[PairedScan]) -> Figure:
    return Figure(len({scan.subject for scan in scans}), None, None, len(scans))


def _count_pairs(scans: Sequence[PairedScan]) -> Figure:
    _, subjects = _complete(scans, "test_ml", "reference_ml")
    return Figure(len(subjects), None, None, len(subjects))


def _quartiles(name: str) -> Cell:
    def cell(scans: Sequence[PairedScan]) -> Figure:
        (values,), _ = _complete(scans, name)
        if not values.size:
            raise NotEstimableError("No scan has it.")
        low, middle, high = (float(value) for value in np.percentile(values, [25, 50, 75]))
        return Figure(middle, low, high, values.size)

    return cell


def _bias(other: str, one: str = "test_ml") -> Cell:
    def cell(scans: Sequence[PairedScan]) -> Figure:
        (first, second), subjects = _complete(scans, one, other)
        found = bland_altman(first - second, subjects=subjects)
        return Figure(found.bias, found.lower_limit, found.upper_limit, found.n)

    return cell


def _rising(name: str) -> Cell:
    def cell(scans: Sequence[PairedScan]) -> Figure:
        by_subject: dict[str, list[tuple[float, float]]] = {}
        for scan in scans:
            value = getattr(scan, name)
            if value is not None:
                by_subject.setdefault(scan.subject, []).append((scan.order, value))
        steps = [
            later[1] >= earlier[1]
            for series in by_subject.values()
            for earlier, later in pairwise(sorted(series))
        ]
        if not steps:
            raise NotEstimableError("No patient has two measured scans.")
        return Figure(100 * sum(steps) / len(steps), None, None, len(steps))

    return cell
