"""Record, describe and close protocol deviations; those of the schedule follow the data."""

from collections import defaultdict
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet

from mldtrial.audit.context import because
from mldtrial.trial import policies
from mldtrial.trial.models import (
    DeviationCode,
    DeviationState,
    Patient,
    ProtocolDeviation,
    Study,
    Visit,
)
from mldtrial.trial.selectors.schedule import PlannedVisit, schedules
from mldtrial.trial.services.saving import store

MENDED = "The visit lies inside its window: the data or the schedule have changed."


@transaction.atomic
def record_deviation(
    *, patient: Patient, visit: Visit | None, code: str, description: str, by: Any
) -> ProtocolDeviation:
    """Record a deviation that a person has seen.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the code is not in the list, the description is empty, or the
        same deviation is open already.
    """
    policies.require(by, "record_deviation", patient)
    if visit is not None and visit.patient_id != patient.pk:
        raise ValidationError({"visit": "This visit belongs to another patient."})
    if not description.strip():
        raise ValidationError({"description": "Describe what happened."})
    return store(
        ProtocolDeviation(
            study=patient.study,
            patient=patient,
            visit=visit,
            code=code,
            description=description.strip(),
            opened_by=by,
            described_by=by,
        )
    )


@transaction.atomic
def describe_deviation(
    *, deviation: ProtocolDeviation, description: str, reason: str, by: Any
) -> ProtocolDeviation:
    """Change the description of a deviation, with a reason; it is then no longer the rule's.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, or description or reason are empty.
    """
    policies.require(by, "record_deviation", deviation.patient)
    if not description.strip():
        raise ValidationError({"description": "Describe what happened."})
    if not reason.strip():
        raise ValidationError({"reason": "Give the reason for the change."})
    locked = ProtocolDeviation.objects.select_for_update().get(pk=deviation.pk)
    locked.description = description.strip()
    locked.described_by = by
    with because(reason.strip()):
        return store(locked)


@transaction.atomic
def close_deviation(*, deviation: ProtocolDeviation, reason: str, by: Any) -> ProtocolDeviation:
    """Close a deviation: it was assessed, or was none.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the reason is empty, or the deviation is closed already.
    """
    policies.require(by, "close_deviation", deviation.patient)
    if not reason.strip():
        raise ValidationError({"reason": "Give the reason for closing."})
    locked = ProtocolDeviation.objects.select_for_update().get(pk=deviation.pk)
    if locked.state == DeviationState.CLOSED:
        raise ValidationError("This deviation is closed already.")
    locked.state = DeviationState.CLOSED
    locked.closed_by = by
    with because(reason.strip()):
        return store(locked)


@transaction.atomic
def review_windows(*, patient: Patient) -> None:
    """Bring the deviations of a patient's visit windows in line with the data.

    A deviation that is no longer found is closed. One that a person has closed is not opened
    again by the same number of days.
    """
    _review(Patient.objects.filter(pk=patient.pk))


@transaction.atomic
def review_study(*, study: Study) -> None:
    """Bring the deviations of every patient in line with a changed schedule."""
    _review(Patient.objects.filter(study=study))


def _review(found: QuerySet[Patient]) -> None:
    patients = list(
        found.select_for_update(of=("self",)).select_related("site", "study").order_by("pk")
    )
    known: dict[UUID, dict[UUID | None, ProtocolDeviation]] = defaultdict(dict)
    recorded = ProtocolDeviation.objects.filter(
        patient__in=[patient.pk for patient in patients], code=DeviationCode.OUT_OF_WINDOW
    )
    for deviation in recorded.order_by("created_at"):
        known[deviation.patient_id][deviation.visit_id] = deviation
    for patient_id, planned in schedules(patients).items():
        _compare(planned, known[patient_id])


def _compare(planned: list[PlannedVisit], known: dict[UUID | None, ProtocolDeviation]) -> None:
    outside = {
        entry.took_place.pk: entry for entry in planned if entry.took_place and entry.days_outside
    }
    for visit_id, deviation in known.items():
        is_of_the_rule = deviation.opened_by_id is None
        if is_of_the_rule and deviation.state == DeviationState.OPEN and visit_id not in outside:
            deviation.state = DeviationState.CLOSED
            with because(MENDED):
                store(deviation)
    for visit_id, entry in outside.items():
        _keep(entry, known.get(visit_id))


def _keep(entry: PlannedVisit, known: ProtocolDeviation | None) -> None:
    if known is not None and _stands(entry, known):
        return
    if known is not None and known.state == DeviationState.OPEN:
        if known.described_by_id is None:
            known.description = _words(entry)
        known.days_outside = entry.days_outside
        with because("The data or the schedule have changed."):
            store(known)
        return
    store(
        ProtocolDeviation(
            study=entry.patient.study,
            patient=entry.patient,
            visit=entry.took_place,
            code=DeviationCode.OUT_OF_WINDOW,
            description=_words(entry),
            days_outside=entry.days_outside,
        )
    )


def _stands(entry: PlannedVisit, known: ProtocolDeviation) -> bool:
    """Return whether a known deviation says all there is to say."""
    if known.state == DeviationState.OPEN:
        return known.opened_by_id is not None or known.days_outside == entry.days_outside
    return known.closed_by_id is not None and known.days_outside == entry.days_outside


def _words(entry: PlannedVisit) -> str:
    days = abs(entry.days_outside)
    where = "before" if entry.days_outside < 0 else "after"
    return (
        f"{entry.definition.name} on {entry.planned.took_place_on} is {days} "
        f"day{'' if days == 1 else 's'} {where} its window ({entry.planned.opens} to "
        f"{entry.planned.closes})."
    )
