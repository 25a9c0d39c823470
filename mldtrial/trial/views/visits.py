"""Pages on a visit: a new one and a correction."""

from contextlib import suppress
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from mldtrial.trial import policies, selectors
from mldtrial.trial.forms.visits import VisitEditForm, VisitForm
from mldtrial.trial.models import Visit, VisitDefinition
from mldtrial.trial.rules.calendar import today_in
from mldtrial.trial.rules.schedule import Standing
from mldtrial.trial.services import patients as services
from mldtrial.trial.services import visits as visit_services
from mldtrial.trial.views.answers import form_page, patient_form, posted, to_patient


@require_http_methods(["GET", "HEAD", "POST"])
def visit_new(request: HttpRequest, study_code: str, patient_id: UUID) -> HttpResponse:
    """Add a planned or an unscheduled visit."""
    study = selectors.study(study_code, user=request.user)
    patient = selectors.patient(study, patient_id, user=request.user)
    policies.require(request.user, "add_visit", patient)
    planned = {entry.definition.pk: entry for entry in selectors.schedule_of(patient)}

    def label(definition: VisitDefinition) -> str:
        entry = planned.get(definition.pk)
        if entry is None or entry.planned.opens is None:
            return definition.name
        return f"{definition.name}: {entry.planned.opens} to {entry.planned.closes}"

    form = VisitForm(
        posted(request),
        patient=patient,
        definitions=selectors.open_definitions(patient),
        label=label,
        initial=_asked_for(request, planned),
    )
    visit = form.submit(
        lambda: services.create_visit(
            patient=patient,
            definition=form.cleaned_data["definition"],
            visit_date=form.cleaned_data["date"],
            after_end_reason=form.cleaned_data.get("after_end_reason", ""),
            by=request.user,
        )
    )
    if visit is not None:
        _announce(request, visit)
        return to_patient(patient)
    return form_page(request, "trial/visit_new.html", form, {"patient": patient}, changes=patient)


def _announce(request: HttpRequest, visit: Visit) -> None:
    messages.success(request, f"{visit.name} on {visit.date} was added.")
    if visit.definition is None:
        return
    entry = selectors.planned_visit(visit.patient, visit.definition)
    if entry is not None and entry.days_outside:
        what = "before" if entry.days_outside < 0 else "after"
        messages.warning(
            request,
            f"This is {abs(entry.days_outside)} days {what} the window of {visit.name} "
            f"({entry.planned.opens} to {entry.planned.closes}). The visit was kept, and a "
            "protocol deviation was recorded.",
        )


def _asked_for(request: HttpRequest, planned: dict[UUID, selectors.PlannedVisit]) -> dict[str, Any]:
    """Return what the work list asked for: the planned visit, and today while it is due."""
    with suppress(ValueError):
        entry = planned.get(UUID(request.GET.get("planned", "")))
        if entry is not None:
            is_due = entry.standing == Standing.DUE
            today = today_in(entry.patient.site.time_zone)
            return {"definition": entry.definition, "date": today if is_due else None}
    return {}


@require_http_methods(["GET", "HEAD", "POST"])
def visit_edit(request: HttpRequest, study_code: str, visit_id: UUID) -> HttpResponse:
    """Correct the date of a visit, with a reason."""
    study = selectors.study(study_code, user=request.user)
    visit = selectors.visit(study, visit_id, user=request.user)
    policies.require(request.user, "change_visit", visit)
    form = VisitEditForm(posted(request), record=visit)
    return patient_form(
        request,
        "trial/visit_edit.html",
        form,
        visit.patient,
        save=lambda: visit_services.change_visit(
            visit=visit,
            visit_date=form.cleaned_data["date"],
            reason=form.cleaned_data["reason"],
            by=request.user,
        ),
        say=lambda changed: f"{changed.name} is now on {changed.date}.",
        about={"visit": visit},
        changes=visit,
    )
