"""Record consent, its withdrawal and the end of follow-up: states, after which nothing is lost."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from mldtrial.audit.context import because, said
from mldtrial.trial import policies
from mldtrial.trial.models import Disposition, ParticipationState, Patient
from mldtrial.trial.rules.calendar import today_in
from mldtrial.trial.rules.participation import contradiction, participation
from mldtrial.trial.services import plausibility
from mldtrial.trial.services.saving import store

CHANGEABLE = frozenset({"step", "happened_on", "form_version", "note", "is_void"})
FOLLOWS = "Follows from the steps of consent and follow-up"


@transaction.atomic
def record_step(
    *,
    patient: Patient,
    step: str,
    happened_on: date,
    form_version: str = "",
    note: str = "",
    by: Any,
) -> Disposition:
    """Record a consent, a withdrawal or an end of follow-up, and the state it leads to.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the day is not plausible, or it contradicts another step.
    """
    if by is not None:
        policies.require(by, "record_participation", patient)
    locked = Patient.objects.select_for_update(of=("self",)).get(pk=patient.pk)
    made = Disposition(
        patient=locked,
        step=step,
        happened_on=happened_on,
        form_version=form_version.strip(),
        note=note.strip(),
    )
    return _store(made, locked)


@transaction.atomic
def correct_step(
    *, disposition: Disposition, changes: dict[str, Any], reason: str, by: Any
) -> Disposition:
    """Correct a step, or void one that was entered in error; the reason goes into the history.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the reason is missing, or the day is not plausible.
    """
    policies.require(by, "record_participation", disposition)
    if not reason.strip():
        raise ValidationError({"reason": "Give the reason for the change."})
    if unknown := set(changes) - CHANGEABLE:
        raise ValidationError(f"This cannot be changed here: {', '.join(sorted(unknown))}.")
    locked = Patient.objects.select_for_update(of=("self",)).get(pk=disposition.patient_id)
    found = Disposition.objects.get(pk=disposition.pk)
    for field, value in changes.items():
        setattr(found, field, value)
    with because(reason.strip()):
        return _store(found, locked)


def _store(disposition: Disposition, patient: Patient) -> Disposition:
    """Store a step and what all steps of the patient, who is locked, now add up to."""
    if disposition.happened_on < patient.birth_month:
        raise ValidationError({"happened_on": "This day lies before the patient's birth."})
    if disposition.happened_on > today_in(patient.site.time_zone):
        raise ValidationError({"happened_on": "This day lies in the future."})
    store(disposition)
    steps = [
        (step, on)
        for step, on in patient.dispositions.filter(is_void=False).values_list(
            "step", "happened_on"
        )
    ]
    if problem := contradiction(steps):
        raise ValidationError({"happened_on": problem})
    found = participation(steps)
    if (patient.participation, patient.withdrawn_on) != (found.state.value, found.ended_on):
        patient.participation = ParticipationState(found.state.value)
        patient.withdrawn_on = found.ended_on
        with because(said().get("reason") or FOLLOWS):
            store(patient)
    plausibility.check_patient(patient=patient)
    return disposition


@contextmanager
def entry(patient: Patient, day: date, after_end_reason: str = "") -> Iterator[None]:
    """Let a record of a day in; one after the end of follow-up needs a reason, which is kept.

    Raises
    ------
    ValidationError
        If the follow-up had ended by that day and no reason is given, or the patient had died.
    """
    ended = patient.withdrawn_on
    if ended is None or day <= ended:
        yield
        return
    state = patient.get_participation_display()
    if patient.participation == ParticipationState.DIED and _died_before(patient, day):
        raise ValidationError("The patient had died by this day; check the date.")
    if not after_end_reason.strip():
        raise ValidationError(
            {
                "after_end_reason": f"The follow-up ended on {ended} ({state}) and this is dated "
                "after it. Give a reason to record it all the same."
            }
        )
    with because(after_end_reason.strip()):
        yield


def _died_before(patient: Patient, day: date) -> bool:
    deaths = patient.dispositions.filter(step="DIED", is_void=False)
    return deaths.filter(happened_on__lt=day).exists()


def require_images_allowed(patient: Patient) -> None:
    """Refuse images of whoever has withdrawn the consent for them.

    Raises
    ------
    ValidationError
        In words, with the day.
    """
    steps = patient.dispositions.filter(is_void=False).values_list("step", "happened_on")
    withdrawn_on = participation(steps).images_withdrawn_on
    if withdrawn_on is not None:
        raise ValidationError(
            f"The consent for images was withdrawn on {withdrawn_on}: no image can be added. "
            "Record a new consent for images first, if there is one."
        )
