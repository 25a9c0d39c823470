"""The figures of the cohort page: points in, figures of `analytics.figures` out."""

from collections.abc import Sequence
from html import escape
from typing import Any

from django.urls import reverse

from analytics.figures.cohort import LABELLED_UP_TO, CohortMark, cohort_figure
from analytics.figures.curves import CurveMark, curves_figure
from analytics.figures.heat_map import Cell, heat_map_figure
from analytics.figures.levels import levels_figure
from analytics.selectors.cohort import CohortPoint
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


def scatter(points: Sequence[CohortPoint], relation: Relation, study: Study) -> dict[str, Any]:
    """Return the chart of one relation."""
    return cohort_figure(
        _marks(points, relation, study),
        title=relation.title,
        score_label=relation.score_label,
        n_patients=_count_patients(points),
    )


def _marks(points: Sequence[CohortPoint], relation: Relation, study: Study) -> list[CohortMark]:
    is_labelled = len(points) <= LABELLED_UP_TO
    return [
        CohortMark(
            load_ml=point.load_ml,
            score=score,
            acq_stratum=point.acq_stratum,
            subtype=SUBTYPE_NAMES[Subtype(point.subtype)],
            subject_code=point.subject_code,
            **(_labels(relation, point, study) if is_labelled else {}),
        )
        for point in points
        if (score := relation.value(point)) is not None
    ]


def _labels(relation: Relation, point: CohortPoint, study: Study) -> dict[str, str]:
    return {
        "label": escape(f"{point.subject_code}, {point.visit_name}{_gap(relation, point)}"),
        "url": reverse("patient", args=[study.code, point.patient_id]),
    }


def _gap(relation: Relation, point: CohortPoint) -> str:
    """Return how far the score lies from the scan, in words; nothing where it is the same day."""
    days = relation.gap_days(point)
    if not days:
        return ""
    number = f"{abs(days)} day{'s' if abs(days) != 1 else ''}"
    return f", score {number} {'before' if days < 0 else 'after'} the scan"


def curves(points: Sequence[CohortPoint], relation: Relation, study: Study) -> dict[str, Any]:
    """Return the loads against age, each patient a line; points come by patient and age."""
    is_labelled = len(points) <= LABELLED_UP_TO
    marks = [
        CurveMark(
            subject_code=point.subject_code,
            age_months=point.age_months,
            load_ml=point.load_ml,
            acq_stratum=point.acq_stratum,
            **(_labels(relation, point, study) if is_labelled else {}),
        )
        for point in points
    ]
    return curves_figure(marks, title=CURVES_TITLE, n_patients=_count_patients(points))


def levels(points: Sequence[CohortPoint], relation: Relation, study: Study) -> dict[str, Any]:
    """Return the loads at each level as boxes."""
    return levels_figure(
        _marks(points, relation, study),
        title=LEVELS_TITLE,
        n_patients=_count_patients(points),
    )


def heat_map(found: Sequence[Estimated]) -> dict[str, Any]:
    """Return the correlations of the tables side by side: a row for each group that one has."""
    by_group = {
        (row.stratum, row.subtype): row.n for estimated in found for row in estimated.rows if row.n
    }
    rows = {
        f"{stratum}, {SUBTYPE_NAMES[Subtype(subtype)] if subtype else ALL_SUBTYPES}": [
            _cell(estimated.rows, (stratum, subtype)) for estimated in found
        ]
        for stratum in AcqStratum.values
        for subtype in ("", *Subtype)
        if (stratum, subtype) in by_group
    }
    columns = [_head(estimated.relation.noun) for estimated in found]
    return heat_map_figure(rows, columns=columns, title=HEAT_MAP_TITLE)


def _cell(rows: Sequence[Row], group: tuple[str, str]) -> Cell:
    """Return the cell of a group; a table without the group has no scan of it with the score."""
    row = next((row for row in rows if (row.stratum, row.subtype) == group), None)
    if row is None:
        return Cell(None, "", 0, 0, "no scan with this score")
    written = "" if row.rho is None else number(row.rho, DIGITS)
    return Cell(row.rho, written, row.n, row.n_patients, row.reason)


def _head(noun: str) -> str:
    """Return a short name of a score, for a narrow column."""
    short = noun.replace("-MLD", "")
    return short[:1].upper() + short[1:]


def _count_patients(points: Sequence[CohortPoint]) -> int:
    return len({point.patient_id for point in points})
