"""The figures of the cohort page: each as a chart, and the data behind it as a file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import numpy as np
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from analytics.selectors import causes, changes, cohort, kept, relations
from analytics.selectors.cohort import Filters
from analytics.selectors.columns import Columns, Mask
from analytics.selectors.correlations import (
    BY_LEVEL,
    BY_SUBTYPE,
    RELATIONS,
    WHOLE,
    Relation,
    in_large_groups,
)
from analytics.selectors.intervals import found as found_intervals
from analytics.selectors.loads import active_model
from analytics.services import cohort_export, cohort_tables, rising
from analytics.services.intervals import Standing
from analytics.views import charts, cohort_charts
from analytics.views.unchanged import unless_unchanged
from analytics.views.waited_for import ordered
from mldtrial.trial import policies, selectors
from mldtrial.trial.models import Study
from mldtrial.trial.services import access

HEAT_MAP = "correlations"
"""The figure of the page's own numbers: they come with the page, not by an address of its own."""
COURSES = "courses"
"""The file of the change by visit and of the courses that rise."""
CAUSES = "causes"
"""The file of what falls were due to: of the whole study, however the page is narrowed."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of scans: which it shows, and how it draws them."""

    relation: Relation
    draw: Callable[[Columns, Relation, Study], dict[str, Any]]
    is_by_level: bool = False

    def rows(self, columns: Columns, smallest_group: int) -> Mask:
        """Return which points the figure shows, without the groups too small for a person."""
        kept: Mask = ~np.isnan(self.relation.of(columns))
        for by in (BY_SUBTYPE, BY_LEVEL) if self.is_by_level else (BY_SUBTYPE,):
            kept[kept] = in_large_groups(columns.take(kept), smallest_group, by)
        return kept


@dataclass(frozen=True, slots=True)
class Drawn:
    """A figure as it is sent, and whether it shows any scan."""

    content: bytes
    has_scans: bool


FIGURES = {
    **{name: Figure(relation, cohort_charts.scatter) for name, relation in RELATIONS.items()},
    "curves": Figure(RELATIONS["load-age"], cohort_charts.curves),
    "levels": Figure(RELATIONS["load-gmfc"], cohort_charts.levels, is_by_level=True),
}


@require_safe
@unless_unchanged
def cohort_chart(request: HttpRequest, study_code: str, name: str) -> HttpResponse:
    """Return one figure of the cohort page."""
    study = study_of(request, study_code)
    figure = _figure(name)

    def drawn(part: cohort.Part, smallest: int) -> Drawn:
        shown = part.columns.take(figure.rows(part.columns, smallest))
        answer = charts.answer(figure.draw(shown, figure.relation, study))
        return Drawn(answer.content, has_scans=bool(shown.load_ml.size))

    return drawn_once(request, study, name, drawn)


def drawn_once(
    request: HttpRequest, study: Study, name: str, draw: Callable[[cohort.Part, int], Drawn]
) -> HttpResponse:
    """Send a figure of the part that is asked for, kept while the records stand (decision 0044).

    Parameters
    ----------
    draw : callable
        Given the part and the smallest group that the person may see; reads tracked tables alone.
    """
    filters = Filters.of(request.GET)
    smallest = policies.smallest_group(request.user, study)

    def drawn() -> Drawn:
        part = cohort.part(study, user=request.user, filters=filters, smallest_group=smallest)
        return draw(part, smallest)

    asked = ("cohort figure", name, kept.as_read(study), request.user.pk, filters, smallest)
    # Arms are no records: no number says that they have changed.
    found = drawn() if filters.arm else kept.by_state(asked, drawn)
    if found.has_scans:
        access.log_blinded_view(study=study, by=request.user, what="cohort")
    return HttpResponse(found.content, content_type="application/json")


@require_safe
def cohort_data(request: HttpRequest, study_code: str, name: str) -> HttpResponse:
    """Send the data behind one figure as CSV."""
    study = study_of(request, study_code)
    policies.require(request.user, "export_rows", study)
    if name == CAUSES:
        return csv_file(study, name, WHOLE, _causes(study, request.user))
    if name in TABLES:
        part, smallest = part_asked_for(request, study)
        content = TABLES[name](request, study, part, smallest)
    else:
        figure = _figure(name)
        part, smallest = part_asked_for(request, study)
        rows = figure.rows(part.columns, smallest)
        content = cohort_export.scans(
            study=study,
            figure=name,
            relation=figure.relation,
            columns=part.columns.take(rows),
            loads=part.loads.take(rows),
            method=active_model(),
            filters=part.filters,
            by=request.user,
        )
    return csv_file(study, name, part.filters, content)


def _correlations(request: HttpRequest, study: Study, part: cohort.Part, smallest: int) -> bytes:
    planned = relations.planned(part.columns, smallest, part.filters)
    known = found_intervals(relations.samples(planned))
    found = relations.with_intervals(planned, lambda sample: known.get(sample.key))
    standing = None
    if any(one.is_pending for one in found):
        standing = ordered(study, by=request.user, asked=part.filters)
    return cohort_tables.correlations(
        study=study,
        figure=HEAT_MAP,
        found=found,
        method=active_model(),
        is_given_up=standing == Standing.FAILED,
        filters=part.filters,
        by=request.user,
    )


def _courses(request: HttpRequest, study: Study, part: cohort.Part, smallest: int) -> bytes:
    strata = part.filters.strata
    return cohort_tables.courses(
        study=study,
        figure=COURSES,
        changes=changes.by_visit(part.loads, smallest_group=smallest),
        rising=rising.rising(part.loads, study, smallest_group=smallest, strata=strata),
        method=active_model(),
        filters=part.filters,
        by=request.user,
    )


def _causes(study: Study, user: Any) -> bytes:
    smallest = policies.smallest_group(user, study)
    found = causes.causes(study, user=user, smallest_group=smallest)
    return cohort_tables.causes(
        study=study, figure=CAUSES, found=found, method=active_model(), by=user
    )


TABLES = {HEAT_MAP: _correlations, COURSES: _courses}
"""Files of numbers that come with the page."""


def csv_file(study: Study, name: str, filters: Filters, content: bytes) -> HttpResponse:
    """Return the data of a figure as a file that is named by what it shows."""
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    called = f"{file_name(study, name, filters)}.csv"
    response["Content-Disposition"] = f'attachment; filename="{called}"'
    return response


def study_of(request: HttpRequest, study_code: str) -> Study:
    """Return the study of an address, for whoever may view its cohort."""
    study = selectors.study(study_code, user=request.user)
    policies.require(request.user, "view_cohort", study)
    return study


def place(study: Study, name: str, filters: Filters) -> dict[str, str]:
    """Return where a figure and its data are, and what its files are called."""
    found = {
        "file_name": file_name(study, name, filters),
        "csv_url": with_query(reverse("cohort_data", args=[study.code, name]), filters.asked),
    }
    if name not in (*TABLES, CAUSES):
        url = reverse("cohort_chart", args=[study.code, name])
        found["url"] = with_query(url, filters.asked)
    return found


def with_query(url: str, asked: Mapping[str, str]) -> str:
    """Return an address with what is asked for."""
    return f"{url}?{urlencode(asked)}" if asked else url


def _figure(name: str) -> Figure:
    if name not in FIGURES:
        raise Http404("No such chart.")
    return FIGURES[name]


def part_asked_for(request: HttpRequest, study: Study) -> tuple[cohort.Part, int]:
    """Return the part of the cohort that is asked for, and the smallest group shown in it."""
    smallest = policies.smallest_group(request.user, study)
    filters = Filters.of(request.GET)
    asked = cohort.part(study, user=request.user, filters=filters, smallest_group=smallest)
    return asked, smallest


def file_name(study: Study, name: str, filters: Filters) -> str:
    """Return what a file of a part of the cohort is called, without its ending."""
    parts = [study.code, name, *filters.asked.values(), timezone.localdate().isoformat()]
    return "_".join(parts)
