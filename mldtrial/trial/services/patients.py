"""Enter patients, their treatments and their visits."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from mldtrial.audit.context import because
from mldtrial.trial import policies
from mldtrial.trial.models import (
    Origin,
    Patient,
    Site,
    Treatment,
    Visit,
    VisitDefinition,
)


def create_patient(
    *,
    site: Site,
    subject_code: str,
    sex: str,
    birth_month: date,
    onset_age_months: int | None = None,
    first_study_dose_on: date | None = None,
    origin: str = Origin.CLINICAL,
    by: Any,
) -> Patient:
    """Add a patient to a site.

    Parameters
    ----------
    birth_month : date
        Any day of the month of birth; only year and month are kept.
    by : User or None
        Who enters it; None for a command run by the operator of the system.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, or a value is not plausible.
    """
    if by is not None:
        policies.require(by, "add_patient", site)
    patient = Patient(
        study=site.study,
        site=site,
        subject_code=subject_code,
        sex=sex,
        birth_month=birth_month.replace(day=1),
        onset_age_months=onset_age_months,
        first_study_dose_on=first_study_dose_on,
        origin=origin,
    )
    _check_birth(patient)
    patient.full_clean()
    patient.save()
    return patient


def change_patient(*, patient: Patient, changes: dict[str, Any], reason: str, by: Any) -> Patient:
    """Correct a patient's record; the reason goes into the history.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the reason is missing, or a value is not plausible.
    """
    policies.require(by, "change_patient", patient)
    if not reason.strip():
        raise ValidationError({"reason": "Give the reason for the change."})
    for field, value in changes.items():
        setattr(patient, field, value)
    patient.birth_month = patient.birth_month.replace(day=1)
    _check_birth(patient)
    patient.full_clean()
    with because(reason):
        patient.save()
    return patient


def record_treatment(
    *, patient: Patient, kind: str, started_on: date, stopped_on: date | None = None, by: Any
) -> Treatment:
    """Document a therapy that is not the study product.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, or the dates are not plausible.
    """
    if by is not None:
        policies.require(by, "record_treatment", patient)
    _require_after_birth(patient, started_on, "started_on", "The treatment")
    treatment = Treatment(patient=patient, kind=kind, started_on=started_on, stopped_on=stopped_on)
    treatment.full_clean()
    treatment.save()
    return treatment


@transaction.atomic
def create_visit(
    *, patient: Patient, definition: VisitDefinition | None, visit_date: date, by: Any
) -> Visit:
    """Add a visit, planned (with a definition) or unscheduled (a decimal number).

    A visit outside its window is accepted: it is a protocol deviation, not an error.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the date is before birth or in the future, or the visit exists.
    """
    if by is not None:
        policies.require(by, "add_visit", patient)
    _require_after_birth(patient, visit_date, "date", "The visit")
    if visit_date > timezone.localdate():
        raise ValidationError({"date": "A visit cannot lie in the future."})
    number, name = _number_and_name(patient, definition, visit_date)
    visit = Visit(patient=patient, definition=definition, number=number, name=name, date=visit_date)
    visit.full_clean()
    visit.save()
    return visit


def _number_and_name(
    patient: Patient, definition: VisitDefinition | None, visit_date: date
) -> tuple[Decimal, str]:
    if definition is not None:
        if definition.study_id != patient.study_id:
            raise ValidationError({"definition": "This visit belongs to another study."})
        return definition.number, definition.name
    locked = Patient.objects.select_for_update().get(pk=patient.pk)
    earlier = locked.visits.filter(date__lt=visit_date).order_by("-number").first()
    number = (earlier.number if earlier else Decimal(0)) + Decimal("0.1")
    while locked.visits.filter(number=number).exists():
        number += Decimal("0.01")
    return number, f"Unscheduled {number.normalize()}"


def _check_birth(patient: Patient) -> None:
    if patient.birth_month > timezone.localdate():
        raise ValidationError({"birth_month": "The birth month lies in the future."})
    if patient.site.study_id != patient.study_id:
        raise ValidationError({"site": "This site belongs to another study."})


def _require_after_birth(patient: Patient, day: date, field: str, what: str) -> None:
    if day < patient.birth_month:
        raise ValidationError(
            {field: f"{what} lies before the patient's birth; check the date and the birth month."}
        )
