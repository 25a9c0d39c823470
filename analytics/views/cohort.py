"""The cohort page: the load against the clinical scores."""

import json
from dataclasses import asdict
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from analytics import tasks
from analytics.selectors import changes, cohort, correlations, estimates, loads, relations
from analytics.selectors.cohort import Filters, trained_count, windows_of
from analytics.selectors.intervals import found as found_intervals
from analytics.services import intervals, rising
from analytics.services.intervals import Standing
from analytics.views import cohort_charts, cohort_filters
from analytics.views.cohort_figures import HEAT_MAP, place, study_of, with_query
from mldtrial.trial import policies
from mldtrial.trial.models import Study
from mldtrial.trial.rules.subtype import Subtype
from mldtrial.trial.services import access
from mldtrial.trial.views.patients import SUBTYPE_NAMES


@require_safe
def cohort_page(request: HttpRequest, study_code: str) -> HttpResponse:
    """Show all relations with their correlations; with ``?fragment=1`` the intervals waited for."""
    study = study_of(request, study_code)
    is_fragment = bool(request.GET.get("fragment"))
    filters = Filters.of(request.GET)
    if is_fragment:
        mine: dict[str, Any] = {"study": study, "by": request.user, "filters": filters}
        standing = intervals.standing(**mine)
        if standing == Standing.UNHEARD:
            intervals.note_ring(**mine)
            tasks.ring_intervals()
        if standing is not None:
            waiting = {"standing": standing, "fragment_url": _fragment_url(study, filters)}
            return render(request, "analytics/_intervals.html", waiting)
    smallest = policies.smallest_group(request.user, study)
    part = cohort.part(
        study, user=request.user, filters=filters, smallest_group=smallest,
        with_arms=not is_fragment,
    )  # fmt: skip
    if part.size:
        access.log_blinded_view(study=study, by=request.user, what="cohort")
    numbers = _numbers(request, study, part, smallest)
    if is_fragment:
        return render(request, "analytics/_cohort_numbers.html", {**numbers, "is_fragment": True})
    context = {
        **numbers,
        "changes": changes.by_visit(part.loads, smallest_group=smallest),
        "rising": rising.rising(part.loads, study, smallest_group=smallest),
        "study": study,
        "part": part,
        "curves": place(study, "curves", part.filters),
        "levels": place(study, "levels", part.filters),
        "correlations": place(study, HEAT_MAP, part.filters),
        "derived": place(study, "derived", part.filters),
        "selects": cohort_filters.selects(part),
        "narrowed_to": cohort_filters.words(part),
        "method": loads.active_model(),
        "scan_count": part.size,
        "trained_count": trained_count(study, user=request.user, columns=part.columns),
        "patient_count": part.columns.n_patients,
    }
    return render(request, "analytics/cohort.html", context)


def _numbers(
    request: HttpRequest,
    study: Study,
    part: cohort.Part,
    smallest: int,
) -> dict[str, Any]:
    """Return the relations with those intervals that are there; the others are ordered."""
    planned = relations.planned(part.columns, smallest)
    known = found_intervals(relations.samples(planned))
    shown = relations.with_intervals(planned, lambda sample: known.get(sample.key))
    standing = None
    if any(one.is_pending for one in shown):
        mine: dict[str, Any] = {"study": study, "by": request.user, "filters": part.filters}
        if intervals.order(**mine):
            tasks.ring_intervals()
        standing = intervals.standing(**mine) or Standing.WAITING
    windows = asdict(windows_of(study))
    return {
        "standing": standing,
        "heat_map": json.dumps(cohort_charts.heat_map(shown), allow_nan=False),
        "fragment_url": _fragment_url(study, part.filters),
        "seed": correlations.SEED,
        "resamples": correlations.RESAMPLES,
        "relations": [
            {
                "name": one.relation.name,
                "title": one.relation.title,
                "note": one.relation.note.format(**windows),
                "figure": place(study, one.relation.name, part.filters),
                "rows": [_table_row(row) for row in one.rows],
                **_estimates(one),
            }
            for one in shown
        ],
    }


def _fragment_url(study: Study, filters: Filters) -> str:
    asked = {**filters.asked, "fragment": "1"}
    return with_query(reverse("cohort", args=[study.code]), asked)


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
"""What each estimate is called, and the question it answers."""
DIGITS = {estimates.MIXED: 1}
"""Of an estimate; a correlation has two."""


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
