"""The cohort page: the load against the clinical scores."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from analytics import tasks
from analytics.selectors import changes, correlations, estimates, loads, relations
from analytics.selectors.cohort import (
    CohortPoint,
    Filters,
    cohort_points,
    scored_loads,
    trained_count,
    windows_of,
)
from analytics.selectors.intervals import found as found_intervals
from analytics.services import intervals, rising
from analytics.services.intervals import Standing
from analytics.views import charts
from analytics.views.unchanged import unless_unchanged
from mldtrial.trial import policies, selectors
from mldtrial.trial.models import AcqStratum, Study
from mldtrial.trial.rules.subtype import Subtype
from mldtrial.trial.services import access
from mldtrial.trial.views.patients import SUBTYPE_NAMES


@require_safe
def cohort_page(request: HttpRequest, study_code: str) -> HttpResponse:
    """Show all relations with their correlations; with ``?fragment=1`` the intervals waited for."""
    study = _study(request, study_code)
    filters = Filters.of(request.GET)
    if request.GET.get("fragment"):
        mine: dict[str, Any] = {"study": study, "by": request.user, "filters": filters}
        standing = intervals.standing(**mine)
        if standing == Standing.UNHEARD:
            intervals.note_ring(**mine)
            tasks.ring_intervals()
        if standing is not None:
            waiting = {"standing": standing, "fragment_url": _fragment_url(study, request)}
            return render(request, "analytics/_intervals.html", waiting)
    scored = scored_loads(study, user=request.user, filters=filters)
    points = [point for _, point in scored]
    if points:
        access.log_blinded_view(study=study, by=request.user, what="cohort")
    smallest = policies.smallest_group(request.user, study)
    numbers = _numbers(request, study, filters, points, smallest)
    if request.GET.get("fragment"):
        return render(request, "analytics/_cohort_numbers.html", {**numbers, "is_fragment": True})
    context = {
        **numbers,
        "changes": changes.by_visit([load for load, _ in scored], smallest_group=smallest),
        "rising": rising.rising([load for load, _ in scored], study, smallest_group=smallest),
        "study": study,
        "filters": filters,
        "strata": AcqStratum.choices,
        "subtypes": [(kind.value, SUBTYPE_NAMES[kind]) for kind in Subtype],
        "method": loads.active_model(),
        "scan_count": len(points),
        "trained_count": trained_count(study, user=request.user, points=points),
        "patient_count": len({point.patient_id for point in points}),
    }
    return render(request, "analytics/cohort.html", context)


def _numbers(
    request: HttpRequest,
    study: Study,
    filters: Filters,
    points: Sequence[CohortPoint],
    smallest: int,
) -> dict[str, Any]:
    """Return the relations with those intervals that are there; the others are ordered."""
    planned = relations.planned(points, smallest)
    known = found_intervals(relations.samples(planned))
    shown = relations.with_intervals(planned, lambda sample: known.get(sample.key))
    standing = None
    if any(one.is_pending for one in shown):
        mine: dict[str, Any] = {"study": study, "by": request.user, "filters": filters}
        if intervals.order(**mine):
            tasks.ring_intervals()
        standing = intervals.standing(**mine) or Standing.WAITING
    windows = asdict(windows_of(study))
    return {
        "standing": standing,
        "fragment_url": _fragment_url(study, request),
        "seed": correlations.SEED,
        "resamples": correlations.RESAMPLES,
        "relations": [
            {
                "name": one.relation.name,
                "title": one.relation.title,
                "note": one.relation.note.format(**windows),
                "url": _chart_url(study, one.relation.name, request),
                "rows": [_table_row(row) for row in one.rows],
                **_estimates(one),
            }
            for one in shown
        ],
    }


@require_safe
@unless_unchanged
def cohort_chart(request: HttpRequest, study_code: str, name: str) -> HttpResponse:
    """Return the chart of one relation."""
    study = _study(request, study_code)
    relation = correlations.RELATIONS.get(name)
    if relation is None:
        raise Http404("No such chart.")
    points = cohort_points(study, user=request.user, filters=Filters.of(request.GET))
    shown = correlations.paired(points, relation)
    shown = correlations.without_small_groups(shown, policies.smallest_group(request.user, study))
    if shown:
        access.log_blinded_view(study=study, by=request.user, what="cohort")
    return charts.answer(charts.cohort(shown, relation, study))


def _study(request: HttpRequest, study_code: str) -> Study:
    study = selectors.study(study_code, user=request.user)
    policies.require(request.user, "view_cohort", study)
    return study


def _chart_url(study: Study, name: str, request: HttpRequest) -> str:
    url = reverse("cohort_chart", args=[study.code, name])
    query = request.GET.urlencode()
    return f"{url}?{query}" if query else url


def _fragment_url(study: Study, request: HttpRequest) -> str:
    asked = request.GET.copy()
    asked["fragment"] = "1"
    return f"{reverse('cohort', args=[study.code])}?{asked.urlencode()}"


ESTIMATES = {
    estimates.POOLED: (
        "All scans (ρ)",
        "Does a higher load go with a higher {noun}, over everybody?",
    ),
    estimates.BY_SUBTYPE: (
        "Within subtypes (ρ)",
        "Does a higher load go with a higher {noun}, among patients of one subtype?",
    ),
    estimates.WITHIN: (
        "Within patients (r)",
        "Does a higher load go with a higher {noun}, from visit to visit of one patient?",
    ),
    estimates.MIXED: (
        "Mixed model (mL per {step})",
        "How much higher is the load for each {step} of the {noun}?",
    ),
}
DIGITS = {estimates.MIXED: 1}
"""Of an estimate; a correlation has two."""
"""What each estimate is called, and the question it answers."""


def _estimates(estimated: relations.Estimated) -> dict[str, Any]:
    """Return the estimates, a row each with a cell for each stratum, and what opposes."""
    relation, found = estimated.relation, estimated.side_by_side
    return {
        "noun": relation.noun,
        "strata": [one.stratum for one in found],
        "estimates": [
            {
                "label": label.format(step=relation.step),
                "question": question.format(noun=relation.noun, step=relation.step),
                "digits": DIGITS.get(name, 2),
                "cells": [one.estimates[name] for one in found],
            }
            for name, (label, question) in ESTIMATES.items()
        ],
        "oppositions": [
            {
                "stratum": one.stratum,
                "opposition": one.opposition,
                "first": one.estimates[one.opposition.first],
            }
            for one in found
            if one.opposition is not None
        ],
    }


def _table_row(row: correlations.Row) -> dict[str, Any]:
    label = SUBTYPE_NAMES[Subtype(row.subtype)] if row.subtype else "all subtypes"
    return {"row": row, "label": label}
