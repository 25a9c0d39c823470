"""The overview: how far a study has come, in tables and charts."""

from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from analytics.figures.overview import accrual_figure, bars_figure
from analytics.selectors import overview as figures_of
from analytics.selectors.overview import Scope
from analytics.selectors.tally import Row
from analytics.stats.progress import cumulative, is_safe, months_between
from analytics.views import charts
from mldtrial.trial import policies, selectors
from mldtrial.trial.models import Study

SHOWN_ROWS = 12
"""Of months and sites; the earlier ones are folded."""


@require_safe
def overview_page(request: HttpRequest, study_code: str) -> HttpResponse:
    """Show accrual, completeness, turnaround, quality and open queries of a study."""
    scope = _scope(request, study_code)
    days = figures_of.enrolment_days(scope)
    enrolled = sum(len(own) for own in days.values())
    waits = figures_of.turnaround(scope)
    months = figures_of.activity(scope)
    context = {
        "study": scope.study,
        "is_whole_only": scope.is_whole_only,
        "may_load_allocation": policies.may(request.user, "load_allocation", scope.study),
        "smallest": scope.smallest,
        "has_impossible_waits": any(row.has_impossible for row in waits),
        "enrolled": enrolled if is_safe((enrolled,), scope.smallest) else None,
        "sites": [] if scope.is_whole_only else [(code, len(own)) for code, own in days.items()],
        "columns": figures_of.COLUMNS,
        "completeness": figures_of.completeness(scope),
        "turnaround": waits,
        "uploads": figures_of.uploads(scope),
        "refusals": figures_of.refusals(scope),
        "bands": figures_of.QUERY_BANDS,
        "queries": figures_of.open_queries(scope),
        "months": [months[:SHOWN_ROWS], months[SHOWN_ROWS:]] if months else [],
        "charts": _charts(scope),
    }
    return render(request, "analytics/overview.html", context)


@require_safe
def overview_chart(request: HttpRequest, study_code: str, name: str) -> HttpResponse:
    """Return one chart of the overview."""
    scope = _scope(request, study_code)
    drawn = {"accrual": _accrual, "completeness": _completeness, "queries": _queries}.get(name)
    if drawn is None or (name == "accrual" and scope.is_whole_only):
        raise Http404("No such chart.")
    return charts.answer(drawn(scope))


def _scope(request: HttpRequest, study_code: str) -> Scope:
    study = selectors.study(study_code, user=request.user)
    policies.require(request.user, "view_overview", study)
    return figures_of.scope_of(study, user=request.user)


def _charts(scope: Scope) -> dict[str, str]:
    # A curve over months would show its small steps, so it is drawn for nobody who may not
    # see single patients.
    names = ("completeness", "queries") if scope.is_whole_only else CHARTS
    return {name: reverse("overview_chart", args=[scope.study.code, name]) for name in names}


CHARTS = ("accrual", "completeness", "queries")


def _accrual(scope: Scope) -> dict[str, Any]:
    days = figures_of.enrolment_days(scope)
    every = [day for own in days.values() for day in own]
    months = months_between(min(every), max(every)) if every else []
    by_site = {code: cumulative(own, months) for code, own in days.items()}
    return accrual_figure(
        [month.isoformat() for month in months], by_site, target=_target(scope.study)
    )


def _target(study: Study) -> tuple[str, int] | None:
    if study.accrual_target is None or study.accrual_target_on is None:
        return None
    return study.accrual_target_on.isoformat(), study.accrual_target


def _completeness(scope: Scope) -> dict[str, Any]:
    found = figures_of.completeness(scope)
    rows = [row for row in found if not row.is_hidden]
    columns = zip(*(row.cells for row in rows), strict=True) if rows else ()
    return bars_figure(
        [row.name for row in rows],
        dict(zip(figures_of.COLUMNS, columns, strict=False)),
        title="Planned visits",
        label_axis="Planned visit",
        count_axis="Visits",
        nothing="No visit is planned yet.",
        withheld=_withheld(found, scope),
    )


def _queries(scope: Scope) -> dict[str, Any]:
    found = figures_of.open_queries(scope)
    sites = [r for r in found if r.name != figures_of.WHOLE or scope.is_whole_only]
    return bars_figure(
        list(figures_of.QUERY_BANDS),
        {row.name: row.cells for row in sites if not row.is_hidden},
        title="Open queries",
        label_axis="Open for",
        count_axis="Queries",
        nothing="No query is open.",
        withheld=_withheld(sites, scope),
    )


def _withheld(rows: Sequence[Row], scope: Scope) -> str:
    """Return why some of the rows are not drawn; empty where all of them are."""
    if not any(row.is_hidden for row in rows):
        return ""
    return f"groups of fewer than {scope.smallest} patients are not shown"
