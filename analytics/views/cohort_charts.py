"""The figures of the cohort page: points in, figures of `analytics.figures` out."""

from collections.abc import Sequence
from html import escape
from typing import Any

from django.urls import reverse

from analytics.figures.cohort import cohort_figure
from analytics.figures.curves import curves_figure
from analytics.figures.heat_map import Cell, heat_map_figure
from analytics.figures.levels import levels_figure
from analytics.figures.marks import LABELLED_UP_TO, Marks, in_order
from analytics.selectors.cohort_point import CohortPoint
from analytics.selectors.columns import Columns
from analytics.selectors.correlations import Relation, Row
from analytics.selectors.relations import Estimated
from analytics.views.paper import number
from mldtrial.trial.models import AcqStratum, Study
from mldtrial.trial.rules.subtype import SUBTYPE_NAMES, Subtype

CURVES_TITLE = "All patients' curves"
LEVELS_TITLE = "Load by GMFC-MLD level"
HEAT_MAP_TITLE = "ρ of load and score"
ALL_SUBTYPES = "all subtypes"
DIGITS = 2
"""Of a correlation, as in the tables."""


def scatter(columns: Columns, relation: Relation, study: Study) -> dict[str, Any]:
    """Return the chart of one relation, of points that have its score."""
    return cohort_figure(
        _marks(columns, relation, study),
        title=relation.title,
        score_label=relation.score_label,
        n_patients=columns.n_patients,
    )


def _marks(columns: Columns, relation: Relation, study: Study) -> Marks:
    is_labelled = columns.load_ml.size <= LABELLED_UP_TO
    codes, place = in_order(columns.subject_codes)
    return Marks(
        load_ml=columns.load_ml,
        score=relation.of(columns),
        stratum=columns.stratum,
        subtype=columns.subtype_places(),
        subtypes=[SUBTYPE_NAMES[kind] for kind in Subtype],
        subject=place[columns.patient],
        subject_codes=codes,
        links=[_link(relation, one, study) for one in columns.points()] if is_labelled else (),
    )


def _link(relation: Relation, point: CohortPoint, study: Study) -> tuple[str, str]:
    label = escape(f"{point.subject_code}, {point.visit_name}{_gap(relation, point)}")
    return reverse("patient", args=[study.code, point.patient_id]), label


def _gap(relation: Relation, point: CohortPoint) -> str:
    """Return how far the score lies from the scan, in words; nothing where it is the same day."""
    days = relation.gap_days(point)
    if not days:
        return ""
    number = f"{abs(days)} day{'s' if abs(days) != 1 else ''}"
    return f", score {number} {'before' if days < 0 else 'after'} the scan"


def curves(columns: Columns, relation: Relation, study: Study) -> dict[str, Any]:
    """Return the loads against age, each patient a line."""
    marks = _marks(columns, relation, study)
    return curves_figure(marks, title=CURVES_TITLE, n_patients=columns.n_patients)


def levels(columns: Columns, relation: Relation, study: Study) -> dict[str, Any]:
    """Return the loads at each level as boxes."""
    marks = _marks(columns, relation, study)
    return levels_figure(marks, title=LEVELS_TITLE, n_patients=columns.n_patients)


def heat_map(found: Sequence[Estimated]) -> dict[str, Any]:
    """Return the correlations of the tables side by side: a row for each group that one has."""
    by_group = {
        (row.stratum, row.subtype): row.n for estimated in found for row in estimated.rows if row.n
    }
    rows = {
        f"{stratum}, {SUBTYPE_NAMES[Subtype(subtype)] if subtype else ALL_SUBTYPES}": [
            _cell_of(estimated.rows, (stratum, subtype)) for estimated in found
        ]
        for stratum in AcqStratum.values
        for subtype in ("", *Subtype)
        if (stratum, subtype) in by_group
    }
    columns = [head(estimated.relation.noun) for estimated in found]
    return heat_map_figure(rows, columns=columns, title=HEAT_MAP_TITLE)


def _cell_of(rows: Sequence[Row], group: tuple[str, str]) -> Cell:
    """Return the cell of a group; a table without the group has no scan of it with the score."""
    row = next((row for row in rows if (row.stratum, row.subtype) == group), None)
    return Cell(None, "", 0, 0, "no scan with this score") if row is None else cell(row)


def cell(row: Row) -> Cell:
    """Return a correlation as a cell of a heat map."""
    written = "" if row.rho is None else number(row.rho, DIGITS)
    return Cell(row.rho, written, row.n, row.n_patients, row.reason)


def head(noun: str) -> str:
    """Return a short name of a score, for a narrow column."""
    short = noun.replace("-MLD", "")
    return short[:1].upper() + short[1:]
