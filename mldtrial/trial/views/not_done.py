"""Pages on what was not done: a planned visit, a sequence, a declaration corrected."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from mldtrial.trial import policies, selectors
from mldtrial.trial.forms.visits import NotDoneEditForm, ScanNotDoneForm, VisitNotDoneForm
from mldtrial.trial.models import NotDone
from mldtrial.trial.services import visits as services
from mldtrial.trial.views.answers import form_page, to_patient


@require_http_methods(["GET", "HEAD", "POST"])
def visit_not_done(
    request: HttpRequest, study_code: str, patient_id: UUID, definition_id: UUID
) -> HttpResponse:
    """Declare that a planned visit did not take place."""
    study = selectors.study(study_code, user=request.user)
    patient = selectors.patient(study, patient_id, user=request.user)
    policies.require(request.user, "declare_not_done", patient)
    definition = selectors.definition(study, definition_id, user=request.user)
    form = VisitNotDoneForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        declared = form.submit(
            lambda: services.declare_visit_not_done(
                patient=patient,
                definition=definition,
                reason=form.cleaned_data["reason"],
                by=request.user,
            )
        )
        if declared is not None:
            messages.success(request, f"{definition.name} was recorded as not done.")
            return to_patient(patient)
    context = {
        "patient": patient,
        "definition": definition,
        "entry": selectors.planned_visit(patient, definition),
    }
    return form_page(request, "trial/visit_not_done.html", form, context, changes=patient)


@require_http_methods(["GET", "HEAD", "POST"])
def scan_not_done(request: HttpRequest, study_code: str, visit_id: UUID) -> HttpResponse:
    """Declare that a sequence was not acquired at a visit."""
    study = selectors.study(study_code, user=request.user)
    visit = selectors.visit(study, visit_id, user=request.user)
    policies.require(request.user, "declare_not_done", visit)
    missing = selectors.undeclared_sequences(visit)
    form = ScanNotDoneForm(request.POST if request.method == "POST" else None, sequences=missing)
    if request.method == "POST" and form.is_valid():
        declared = form.submit(
            lambda: services.declare_scan_not_done(
                visit=visit,
                sequence=form.cleaned_data["sequence"],
                reason=form.cleaned_data["reason"],
                by=request.user,
            )
        )
        if declared is not None:
            messages.success(request, f"{declared} was recorded for {visit.name}.")
            return to_patient(visit.patient)
    context = {"patient": visit.patient, "visit": visit, "missing": missing}
    return form_page(request, "trial/scan_not_done.html", form, context, changes=visit)


@require_http_methods(["GET", "HEAD", "POST"])
def not_done_edit(request: HttpRequest, study_code: str, not_done_id: UUID) -> HttpResponse:
    """Correct a declaration, or take it back."""
    study = selectors.study(study_code, user=request.user)
    declared = selectors.not_done(study, not_done_id, user=request.user)
    policies.require(request.user, "declare_not_done", declared.patient)
    form = NotDoneEditForm(
        request.POST if request.method == "POST" else None, initial={"reason": declared.reason}
    )
    if request.method == "POST" and form.is_valid():
        changed = form.submit(lambda: _change(declared, form.cleaned_data, request.user))
        if changed is not None:
            what = "was corrected" if changed.is_current else "was taken back"
            messages.success(request, f"The declaration “{declared}” {what}.")
            return to_patient(declared.patient)
    context = {"patient": declared.patient, "declared": declared}
    return form_page(
        request,
        "trial/not_done_edit.html",
        form,
        context,
        changes=declared.visit or declared.patient,
    )


def _change(declared: NotDone, given: dict[str, Any], by: Any) -> NotDone:
    if given["what"] == NotDoneEditForm.TAKE_BACK:
        return services.take_back_not_done(
            declared=declared, change_reason=given["change_reason"], by=by
        )
    return services.correct_not_done(
        declared=declared, reason=given["reason"], change_reason=given["change_reason"], by=by
    )
