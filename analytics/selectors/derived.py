"""How what is derived from the load goes with the scores: shares of the head, and changes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from analytics.selectors import correlations, loads
from analytics.selectors.cohort import Part
from analytics.selectors.columns import Columns, Mask
from analytics.selectors.correlations import RELATIONS, Lacking, Relation, Row
from analytics.selectors.load_columns import Floats, LoadColumns
from analytics.stats.correlation import kendall_tau_b
from analytics.stats.since_first import SinceFirst, since_first
from mldtrial.trial.models import AcqStratum, Study
from segmentation.models import TissueCode
from segmentation.selectors import tissue

AT_SCAN = "at_scan"
CHANGE = "change_since_first_scan"
PER_YEAR = "change_per_year_since_first_scan"
"""What a measure is, and what it is set against; these are values of the file."""
LOAD, SEVERITY = "load_ml", RELATIONS["load-severity"].column


@dataclass(frozen=True, slots=True)
class Derived:
    """A derived measure; its key is that of the exports, with the unit in it.

    Attributes
    ----------
    taken : str
        As what: a change goes with the change of a score over the same two scans.
    column : str
        Of the points, what it is derived from.
    """

    key: str
    name: str
    code: TissueCode | None = None
    taken: str = AT_SCAN
    column: str = LOAD


DERIVED = (
    Derived("load_percent_of_white_matter", "% of white matter", TissueCode.WHITE_MATTER),
    Derived("load_percent_of_brain", "% of brain", TissueCode.BRAIN),
    Derived("load_percent_of_intracranial", "% of intracranial", TissueCode.INTRACRANIAL),
    Derived("load_change_since_first_ml", "change, mL", taken=CHANGE),
    Derived("load_change_per_year_ml", "change, mL/year", taken=PER_YEAR),
    Derived("mri_severity_change_since_first", "change, MRI score", taken=CHANGE, column=SEVERITY),
)
OF_A_CHANGE = Lacking(
    scans="no change of this score", loads="all changes are equal",
    scores="all changes of the score are equal",
)  # fmt: skip
OF_A_MEASURE = Lacking(loads="all values of the measure are equal")
ITSELF = "the same measure"


@dataclass(frozen=True, slots=True)
class DerivedCell:
    """How a measure goes with a score.

    Attributes
    ----------
    tau_b : float or None
        Kendall's, which allows for the many ties of few levels; None where there is no rho.
    score_taken : str
        As what the score is taken.
    """

    row: Row
    tau_b: float | None
    score_taken: str


@dataclass(frozen=True, slots=True)
class DerivedRow:
    """The correlations of one measure in one stratum, a cell for each relation in their order."""

    stratum: str
    derived: Derived
    cells: tuple[DerivedCell, ...]


def table(study: Study, part: Part, *, user: Any, smallest_group: int) -> list[DerivedRow]:
    """Return the rank correlations of each derived measure with each score, 3D and 2D apart.

    Without intervals. Subtypes are taken together; the filters of the part tell them apart. A
    change is since the first scan of the patient in this part and stratum, and per year from half
    a year on. It goes with the change of the score over the same two scans, per year where it is
    per year; with the age at the later scan, for a change of age is but the time between them. A
    scan whose head has no volume of a kind is left out of that measure alone.

    Parameters
    ----------
    smallest_group : int
        Patients below which nothing is shown to this person.
    """
    pairs = _since_first(part.loads)
    shares = _shares(study, part.loads, user)
    taken = {
        AT_SCAN: part.columns,
        CHANGE: _changed(part, pairs, pairs.change),
        PER_YEAR: _changed(part, pairs, pairs.yearly),
    }

    def cells(one: Derived, stratum: str) -> tuple[DerivedCell, ...]:
        columns = taken[one.taken]
        values: Floats = shares[one.key] if one.code else getattr(columns, one.column)
        measured: Columns = replace(columns, load_ml=values).take(~np.isnan(values))
        return tuple(
            _cell(measured, one, relation, stratum, smallest_group)
            for relation in RELATIONS.values()
        )

    return [
        DerivedRow(stratum, one, cells(one, stratum))
        for stratum in part.filters.strata
        for one in DERIVED
    ]


def _cell(
    measured: Columns, one: Derived, relation: Relation, stratum: str, smallest: int
) -> DerivedCell:
    taken = one.taken if relation.is_score else AT_SCAN
    if relation.column == one.column:
        return DerivedCell(Row(stratum, "", 0, 0, None, None, None, ITSELF), None, taken)
    row = correlations.planned_of_stratum(
        measured, relation, stratum, smallest_group=smallest,
        lacking=OF_A_MEASURE if taken == AT_SCAN else OF_A_CHANGE,
    )  # fmt: skip
    sample = row.sample
    tau_b = None if sample is None else kendall_tau_b(*sample.measures)
    return DerivedCell(row, tau_b, taken)


def _shares(study: Study, shown: LoadColumns, user: Any) -> dict[str, Floats]:
    """Return the loads in percent of each volume, row by row; NaN where there is none."""
    codes = [one.code for one in DERIVED if one.code is not None]
    seen = loads.results(user=user).filter(run__visit__patient__study=study)
    percent = {str(run): found for run, found in tissue.percents(seen, codes).items()}
    none = (None,) * len(codes)
    rows: Sequence[Any] = [percent.get(run_id, none) for run_id in shown.run_id.tolist()]
    table_of = np.array(rows, float).reshape(len(rows), len(codes))
    keys = [one.key for one in DERIVED if one.code is not None]
    return dict(zip(keys, table_of.T, strict=True))


def _since_first(shown: LoadColumns) -> SinceFirst:
    strata = np.unique(shown.stratum, return_inverse=True)[1]
    subjects = shown.patient * len(AcqStratum.values) + strata
    return since_first(subjects, _days(shown))


def _days(shown: LoadColumns) -> Floats:
    return shown.scanned_on.astype("datetime64[D]").astype(float)


def _changed(part: Part, pairs: SinceFirst, change_of: Callable[[Floats], Floats]) -> Columns:
    """Return the points with the changes of their load and scores in place of these."""
    found: dict[str, Any] = {LOAD: change_of(part.columns.load_ml)}
    for relation in RELATIONS.values():
        if relation.is_score:
            change = change_of(relation.of(part.columns))
            found[relation.column] = np.where(_is_one(part, relation, pairs), np.nan, change)
    return replace(part.columns, **found)


def _is_one(part: Part, relation: Relation, pairs: SinceFirst) -> Mask:
    """Return where both scans have one and the same assessment, which tells of no change."""
    if not relation.gap_column:
        return np.zeros(part.size, bool)
    gaps: Floats = getattr(part.columns, relation.gap_column)
    assessed = _days(part.loads) + gaps
    found: Mask = assessed == assessed[pairs.first]
    return found
