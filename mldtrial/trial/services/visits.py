"""Correct visits, and declare what was not done."""

from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F

from mldtrial.audit.context import because
from mldtrial.trial import policies
from mldtrial.trial.models import (
    NotDone,
    Patient,
    Scan,
    ScanState,
    Sequence,
    Visit,
    VisitDefinition,
)
from mldtrial.trial.selectors.owing import scans_there
from mldtrial.trial.services import deviations, participation, patients, plausibility
from mldtrial.trial.services.saving import store

NO_REASON = "Give the reason."
NO_CHANGE_REASON = "Give the reason for the change."


@transaction.atomic
def change_visit(*, visit: Visit, visit_date: date, reason: str, by: Any) -> Visit:
    """Correct the date of a visit; its window is judged again.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the reason is missing, the date is not plausible, or a scan in use
        would lie farther from the visit than the study allows and than it lies now.
    """
    policies.require(by, "change_visit", visit)
    _require(reason, "reason", NO_CHANGE_REASON)
    patient = Patient.objects.select_for_update(of=("self",)).get(pk=visit.patient_id)
    patients.check_visit_day(patient, visit_date)
    locked = Visit.objects.select_for_update(of=("self",)).get(pk=visit.pk)
    moved_days = (visit_date - locked.date).days
    _refuse_far_scan(locked, visit_date, patient.study.scan_days_from_visit)
    locked.date = visit_date
    with because(reason.strip()), participation.entry(patient, visit_date, reason):
        store(locked)
        # The day of a scan stays where it was; what is kept is its distance from the visit.
        known = Scan.objects.filter(visit=locked, days_from_visit__isnull=False)
        known.update(days_from_visit=F("days_from_visit") - moved_days)
    deviations.review_windows(patient=patient)
    plausibility.check_patient(patient=patient)
    return locked


def _refuse_far_scan(visit: Visit, visit_date: date, allowed_days: int) -> None:
    """Refuse a day that takes a scan in use farther off than intake would let it in unasked.

    One that was accepted from farther off may come nearer, and be no farther than it is.
    """
    in_use = Scan.objects.filter(visit=visit, state=ScanState.IMPORTED)
    moved_days = (visit_date - visit.date).days
    for scan in in_use.order_by("sequence", "days_from_visit"):
        if scan.days_from_visit is None:
            continue  # the image does not say its day
        now_days = abs(scan.days_from_visit)
        then_days = abs(scan.days_from_visit - moved_days)
        if then_days > allowed_days and then_days > now_days:
            scanned_on = visit.date + timedelta(days=scan.days_from_visit)
            raise ValidationError(
                {
                    "visit_date": f"The {scan.sequence} scan of this visit is of {scanned_on}, "
                    f"{then_days} days from this day; the study allows {allowed_days}. Look at "
                    "the day, or move the scan to the visit it belongs to first."
                }
            )


@transaction.atomic
def declare_visit_not_done(
    *, patient: Patient, definition: VisitDefinition, reason: str, by: Any
) -> NotDone:
    """Declare that a planned visit did not and will not take place.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the reason is empty, the visit took place, or it is declared
        already.
    """
    if by is not None:
        policies.require(by, "declare_not_done", patient)
    _require(reason, "reason", NO_REASON)
    Patient.objects.select_for_update(of=("self",)).get(pk=patient.pk)
    if definition.study_id != patient.study_id:
        raise ValidationError("This visit belongs to another study.")
    if patient.visits.filter(definition=definition).exists():
        raise ValidationError(f"{definition.name} took place; correct the visit instead.")
    return store(
        NotDone(patient=patient, definition=definition, reason=reason.strip(), declared_by=by)
    )


@transaction.atomic
def declare_scan_not_done(*, visit: Visit, sequence: str, reason: str, by: Any) -> NotDone:
    """Declare that a sequence was not acquired at a visit, or in no scan that is of use.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the reason is empty, the scan is there, or it is declared
        already.
    """
    if by is not None:
        policies.require(by, "declare_not_done", visit)
    _require(reason, "reason", NO_REASON)
    if sequence not in Sequence.values:
        raise ValidationError({"sequence": "Choose T1w, T2w or FLAIR."})
    Patient.objects.select_for_update(of=("self",)).get(pk=visit.patient_id)
    Visit.objects.select_for_update(of=("self",)).get(pk=visit.pk)
    if scans_there().filter(visit=visit, sequence=sequence).exists():
        raise ValidationError({"sequence": f"This visit has a {sequence} scan."})
    return store(
        NotDone(
            patient=visit.patient,
            visit=visit,
            sequence=sequence,
            reason=reason.strip(),
            declared_by=by,
        )
    )


@transaction.atomic
def correct_not_done(*, declared: NotDone, reason: str, change_reason: str, by: Any) -> NotDone:
    """Correct the reason of a declaration.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, a reason is empty, or the declaration was taken back.
    """
    locked = _locked(declared, change_reason, by)
    _require(reason, "reason", NO_REASON)
    locked.reason = reason.strip()
    with because(change_reason.strip()):
        return store(locked)


@transaction.atomic
def take_back_not_done(*, declared: NotDone, change_reason: str, by: Any) -> NotDone:
    """Take a declaration back: the visit or the scan is asked for again.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the reason is empty, or it was taken back already.
    """
    locked = _locked(declared, change_reason, by)
    locked.is_current = False
    with because(change_reason.strip()):
        return store(locked)


def _locked(declared: NotDone, change_reason: str, by: Any) -> NotDone:
    policies.require(by, "declare_not_done", declared.patient)
    _require(change_reason, "change_reason", NO_CHANGE_REASON)
    locked = NotDone.objects.select_for_update().get(pk=declared.pk)
    if not locked.is_current:
        raise ValidationError("This declaration was taken back already.")
    return locked


def _require(text: str, field: str, sentence: str) -> None:
    if not text.strip():
        raise ValidationError({field: sentence})
