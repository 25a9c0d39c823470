"""When patients reach a level of GMFC-MLD, and whether that differs between groups."""

import json
from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from analytics.selectors import loads
from analytics.selectors.milestone_question import AGE, LONGEST_MONTHS, ONSET, SUBTYPE, Question
from analytics.selectors.milestone_results import results
from analytics.selectors.milestones import MilestonePart, part
from analytics.selectors.trained import trained_among
from analytics.services.milestone_export import milestone_times
from analytics.stats.milestone_groups import EVENTS_EACH
from analytics.views import milestone_words as words
from analytics.views.cohort_figures import study_of, with_query
from mldtrial.trial import policies
from mldtrial.trial.models import Study
from mldtrial.trial.services import access
from segmentation.models import ModelVersion


@require_safe
def milestones_page(request: HttpRequest, study_code: str) -> HttpResponse:
    """Show curves, tests and the model of the time to one milestone."""
    study = study_of(request, study_code)
    found = _part(request, study)
    question = found.question
    said = results(found)
    # Without the load as covariate the page rests on levels of function alone.
    if question.load_stratum and said.n_patients:
        access.log_blinded_view(study=study, by=request.user, what="milestones with load")
    method = _method(question)
    context = {
        "study": study,
        "part": found,
        "question": question,
        "said": said,
        "milestone": words.milestone(question),
        "narrowed_to": words.narrowed_to(found),
        "groups_by": words.GROUPINGS[question.by],
        "selects": words.selects(found),
        "longest_months": LONGEST_MONTHS,
        "begins": words.BEGINS[question.clock],
        "rows": words.curve_rows(said, question),
        "test": said.latest.test,
        "model": words.model(said, question),
        "places": words.places(said, question),
        "left_out": found.left_out(),
        "figure": json.dumps(words.figure(said, question), allow_nan=False),
        "events_each": EVENTS_EACH,
        "onset_url": _onset_url(study, question),
        "subtypes_mixed": [
            (name, _subtype_url(study, question, subtype))
            for subtype, name in words.subtypes_mixed(said)
        ],
        "method": method,
        "trained": trained_among(study, method, {str(one.patient) for one in said.episodes}),
        **_files(study, question),
    }
    return render(request, "analytics/milestones.html", context)


@require_safe
def milestones_data(request: HttpRequest, study_code: str) -> HttpResponse:
    """Send the times behind the curves as CSV."""
    study = study_of(request, study_code)
    policies.require(request.user, "export_rows", study)
    found = _part(request, study)
    content = milestone_times(
        study=study, part=found, method=_method(found.question), by=request.user
    )
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    name = f"{_files(study, found.question)['file_name']}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _part(request: HttpRequest, study: Study) -> MilestonePart:
    return part(
        study,
        user=request.user,
        question=Question.of(request.GET),
        smallest_group=policies.smallest_group(request.user, study),
    )


def _method(question: Question) -> ModelVersion | None:
    """Return the method whose loads the page rests on; None where it rests on levels alone."""
    return loads.active_model() if question.load_stratum else None


def _onset_url(study: Study, question: Question) -> str:
    """Return where subtypes are compared in time since onset, for who compares them by age."""
    if (question.by, question.clock) != (SUBTYPE, AGE) or question.filters.subtype:
        return ""
    return with_query(
        reverse("milestones", args=[study.code]), replace(question, clock=ONSET).asked
    )


def _subtype_url(study: Study, question: Question, subtype: str) -> str:
    """Return where the same is asked of one subtype."""
    only = replace(question, filters=replace(question.filters, subtype=subtype))
    return with_query(reverse("milestones", args=[study.code]), only.asked)


def _files(study: Study, question: Question) -> dict[str, Any]:
    parts = [study.code, "milestones", *question.asked.values(), timezone.localdate().isoformat()]
    url = reverse("milestones_data", args=[study.code])
    return {"file_name": "_".join(parts), "csv_url": with_query(url, question.asked)}
