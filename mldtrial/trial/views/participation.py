"""Pages on consent and participation: a step, and its correction."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from mldtrial.trial import policies, selectors
from mldtrial.trial.forms.participation import StepEditForm, StepForm
from mldtrial.trial.services import participation
from mldtrial.trial.views.answers import patient_form, posted


@require_http_methods(["GET", "HEAD", "POST"])
def step_new(request: HttpRequest, study_code: str, patient_id: UUID) -> HttpResponse:
    """Record a consent, a withdrawal or an end of follow-up."""
    study = selectors.study(study_code, user=request.user)
    patient = selectors.patient(study, patient_id, user=request.user)
    policies.require(request.user, "record_participation", patient)
    form = StepForm(posted(request))
    return patient_form(
        request,
        "trial/participation_new.html",
        form,
        patient,
        save=lambda: participation.record_step(
            patient=patient, **form.cleaned_data, by=request.user
        ),
        say=lambda made: f"Recorded: {made}, {made.happened_on}.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
def step_edit(request: HttpRequest, study_code: str, disposition_id: UUID) -> HttpResponse:
    """Correct a step with a reason, or void one that was entered in error."""
    study = selectors.study(study_code, user=request.user)
    disposition = selectors.disposition(study, disposition_id, user=request.user)
    patient = disposition.patient
    policies.require(request.user, "record_participation", patient)
    form = StepEditForm(posted(request), record=disposition)
    return patient_form(
        request,
        "trial/participation_edit.html",
        form,
        patient,
        save=lambda: participation.correct_step(
            disposition=disposition, **form.values(), by=request.user
        ),
        say=lambda changed: f"The entry was changed: {changed}, {changed.happened_on}.",
    )
