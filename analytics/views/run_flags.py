"""The flags of one run with their decisions: a part of the page that says how a number was made."""

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
