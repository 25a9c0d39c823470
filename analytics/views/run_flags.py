"""The flags of a run and the runs of a query: parts of pages, which lead to each other."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from analytics.selectors import decisions
from analytics.selectors import patient_page as page
from analytics.views.patient import log_view
from mldtrial.trial import selectors as trial
from segmentation import selectors


@require_safe
def run_flags(request: HttpRequest, study_code: str, run_id: UUID) -> HttpResponse:
    """Show what the review flagged at a run, and what was decided; empty for who sees no loads."""
    study = trial.study(study_code, user=request.user)
    run = selectors.run(run_id, user=request.user)
    if run.visit.patient.study_id != study.pk:
        raise Http404("No such run.")
    flags = page.flags_of_run(run, user=request.user)
    if flags:
        log_view(run.visit.patient, request.user)
    reviewed = decisions.reviewed(flags, user=request.user)
    return render(request, "analytics/_run_flags.html", {"reviewed": reviewed})


@require_safe
def query_runs(request: HttpRequest, query_id: UUID) -> HttpResponse:
    """Show the loads that a query asks about, each with its page; empty for who sees no loads."""
    query = trial.query(query_id, user=request.user)
    asked = page.runs_asked_about(query, user=request.user)
    if asked:
        log_view(query.patient, request.user)
    context = {"study": query.study, "asked": asked}
    return render(request, "analytics/_query_runs.html", context)
