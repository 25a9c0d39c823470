"""How the load goes with a clinical score, by stratum and subtype."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from analytics.selectors.cohort_filters import Filters
from analytics.selectors.cohort_point import CohortPoint
from analytics.selectors.columns import Columns, Mask, groups, patients_of_groups
from analytics.selectors.samples import RESAMPLES, SEED, Sample, computed
from analytics.stats.errors import NotEstimableError
from analytics.stats.ranked import FEWEST_PATIENTS, Interval, too_few
from mldtrial.trial.rules.subtype import Subtype

__all__ = ["RELATIONS", "RESAMPLES", "SEED", "Relation", "Row", "of_stratum", "planned", "table"]
WHOLE = Filters()
IntervalOf = Callable[[Sample], Interval | None]
"""Where an interval is taken from; None while it is being computed."""


@dataclass(frozen=True, slots=True)
class Relation:
    """A clinical score, or the age, to set against the load."""

    name: str
    title: str
    score_label: str
    noun: str
    step: str
    note: str
    column: str
    gap_column: str = ""
    is_score: bool = True

    def of(self, columns: Columns) -> NDArray[np.float64]:
        """Return the score of each point; NaN where there is none."""
        found: NDArray[np.float64] = getattr(columns, self.column)
        return found

    def is_contradicted(self, columns: Columns) -> Mask:
        """Return which points have no score because the nearest day has two that differ."""
        if not self.gap_column:
            return np.zeros(columns.patient.size, bool)
        found: Mask = np.isnan(self.of(columns)) & ~np.isnan(getattr(columns, self.gap_column))
        return found

    def is_left_out(self, point: CohortPoint) -> bool:
        """Return whether a point has no score because the nearest day has two that differ."""
        return self.value(point) is None and self.gap_days(point) is not None

    def left_out_words(self, count: int) -> str:
        """Return how many scans have no score for that reason; empty for none."""
        if not count:
            return ""
        scans = "1 scan" if count == 1 else f"{count} scans"
        return f"{scans} left out: on the nearest day two {self.noun}s that differ are on record."

    def value(self, point: CohortPoint) -> float | None:
        """Return the score of a point."""
        found = getattr(point, self.column)
        return None if found is None else float(found)

    def gap_days(self, point: CohortPoint) -> int | None:
        """Return how many days the score lies after the scan; None where that is no question."""
        found: int | None = getattr(point, self.gap_column) if self.gap_column else None
        return found


RELATIONS = {
    relation.name: relation
    for relation in (
        Relation(
            "load-gmfc",
            "Load and GMFC-MLD",
            "GMFC-MLD level",
            "GMFC-MLD level",
            "level",
            "Each load with the nearest GMFC-MLD: within {late_infantile_days} days in "
            "late-infantile patients, {other_days} days in others.",
            "gmfc_level",
            "gmfc_gap_days",
        ),
        Relation(
            "load-severity",
            "Load and MRI severity score",
            "MRI severity score (0 to 34)",
            "MRI severity score",
            "point",
            "Each load with the MRI severity score of the same visit, as two readers or an "
            "adjudicator settled it.",
            "severity_total",
        ),
        Relation(
            "load-elfc",
            "Load and ELFC-MLD",
            "ELFC-MLD level",
            "ELFC-MLD level",
            "level",
            "Each load with the nearest ELFC-MLD: within {late_infantile_days} days in "
            "late-infantile patients, {other_days} days in others.",
            "elfc_level",
            "elfc_gap_days",
        ),
        Relation(
            "load-age",
            "Load and age",
            "Age (months)",
            "age",
            "month",
            "Each load with the age at its visit. Of the disease, the course of single patients "
            "says more.",
            "age_months",
            is_score=False,
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Lacking:
    """Why there is no correlation, in few words, for a table."""

    scans: str = "no scan with this score"
    loads: str = "all loads are equal"
    scores: str = "all scores are equal"


USUAL = Lacking()


@dataclass(frozen=True, slots=True)
class Row:
    """The correlation in one group; numbers are None where it is not estimable.

    Attributes
    ----------
    sample : Sample or None
        What the interval is computed from; None where there is no correlation.
    """

    stratum: str
    subtype: str
    n: int
    n_patients: int
    rho: float | None
    ci_low: float | None
    ci_high: float | None
    reason: str
    sample: Sample | None = None

    @property
    def is_pending(self) -> bool:
        """True while the interval is being computed."""
        return self.rho is not None and self.ci_low is None


BY_SUBTYPE = ("stratum", "subtype")
"""What tells the groups of a scatter apart."""
BY_LEVEL = ("stratum", "gmfc_level")
"""And those of a box by level."""


def in_large_groups(columns: Columns, smallest: int, by: Sequence[str] = BY_SUBTYPE) -> Mask:
    """Return which points are of groups, of stratum and subtype by default, of enough patients."""
    group = groups([getattr(columns, name) for name in by], columns.patient.size)
    if smallest <= 1:
        return np.ones(group.size, bool)
    counts = patients_of_groups(group, columns.patient)
    is_large = [number for number, count in counts.items() if count >= smallest]
    return np.isin(group, is_large)


def table(
    columns: Columns, relation: Relation, *, smallest_group: int, narrowed: Filters = WHOLE
) -> list[Row]:
    """Return the correlations of 3D and of 2D scans, each whole and by subtype.

    The two strata are never pooled: their loads differ systematically. What the part is narrowed
    to has no row beside it that would be empty or the same again.
    """
    rows = planned(columns, relation, smallest_group=smallest_group, narrowed=narrowed)
    return [with_interval(row, computed) for row in rows]


def planned(
    columns: Columns, relation: Relation, *, smallest_group: int, narrowed: Filters = WHOLE
) -> list[Row]:
    """Return the rows of the table without their intervals, each with what it rests on."""
    scores = relation.of(columns)
    rows = []
    for stratum in narrowed.strata:
        here = (columns.stratum == stratum) & ~np.isnan(scores)
        rows.append(_row(columns, scores, here, (stratum, narrowed.subtype), smallest_group))
        for kind in () if narrowed.subtype else Subtype:
            of_kind = here & (columns.subtype == kind.value)
            if of_kind.any():
                found = _row(columns, scores, of_kind, (stratum, kind.value), smallest_group)
                rows.append(found)
    return rows


def of_stratum(
    columns: Columns, relation: Relation, stratum: str, *, smallest_group: int = 1
) -> Row:
    """Return the correlation of all scans of a stratum; without more, for who may see patients."""
    row = planned_of_stratum(columns, relation, stratum, smallest_group=smallest_group)
    return with_interval(row, computed)


def planned_of_stratum(
    columns: Columns,
    relation: Relation,
    stratum: str,
    *,
    smallest_group: int,
    lacking: Lacking = USUAL,
) -> Row:
    """Return the row of a whole stratum without its interval."""
    scores = relation.of(columns)
    here = (columns.stratum == stratum) & ~np.isnan(scores)
    return _row(columns, scores, here, (stratum, ""), smallest_group, lacking)


def with_interval(row: Row, interval_of: IntervalOf) -> Row:
    """Return a row with its interval, or as it is while that is being computed."""
    found = None if row.sample is None else interval_of(row.sample)
    if found is None:
        return row
    if found.reason:
        return replace(row, rho=None, reason=found.reason)
    return replace(row, ci_low=found.low, ci_high=found.high)


def too_small(smallest_group: int) -> str:
    """Return why a group is not shown to who may not see single patients."""
    return f"fewer than {smallest_group} patients, not shown"


def _row(
    columns: Columns,
    scores: NDArray[np.float64],
    here: Mask,
    group: tuple[str, str],
    smallest_group: int,
    lacking: Lacking = USUAL,
) -> Row:
    n, n_patients = int(here.sum()), columns.count_patients(here)
    if 0 < n_patients < smallest_group:
        return Row(*group, 0, 0, None, None, None, too_small(smallest_group))
    loads, levels = columns.load_ml[here], scores[here]
    reason = why_not(loads, levels, n_patients, lacking)
    if reason:
        return Row(*group, n, n_patients, None, None, None, reason)
    sample = Sample.of(loads, levels, columns.patient[here])
    try:
        rho = sample.value()
    except NotEstimableError as error:
        return Row(*group, n, n_patients, None, None, None, str(error))
    return Row(*group, n, n_patients, rho, None, None, "", sample)


def why_not(
    loads: NDArray[np.float64],
    scores: NDArray[np.float64],
    n_patients: int,
    lacking: Lacking = USUAL,
    fewest: int = FEWEST_PATIENTS,
) -> str:
    """Return the usual reasons against an estimate; empty if none."""
    if not loads.size:
        return lacking.scans
    if n_patients < fewest:
        return too_few(n_patients, fewest)
    if (loads == loads[0]).all():
        return lacking.loads
    if (scores == scores[0]).all():
        return lacking.scores
    return ""
