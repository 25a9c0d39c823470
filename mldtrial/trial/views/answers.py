"""How pages with a form answer: shown, refused with 422, or on to the patient's page."""

from typing import Any

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme

from mldtrial.audit.models import LockLevel
from mldtrial.trial import selectors
from mldtrial.trial.models import Patient
from mldtrial.trial.selectors.locks import Lockable

CONFLICT = 409
UNPROCESSABLE = 422


def form_page(
    request: HttpRequest,
    template: str,
    form: Form,
    context: dict[str, Any],
    *,
    changes: Lockable | None = None,
    held_from: LockLevel = LockLevel.FROZEN,
) -> HttpResponse:
    """Show a form, or that the record it changes is locked; a refused form is no success.

    Parameters
    ----------
    changes : Visit, Patient or Study, optional
        What the form changes; None where no lock concerns it.
    held_from : LockLevel
        The weakest hold that closes the form.
    """
    held = None if changes is None else selectors.lock_of(changes)
    if held is not None and held.level < held_from:
        held = None
    status = UNPROCESSABLE if form.errors else 200
    if held is not None and request.method == "POST":
        status = CONFLICT
    return render(request, template, {"form": form, "held": held, **context}, status=status)


def to_patient(patient: Patient) -> HttpResponse:
    """Return to the patient's page."""
    return redirect("patient", study_code=patient.study.code, patient_id=patient.pk)


def asked_next(request: HttpRequest) -> str:
    """Return the page of this site that was asked for before this one; empty for none."""
    asked = request.POST.get("next") or request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(asked, {request.get_host()}, request.is_secure())
    return asked if is_ours else ""
