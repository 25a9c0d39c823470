"""How pages with a form answer: shown, refused with 422, or on to the patient's page."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from mldtrial.trial.forms.base import ServiceForm
from mldtrial.trial.models import Patient

UNPROCESSABLE = 422


def form_page(
    request: HttpRequest, template: str, form: ServiceForm, context: dict[str, Any]
) -> HttpResponse:
    """Show a form; a refused one is no success."""
    status = UNPROCESSABLE if form.errors else 200
    return render(request, template, {"form": form, **context}, status=status)


def to_patient(patient: Patient) -> HttpResponse:
    """Return to the patient's page."""
    return redirect("patient", study_code=patient.study.code, patient_id=patient.pk)
