"""The table of the reference study, filled with the numbers of other scans.

The study compares an nnU-Net with the conventional method on 130 test scans of 49 patients
(automated demyelination load in MLD, Clinical Neuroradiology, abstract). What its abstract
does not give is not given here either.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from analytics.stats.correlation import spearman_p
from analytics.stats.courses import false_alarms, planted_falls
from analytics.stats.monotonicity import Tolerance, pair_tolerance
from analytics.stats.paired import (
    Cell,
    Figure,
    PairedScan,
    bias,
    complete,
    count_pairs,
    count_patients,
    count_scans,
    falling,
    of_courses,
    quartiles,
    rising,
    told,
)
from analytics.stats.ranked import IntervalOf, Pending, planned, with_interval

STRATA = ("3D", "2D")
BEYOND_TOLERANCE = "lower by more than the tolerance"


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
    published_p : str
        What the abstract says of p, alike for 3D and 2D; empty where it says nothing.
    """

    quantity: str
    unit: str
    beside: str
    published: tuple[float | None, float | None]
    found: tuple[Figure, Figure]
    published_p: str = ""

    @property
    def is_by_tolerance(self) -> bool:
        """Whether the number depends on the tolerance that was given."""
        return self.quantity.endswith(BEYOND_TOLERANCE)

    @property
    def is_pending(self) -> bool:
        """True while an interval is being computed."""
        return any(isinstance(figure, Pending) for figure in self.found)


NOTHING = (None, None)
QUARTILES, INTERVAL, LIMITS = "quartiles", "95 % interval", "limits of agreement"


def method_table(
    scans: Sequence[PairedScan],
    *,
    n_resamples: int = 2000,
    seed: int = 0,
    tolerance: Tolerance | None = None,
) -> list[TableRow]:
    """Return the quantities of the reference study, with those of these scans beside them.

    As `planned_table`, with every interval.

    Parameters
    ----------
    n_resamples, seed : int
        Of the bootstrap.
    """
    rows = planned_table(scans, tolerance=tolerance)
    return with_intervals(rows, lambda one: one.interval(n_resamples, seed))


def with_intervals(rows: Sequence[TableRow], interval_of: IntervalOf) -> list[TableRow]:
    """Return rows with those intervals that are there."""

    def filled(row: TableRow) -> TableRow:
        first, second = (with_interval(figure, interval_of) for figure in row.found)
        return replace(row, found=(first, second))

    return [filled(row) for row in rows]


def planned_table(
    scans: Sequence[PairedScan], *, tolerance: Tolerance | None = None
) -> list[TableRow]:
    """Return the quantities of the reference study without the intervals that are resampled.

    Strata are never pooled. Those intervals are of the patient-cluster bootstrap, 95 %; limits of
    agreement know of repeated scans of a patient. Rows about ELFC-MLD are there where any scan has
    a level, and rows about the truth follow where any is known.

    Parameters
    ----------
    tolerance : callable, optional
        The largest fall between two scans that is noise; the default one without.
    """
    cells = _Cells(tolerance or pair_tolerance())
    has_elfc = any(scan.elfc_level is not None for scan in scans)
    quantities = cells.of_the_study(has_elfc=has_elfc)
    if any(scan.truth_ml is not None for scan in scans):
        quantities += cells.of_the_truth()
    parts = [[s for s in scans if s.acq_stratum == stratum] for stratum in STRATA]
    return [
        TableRow(
            quantity,
            unit,
            beside,
            published,
            (told(cell, parts[0]), told(cell, parts[1])),
            PUBLISHED_P.get(quantity, ""),
        )
        for quantity, unit, beside, published, cell in quantities
    ]


PUBLISHED_P = {"Test load with GMFC-MLD": "< 0.001"}
"""By quantity, for both strata: that of 73 and 57 independent scans, 0.0009 and below 0.00001."""
Quantity = tuple[str, str, str, tuple[float | None, float | None], Cell]


@dataclass(frozen=True, slots=True)
class _Cells:
    tolerance: Tolerance

    def of_the_study(self, *, has_elfc: bool) -> list[Quantity]:
        """Return what the abstract reports, and what belongs beside it."""
        return [
            ("Test scans", "", "", (73, 57), count_scans),
            ("Their patients", "", "", NOTHING, count_patients),
            ("Scans that both methods measured", "", "", NOTHING, count_pairs),
            ("Dice of the two masks, median", "", QUARTILES, (0.82, 0.75), quartiles("dice")),
            ("Test load less reference load", "mL", LIMITS, NOTHING, bias("reference_ml")),
            *self._with_score("GMFC-MLD", "gmfc_level", (0.38, 0.56), NOTHING),
            *self._with_score("MRI severity score", "severity_total", (0.48, 0.83), (0.28, 0.29)),
            *(self._with_score("ELFC-MLD", "elfc_level", NOTHING, NOTHING) if has_elfc else ()),
            ("Next scans of a patient: test load not lower", "%", "", NOTHING, rising("test_ml")),
            (
                "Next scans of a patient: reference load not lower",
                "%",
                "",
                NOTHING,
                rising("reference_ml"),
            ),
            *(
                (
                    f"Next scans of a patient: {name} load {BEYOND_TOLERANCE}",
                    "%",
                    "",
                    NOTHING,
                    falling(f"{name}_ml", self.tolerance),
                )
                for name in ("test", "reference")
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
                    quartiles(f"{name}_dice"),
                ),
                (
                    f"{name.capitalize()} load less true load",
                    "mL",
                    LIMITS,
                    NOTHING,
                    bias("truth_ml", f"{name}_ml"),
                ),
            ]
            rows += [
                (
                    f"Patients whose true load never falls: flagged by the {name} loads",
                    "%",
                    "",
                    NOTHING,
                    of_courses(f"{name}_ml", false_alarms),
                ),
                (
                    f"Planted falls of 1.5 tolerances: found by the {name} loads",
                    "%",
                    "",
                    NOTHING,
                    of_courses(f"{name}_ml", planted_falls),
                ),
            ]
        for score, field in (("GMFC-MLD", "gmfc_level"), ("MRI severity score", "severity_total")):
            cell = _ranked(field, "truth_ml")
            rows.append((f"True load with {score}", "rho", INTERVAL, NOTHING, cell))
        return rows

    def _with_score(
        self,
        score: str,
        field: str,
        test: tuple[float | None, float | None],
        reference: tuple[float | None, float | None],
    ) -> list[Quantity]:
        of_test = _tested if f"Test load with {score}" in PUBLISHED_P else _ranked
        return [
            (
                f"Test load with {score}",
                "rho",
                INTERVAL,
                test,
                of_test(field, "test_ml"),
            ),
            (
                f"Reference load with {score}",
                "rho",
                INTERVAL,
                reference,
                _ranked(field, "reference_ml"),
            ),
            (
                f"With {score}: test less reference",
                "rho",
                INTERVAL,
                NOTHING,
                _ranked(field, "test_ml", "reference_ml"),
            ),
        ]


def _ranked(*names: str) -> Cell:
    """Return how a score goes with a load, or how much better with one load than with another."""

    def cell(scans: Sequence[PairedScan]) -> Figure:
        return planned(*complete(scans, *names))

    return cell


def _tested(score: str, load: str) -> Cell:
    """Return how a score goes with a load, and p as the reference study has it."""

    def cell(scans: Sequence[PairedScan]) -> Figure:
        (scores, loads), subjects = complete(scans, score, load)
        found = planned((scores, loads), subjects)
        return replace(found, p_value=spearman_p(scores, loads))

    return cell
