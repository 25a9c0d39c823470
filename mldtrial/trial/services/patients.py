"""Enter patients, their treatments and their visits."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from mldtrial.audit.context import because
from mldtrial.trial import policies
from mldtrial.trial.models import (
    ElfcMldAssessment,
    GmfcMldAssessment,
    NotDone,
    Origin,
    Patient,
    Site,
    Treatment,
    Visit,
    VisitAnchor,
    VisitDefinition,
)
from mldtrial.trial.rules.age import age_months
from mldtrial.trial.rules.calendar import today_in
from mldtrial.trial.rules.participation import Step
from mldtrial.trial.rules.subject_code import CODE, person_in
from mldtrial.trial.rules.visit_number import unscheduled_number
from mldtrial.trial.services import deviations, duplicates, participation, plausibility
from mldtrial.trial.services.saving import store

DETAILS = frozenset(
    {
        "first_symptom",
        "genotype_class",
        "allele_1",
        "allele_2",
        "arsa_activity",
        "arsa_unit",
        "arsa_result",
        "urinary_sulfatides",
        "pseudodeficiency_ruled_out",
        "affected_sibling",
        "sibling_onset_age_months",
        "diagnosed_on",
    }
)
"""Covariates of diagnosis and family, each of which may be missing."""

CHANGEABLE = DETAILS | {
    "subject_code",
    "sex",
    "birth_month",
    "onset_age_months",
    "enrolled_on",
    "first_study_dose_on",
}
"""What a correction may touch; a patient moves to no other site and no other study."""

TREATMENT_DETAILS = frozenset(
    {"dose", "symptom_status", "conditioning", "donor", "chimerism_percent"}
)


@transaction.atomic
def create_patient(
    *,
    site: Site,
    subject_code: str,
    sex: str,
    birth_month: date,
    onset_age_months: int | None = None,
    enrolled_on: date | None = None,
    first_study_dose_on: date | None = None,
    consented_on: date | None = None,
    details: Mapping[str, Any] | None = None,
    is_another: bool = False,
    origin: str = Origin.CLINICAL,
    by: Any,
) -> Patient:
    """Add a patient to a site.

    Parameters
    ----------
    birth_month : date
        Any day of the month of birth; only year and month are kept.
    consented_on : date, optional
        The day of the first consent, recorded as a step of taking part.
    details : mapping, optional
        Covariates by the names of `DETAILS`.
    is_another : bool
        Said by the person where a patient of the same site looks like this one.
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
        enrolled_on=enrolled_on,
        first_study_dose_on=first_study_dose_on,
        origin=origin,
    )
    _set(patient, details or {}, DETAILS)
    _require_no_person(subject_code)
    check_ages(patient)
    alike = duplicates.alike_to(patient) if by is not None else []
    is_taken = Patient.objects.filter(study=site.study, subject_code=subject_code).exists()
    if not is_another and not is_taken:  # a code that is taken is the plainer fault, said below
        duplicates.require_confirmed(patient, alike)
    store(patient)
    duplicates.ask_data_manager(patient, alike)
    if consented_on is not None:
        _record_consent(patient, consented_on)
    return patient


def _record_consent(patient: Patient, consented_on: date) -> None:
    try:
        participation.record_step(
            patient=patient, step=Step.CONSENT, happened_on=consented_on, by=None
        )
    except ValidationError as error:
        raise ValidationError({"consented_on": error.messages}) from error
    patient.refresh_from_db(fields=["participation", "withdrawn_on"])


@transaction.atomic
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
    locked = Patient.objects.select_for_update(of=("self",)).get(pk=patient.pk)
    _set(locked, changes, CHANGEABLE)
    if "subject_code" in changes:
        _require_no_person(locked.subject_code)
    locked.birth_month = locked.birth_month.replace(day=1)
    check_ages(locked)
    _check_nothing_before_birth(locked)
    with because(reason.strip()):
        store(locked)
    deviations.review_windows(patient=locked)
    plausibility.check_patient(patient=locked)
    return locked


def _require_no_person(subject_code: str) -> None:
    # What is no code at all, the field itself says.
    if CODE.fullmatch(subject_code) and (problem := person_in(subject_code)):
        raise ValidationError({"subject_code": f"{problem[:1].upper()}{problem[1:]}."})


def _set(record: Patient | Treatment, values: Mapping[str, Any], allowed: frozenset[str]) -> None:
    if unknown := set(values) - allowed:
        raise ValidationError(f"This cannot be changed here: {', '.join(sorted(unknown))}.")
    for field, value in values.items():
        setattr(record, field, value)


@transaction.atomic
def record_treatment(
    *,
    patient: Patient,
    kind: str,
    started_on: date,
    stopped_on: date | None = None,
    details: Mapping[str, Any] | None = None,
    after_end_reason: str = "",
    by: Any,
) -> Treatment:
    """Document a therapy that is not the study product.

    Parameters
    ----------
    details : mapping, optional
        Particulars by the names of `TREATMENT_DETAILS`.
    after_end_reason : str
        Why one after the end of the follow-up is recorded all the same.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, or the dates are not plausible.
    """
    if by is not None:
        policies.require(by, "record_treatment", patient)
    patient = Patient.objects.select_for_update(of=("self",)).get(pk=patient.pk)
    treatment = Treatment(patient=patient, kind=kind, started_on=started_on, stopped_on=stopped_on)
    _set(treatment, details or {}, TREATMENT_DETAILS)
    check_treatment(treatment)
    with participation.entry(patient, started_on, after_end_reason):
        store(treatment)
    deviations.review_windows(patient=patient)
    plausibility.check_patient(patient=patient)
    return treatment


@transaction.atomic
def change_treatment(
    *, treatment: Treatment, changes: dict[str, Any], reason: str, by: Any
) -> Treatment:
    """Correct a documented therapy; the reason goes into the history.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the reason is missing, or a value is not plausible.
    """
    policies.require(by, "record_treatment", treatment)
    if not reason.strip():
        raise ValidationError({"reason": "Give the reason for the change."})
    patient = Patient.objects.select_for_update(of=("self",)).get(pk=treatment.patient_id)
    locked = Treatment.objects.select_for_update(of=("self",)).get(pk=treatment.pk)
    _set(locked, changes, TREATMENT_DETAILS | {"kind", "started_on", "stopped_on"})
    check_treatment(locked)
    with because(reason.strip()), participation.entry(patient, locked.started_on, reason):
        store(locked)
    deviations.review_windows(patient=patient)
    plausibility.check_patient(patient=patient)
    return locked


def check_treatment(treatment: Treatment) -> None:
    """Refuse a therapy that starts before birth or in the future.

    Raises
    ------
    ValidationError
        At its field.
    """
    patient, started_on = treatment.patient, treatment.started_on
    _require_after_birth(patient, started_on, "started_on", "The treatment")
    _require_past(patient, started_on, "started_on", "A treatment is recorded once it has started")


@transaction.atomic
def create_visit(
    *,
    patient: Patient,
    definition: VisitDefinition | None,
    visit_date: date,
    after_end_reason: str = "",
    by: Any,
) -> Visit:
    """Add a visit, planned (with a definition) or unscheduled (a decimal number).

    A visit outside its window is accepted: it is a protocol deviation, not an error. The visit
    at the day of enrolment gives that day where none was recorded, and a visit that was
    declared not done and took place after all takes the declaration back.

    Parameters
    ----------
    after_end_reason : str
        Why a visit after the end of the follow-up is recorded all the same.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the date is before birth or in the future, or the visit exists.
    """
    if by is not None:
        policies.require(by, "add_visit", patient)
    check_visit_day(patient, visit_date)
    locked = Patient.objects.select_for_update(of=("self",)).get(pk=patient.pk)
    number, name = _number_and_name(locked, definition, visit_date)
    visit = Visit(patient=patient, definition=definition, number=number, name=name, date=visit_date)
    with participation.entry(locked, visit_date, after_end_reason):
        store(visit)
    if definition is not None:
        take_up(locked, definition, visit_date)
        patient.enrolled_on = locked.enrolled_on
    deviations.review_windows(patient=locked)
    plausibility.check_patient(patient=locked)
    return visit


def take_up(patient: Patient, definition: VisitDefinition, day: date) -> None:
    """Let a planned visit that took place count: as the enrolment, and against its absence."""
    _enrol(patient, definition, day)
    _take_back(patient, definition)


def _enrol(patient: Patient, definition: VisitDefinition, day: date) -> None:
    is_first = definition.anchor == VisitAnchor.ENROLMENT and definition.target_day == 0
    if is_first and patient.enrolled_on is None:
        patient.enrolled_on = day
        with because(f"{definition.name} is the day of enrolment."):
            store(patient)


def _take_back(patient: Patient, definition: VisitDefinition) -> None:
    for declared in NotDone.objects.filter(patient=patient, definition=definition, is_current=True):
        declared.is_current = False
        with because("The visit took place."):
            store(declared)


def check_visit_day(patient: Patient, day: date) -> None:
    """Refuse a visit before birth or in the future.

    Raises
    ------
    ValidationError
        At its field.
    """
    _require_after_birth(patient, day, "date", "The visit")
    _require_past(patient, day, "date", "A visit cannot lie in the future")


def _number_and_name(
    patient: Patient, definition: VisitDefinition | None, visit_date: date
) -> tuple[Decimal, str]:
    if definition is not None:
        if definition.study_id != patient.study_id:
            raise ValidationError({"definition": "This visit belongs to another study."})
        return definition.number, definition.name
    rows = list(patient.visits.values_list("date", "number"))
    try:
        number = unscheduled_number(
            before=max((n for day, n in rows if day < visit_date), default=None),
            after=min((n for day, n in rows if day > visit_date), default=None),
            taken={n for _, n in rows},
        )
    except ValueError as error:
        raise ValidationError({"date": str(error)}) from error
    return number, f"Unscheduled {number.normalize()}"


def check_ages(patient: Patient) -> None:
    """Refuse a birth, first symptom, diagnosis or first dose that lies in the future.

    Raises
    ------
    ValidationError
        At its field.
    """
    today = today_in(patient.site.time_zone)
    if patient.birth_month > today:
        raise ValidationError({"birth_month": "The birth month lies in the future."})
    onset = patient.onset_age_months
    if onset is not None and onset > age_months(patient.birth_month, today) + 1:
        raise ValidationError(
            {"onset_age_months": "The first symptom would lie in the future; check the months."}
        )
    if patient.diagnosed_on is not None:
        _require_past(patient, patient.diagnosed_on, "diagnosed_on", "A diagnosis is not ahead")
    if patient.first_study_dose_on is not None:
        _require_past(
            patient,
            patient.first_study_dose_on,
            "first_study_dose_on",
            "The first study dose is recorded once it is given",
        )
    if patient.enrolled_on is not None:
        _require_past(
            patient,
            patient.enrolled_on,
            "enrolled_on",
            "The enrolment is recorded once it has taken place",
        )


def _check_nothing_before_birth(patient: Patient) -> None:
    born = patient.birth_month
    if (
        Visit.objects.filter(patient=patient, date__lt=born).exists()
        or Treatment.objects.filter(patient=patient, started_on__lt=born).exists()
        or GmfcMldAssessment.objects.filter(visit__patient=patient, assessed_on__lt=born).exists()
        or ElfcMldAssessment.objects.filter(visit__patient=patient, assessed_on__lt=born).exists()
        or patient.dispositions.filter(is_void=False, happened_on__lt=born).exists()
    ):
        raise ValidationError(
            {"birth_month": "A visit, score, consent or treatment lies before this birth month."}
        )


def _require_after_birth(patient: Patient, day: date, field: str, what: str) -> None:
    if day < patient.birth_month:
        raise ValidationError(
            {field: f"{what} lies before the patient's birth; check the date and the birth month."}
        )


def _require_past(patient: Patient, day: date, field: str, what: str) -> None:
    if day > today_in(patient.site.time_zone):
        raise ValidationError({field: f"{what}; check the date."})
