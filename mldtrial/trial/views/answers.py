"""How pages with a form answer: shown, refused with 422, or on to the patient's page."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme

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


def asked_next(request: HttpRequest) -> str:
    """Return the page of this site that was asked for before this one; empty for none."""
    asked = request.POST.get("next") or request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(asked, {request.get_host()}, request.is_secure())
    return asked if is_ours else ""
