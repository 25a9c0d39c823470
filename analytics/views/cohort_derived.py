"""How what is derived from the load goes with the scores: a figure, and its data."""

from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from analytics.figures.heat_map import Cell, heat_map_figure
from analytics.selectors import derived
from analytics.selectors.cohort import Part
from analytics.selectors.correlations import RELATIONS
from analytics.selectors.derived import AT_SCAN, CHANGE, PER_YEAR, DerivedCell, DerivedRow
from analytics.selectors.loads import active_model
from analytics.services import cohort_tables
from analytics.views import charts, cohort_charts
from analytics.views.cohort_figures import Drawn, csv_file, drawn_once, part_asked_for, study_of
from analytics.views.paper import number
from analytics.views.unchanged import unless_unchanged
from mldtrial.trial import policies

NAME = "derived"
TITLE = "ρ of measure and score"


@require_safe
@unless_unchanged
def cohort_derived(request: HttpRequest, study_code: str) -> HttpResponse:
    """Return the correlations of the derived measures as a heat map."""
    study = study_of(request, study_code)

    def drawn(part: Part, smallest: int) -> Drawn:
        rows = derived.table(study, part, user=request.user, smallest_group=smallest)
        return Drawn(charts.answer(_figure(rows)).content, has_scans=bool(part.size))

    return drawn_once(request, study, NAME, drawn)


@require_safe
def cohort_derived_data(request: HttpRequest, study_code: str) -> HttpResponse:
    """Send the correlations of the derived measures as CSV."""
    study = study_of(request, study_code)
    policies.require(request.user, "export_rows", study)
    part, smallest = part_asked_for(request, study)
    rows = derived.table(study, part, user=request.user, smallest_group=smallest)
    content = cohort_tables.derived(
        study=study,
        figure=NAME,
        found=rows,
        method=active_model(),
        filters=part.filters,
        by=request.user,
    )
    return csv_file(study, NAME, part.filters, content)


TAKEN = {
    AT_SCAN: "",
    CHANGE: "with the change of the score",
    PER_YEAR: "with the change of the score per year",
}


def _cell(one: DerivedCell) -> Cell:
    """Return a cell that says beside rho what the measure is set against."""
    if one.tau_b is None:
        return cohort_charts.cell(one.row)
    tau = f"τb {number(one.tau_b, cohort_charts.DIGITS)}"
    beside = (tau, TAKEN[one.score_taken])
    return replace(cohort_charts.cell(one.row), beside=tuple(filter(None, beside)))


def _figure(rows: list[DerivedRow]) -> dict[str, Any]:
    return heat_map_figure(
        {f"{row.stratum}, {row.derived.name}": [_cell(one) for one in row.cells] for row in rows},
        columns=[cohort_charts.head(relation.noun) for relation in RELATIONS.values()],
        title=TITLE,
        measure="this",
        row_noun="measure",
    )
