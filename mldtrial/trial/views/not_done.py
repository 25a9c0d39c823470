"""Pages on what was not done: a planned visit, a sequence, a declaration corrected."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from mldtrial.trial import policies, selectors
from mldtrial.trial.forms.visits import NotDoneEditForm, ScanNotDoneForm, VisitNotDoneForm
from mldtrial.trial.models import NotDone
from mldtrial.trial.services import visits as services
from mldtrial.trial.views.answers import patient_form, posted


@require_http_methods(["GET", "HEAD", "POST"])
def visit_not_done(
    request: HttpRequest, study_code: str, patient_id: UUID, definition_id: UUID
) -> HttpResponse:
    """Declare that a planned visit did not take place."""
    study = selectors.study(study_code, user=request.user)
    patient = selectors.patient(study, patient_id, user=request.user)
    policies.require(request.user, "declare_not_done", patient)
    definition = selectors.definition(study, definition_id, user=request.user)
    form = VisitNotDoneForm(posted(request))
    return patient_form(
        request,
        "trial/visit_not_done.html",
        form,
        patient,
        save=lambda: services.declare_visit_not_done(
            patient=patient, definition=definition, **form.cleaned_data, by=request.user
        ),
        say=lambda _declared: f"{definition.name} was recorded as not done.",
        about={
            "definition": definition,
            "entry": selectors.planned_visit(patient, definition),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def scan_not_done(request: HttpRequest, study_code: str, visit_id: UUID) -> HttpResponse:
    """Declare that a sequence was not acquired at a visit."""
    study = selectors.study(study_code, user=request.user)
    visit = selectors.visit(study, visit_id, user=request.user)
    policies.require(request.user, "declare_not_done", visit)
    missing = selectors.undeclared_sequences(visit)
    form = ScanNotDoneForm(posted(request), sequences=missing)
    return patient_form(
        request,
        "trial/scan_not_done.html",
        form,
        visit.patient,
        save=lambda: services.declare_scan_not_done(
            visit=visit, **form.cleaned_data, by=request.user
        ),
        say=lambda declared: f"{declared} was recorded for {visit.name}.",
        about={"visit": visit, "missing": missing},
        changes=visit,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def not_done_edit(request: HttpRequest, study_code: str, not_done_id: UUID) -> HttpResponse:
    """Correct a declaration, or take it back."""
    study = selectors.study(study_code, user=request.user)
    declared = selectors.not_done(study, not_done_id, user=request.user)
    policies.require(request.user, "declare_not_done", declared.patient)
    form = NotDoneEditForm(posted(request), record=declared)
    return patient_form(
        request,
        "trial/not_done_edit.html",
        form,
        declared.patient,
        save=lambda: _change(declared, form.cleaned_data, request.user),
        say=_what_changed,
        about={"declared": declared},
        changes=declared.visit or declared.patient,
    )


def _what_changed(declared: NotDone) -> str:
    what = "was corrected" if declared.is_current else "was taken back"
    return f"The declaration “{declared}” {what}."


def _change(declared: NotDone, given: dict[str, Any], by: Any) -> NotDone:
    if given["what"] == NotDoneEditForm.TAKE_BACK:
        return services.take_back_not_done(
            declared=declared, change_reason=given["change_reason"], by=by
        )
    return services.correct_not_done(
        declared=declared, reason=given["reason"], change_reason=given["change_reason"], by=by
    )
