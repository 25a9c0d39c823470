"""How what is derived from the load goes with the scores: shares of the head, and changes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from analytics.selectors import correlations, loads
from analytics.selectors.cohort import Part
from analytics.selectors.columns import Columns
from analytics.selectors.correlations import RELATIONS, Row
from analytics.selectors.load_columns import Floats, LoadColumns
from analytics.stats.since_first import since_first
from mldtrial.trial.models import AcqStratum, Study
from segmentation.models import TissueCode
from segmentation.selectors import tissue


@dataclass(frozen=True, slots=True)
class Derived:
    """A measure that is made of loads; its key is that of the exports, with the unit in it."""

    key: str
    name: str
    code: TissueCode | None = None


DERIVED = (
    Derived("load_percent_of_white_matter", "% of white matter", TissueCode.WHITE_MATTER),
    Derived("load_percent_of_brain", "% of brain", TissueCode.BRAIN),
    Derived("load_percent_of_intracranial", "% of intracranial", TissueCode.INTRACRANIAL),
    Derived("load_change_since_first_ml", "change, mL"),
    Derived("load_change_per_year_ml", "change, mL/year"),
)


@dataclass(frozen=True, slots=True)
class DerivedRow:
    """The correlations of one measure in one stratum, a cell for each relation in their order."""

    stratum: str
    derived: Derived
    cells: tuple[Row, ...]


def table(study: Study, part: Part, *, user: Any, smallest_group: int) -> list[DerivedRow]:
    """Return Spearman's rank correlation of each derived measure with each score, 3D and 2D apart.

    Without intervals. Subtypes are taken together; the filters of the part tell them apart. A
    change is since the first scan of the patient in this part and stratum, and per year from half
    a year on. A scan whose head has no volume of a kind is left out of that measure alone.

    Parameters
    ----------
    smallest_group : int
        Patients below which nothing is shown to this person.
    """
    values = {**_shares(study, part.loads, user), **_changes(part.loads)}
    return [
        DerivedRow(stratum, one, _cells(part.columns, values[one.key], stratum, smallest_group))
        for stratum in part.filters.strata
        for one in DERIVED
    ]


def _cells(columns: Columns, values: Floats, stratum: str, smallest_group: int) -> tuple[Row, ...]:
    measured: Columns = replace(columns, load_ml=values).take(~np.isnan(values))
    return tuple(
        correlations.planned_of_stratum(measured, relation, stratum, smallest_group=smallest_group)
        for relation in RELATIONS.values()
    )


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


def _changes(shown: LoadColumns) -> dict[str, Floats]:
    strata = np.unique(shown.stratum, return_inverse=True)[1]
    subjects = shown.patient * len(AcqStratum.values) + strata
    days = shown.scanned_on.astype("datetime64[D]").astype(float)
    found = since_first(subjects, days, shown.load_ml)
    return {
        "load_change_since_first_ml": found.change,
        "load_change_per_year_ml": found.yearly,
    }
