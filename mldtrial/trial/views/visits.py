"""The page of a new visit."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from mldtrial.trial import policies, selectors
from mldtrial.trial.forms.visits import VisitForm
from mldtrial.trial.models import Visit, VisitDefinition
from mldtrial.trial.rules.calendar import days_outside
from mldtrial.trial.services import patients as services
from mldtrial.trial.views.answers import form_page, to_patient


@require_http_methods(["GET", "HEAD", "POST"])
def visit_new(request: HttpRequest, study_code: str, patient_id: UUID) -> HttpResponse:
    """Add a planned or an unscheduled visit."""
    study = selectors.study(study_code, user=request.user)
    patient = selectors.patient(study, patient_id, user=request.user)
    policies.require(request.user, "add_visit", patient)
    first_visit = selectors.first_visit_on(patient)

    def label(definition: VisitDefinition) -> str:
        days = selectors.window_of(patient, definition, first_visit=first_visit)
        return definition.name if days is None else f"{definition.name}: {days[0]} to {days[1]}"

    form = VisitForm(
        request.POST if request.method == "POST" else None,
        patient=patient,
        definitions=selectors.open_definitions(patient),
        label=label,
    )
    if request.method == "POST" and form.is_valid():
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
    return form_page(request, "trial/visit_new.html", form, {"patient": patient})


def _announce(request: HttpRequest, visit: Visit) -> None:
    messages.success(request, f"{visit.name} on {visit.date} was added.")
    if visit.definition is None:
        return
    first_visit = selectors.first_visit_on(visit.patient)
    days = selectors.window_of(visit.patient, visit.definition, first_visit=first_visit)
    outside = 0 if days is None else days_outside(visit.date, *days)
    if outside:
        what = "before" if outside < 0 else "after"
        messages.warning(
            request,
            f"This is {abs(outside)} days {what} the window of {visit.name} "
            f"({days[0]} to {days[1]}). The visit was kept.",  # type: ignore[index]
        )
