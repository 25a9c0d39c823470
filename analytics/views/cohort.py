"""The cohort page: the load against the clinical scores."""

import json
from dataclasses import asdict
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from analytics.selectors import causes, cohort, correlations, estimates, kept, relations
from analytics.selectors.cohort import Filters, windows_of
from analytics.services.opposition_words import READ_GROUPS_FIRST, opposed
from analytics.stats.ranked import FEWEST_PATIENTS
from analytics.views import cohort_changes, cohort_charts, cohort_filters
from analytics.views.cohort_figures import CAUSES, COURSES, HEAT_MAP, place, study_of, with_query
from analytics.views.cohort_numbers import Numbers, numbers
from analytics.views.waited_for import asked_again, ordered
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
        standing = asked_again(study, by=request.user, asked=filters)
        if standing is not None:
            fragment_url = _fragment_url(study, filters, request.GET.get(DRAWN, ""))
            waiting = {"standing": standing, "fragment_url": fragment_url}
            return render(request, "analytics/_intervals.html", waiting)
    smallest = policies.smallest_group(request.user, study)
    said = numbers(study, user=request.user, filters=filters, smallest_group=smallest)
    if is_fragment and request.GET.get(DRAWN, _drawn(said)) != _drawn(said):
        # The rest of the page is of other records by now: one page tells of one state.
        return HttpResponse(headers={"HX-Refresh": "true"})
    if said.n_scans:
        access.log_blinded_view(study=study, by=request.user, what="cohort")
    shown = _numbers(request, study, said)
    if is_fragment:
        return render(request, "analytics/_cohort_numbers.html", {**shown, "is_fragment": True})
    arms = cohort.arms_to_choose(study, user=request.user)
    context = {
        **shown,
        "changes": said.changes,
        "change_figures": cohort_changes.figures(said.changes, study, said.filters),
        "rising": said.rising,
        "causes": _causes(study, user=request.user, smallest_group=smallest),
        "study": study,
        "is_withheld": said.is_withheld,
        "curves": place(study, "curves", said.filters),
        "levels": place(study, "levels", said.filters),
        "correlations": place(study, HEAT_MAP, said.filters),
        "derived": place(study, "derived", said.filters),
        "courses_url": place(study, COURSES, said.filters)["csv_url"],
        "causes_url": place(study, CAUSES, correlations.WHOLE)["csv_url"],
        "selects": cohort_filters.selects(said.filters, said.sites, arms),
        "narrowed_to": cohort_filters.words(said.filters),
        "method": said.method,
        "is_of_one_subtype": bool(said.filters.subtype),
        "scan_count": said.n_scans,
        "trained": said.trained,
        "patient_count": said.n_patients,
    }
    return render(request, "analytics/cohort.html", context)


def _causes(study: Study, *, user: Any, smallest_group: int) -> causes.Causes:
    asked = ("causes", user.pk, study.pk, smallest_group)
    return kept.by_state(
        asked, lambda: causes.causes(study, user=user, smallest_group=smallest_group)
    )


def _numbers(request: HttpRequest, study: Study, said: Numbers) -> dict[str, Any]:
    """Return the relations with those intervals that are there; the others are ordered."""
    standing = None
    if said.is_pending:
        standing = ordered(study, by=request.user, asked=said.filters)
    windows = asdict(windows_of(study))
    return {
        "standing": standing,
        "heat_map": json.dumps(cohort_charts.heat_map(said.relations), allow_nan=False),
        "fragment_url": _fragment_url(study, said.filters, _drawn(said)),
        "seed": correlations.SEED,
        "resamples": correlations.RESAMPLES,
        "fewest_patients": FEWEST_PATIENTS,
        "read_groups_first": "" if said.filters.subtype else READ_GROUPS_FIRST,
        "relations": [
            {
                "name": one.relation.name,
                "title": one.relation.title,
                "note": one.relation.note.format(**windows),
                "figure": place(study, one.relation.name, said.filters),
                "left_out": one.relation.left_out_words(one.n_contradicted),
                "rows": [_table_row(row, said.filters) for row in one.rows],
                **_estimates(one),
            }
            for one in said.relations
        ],
    }


DRAWN = "drawn"
"""In the address of the fragment: of how many scans and patients the page is, by which method."""


def _drawn(said: Numbers) -> str:
    method = "" if said.method is None else said.method.pk
    return f"{said.n_scans}.{said.n_patients}.{method}"


def _fragment_url(study: Study, filters: Filters, drawn: str) -> str:
    asked = {**filters.asked, "fragment": "1", DRAWN: drawn}
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
MONTH = "month"
"""A step so small that the load for one needs a second digit."""


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
                "digits": 1 if name == estimates.MIXED and relation.step != MONTH else 2,
                "cells": [(one.stratum, one.estimates[name]) for one in found],
            }
            for name, (label, question) in ESTIMATES.items()
        ],
        "oppositions": [said for one in found if (said := opposed(one, relation)) is not None],
    }


def _table_row(row: correlations.Row, narrowed: Filters) -> dict[str, Any]:
    label = SUBTYPE_NAMES[Subtype(row.subtype)] if row.subtype else "all subtypes"
    return {"row": row, "label": label, "is_whole": row.subtype == narrowed.subtype}
