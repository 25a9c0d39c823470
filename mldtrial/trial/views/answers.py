"""How pages with a form answer: shown, refused with 422, or on to the patient's page."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme

from mldtrial.audit.models import LockLevel
from mldtrial.trial import selectors
from mldtrial.trial.forms.base import ServiceForm
from mldtrial.trial.models import Patient
from mldtrial.trial.selectors.locks import Lockable

ResultT = TypeVar("ResultT")

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


def posted(request: HttpRequest) -> QueryDict | None:
    """Return what a form was sent with; None where it is only shown."""
    return request.POST if request.method == "POST" else None


def patient_form(
    request: HttpRequest,
    template: str,
    form: ServiceForm,
    patient: Patient,
    *,
    save: Callable[[], ResultT],
    say: Callable[[ResultT], str],
    about: dict[str, Any] | None = None,
    changes: Lockable | None = None,
) -> HttpResponse:
    """Save what a form says about a patient, say so and return to the patient's page.

    Where it was not sent, or refused, the form is shown.

    Parameters
    ----------
    say : callable
        What is said of what `save` returned.
    about : dict, optional
        What the template shows beside the patient.
    changes : Visit, Patient or Study, optional
        What the form changes, if it is not the patient.
    """
    saved = form.submit(save)
    if saved is not None:
        messages.success(request, say(saved))
        return to_patient(patient)
    context = {"patient": patient, **(about or {})}
    return form_page(request, template, form, context, changes=changes or patient)


def to_patient(patient: Patient) -> HttpResponse:
    """Return to the patient's page."""
    return redirect("patient", study_code=patient.study.code, patient_id=patient.pk)


def asked_next(request: HttpRequest) -> str:
    """Return the page of this site that was asked for before this one; empty for none."""
    asked = request.POST.get("next") or request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(asked, {request.get_host()}, request.is_secure())
    return asked if is_ours else ""
