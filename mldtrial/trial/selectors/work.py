"""What waits for a person: nothing that was declared not done, nobody who left the study.

Every list is narrowed to what the person sees and takes the same few queries however many
patients there are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from mldtrial.trial import policies
from mldtrial.trial.models import (
    Disposition,
    Patient,
    Role,
    Visit,
)
from mldtrial.trial.policies import visible_to
from mldtrial.trial.rules.schedule import Standing
from mldtrial.trial.selectors.consent import without_consent_for_images
from mldtrial.trial.selectors.owing import (
    ASKED_SEQUENCES,
    OWES_GMFC,
    has_scans_of_no_use,
    owes_scans,
)
from mldtrial.trial.selectors.schedule import PlannedVisit, schedules
from mldtrial.trial.selectors.signatures import signatures_of

CHASED = policies.ACTIONS["view_work"]


class Kind(StrEnum):
    """What a piece of work is, in the order in which it is shown."""

    OVERDUE = "overdue"
    DUE = "due"
    SCAN = "scan"
    SCORE = "score"
    SIGN = "sign"


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One thing that waits.

    Attributes
    ----------
    subject_id : UUID
        Of the visit, or of the planned visit's definition where it has not taken place.
    since : date
        The day by which lists are ordered: the oldest comes first.
    """

    kind: Kind
    patient: Patient
    subject_id: UUID
    words: str
    since: date


@dataclass(frozen=True, slots=True)
class _Owing:
    """A visit that owes something, as few columns as its row needs."""

    visit_id: UUID
    patient_id: UUID
    name: str
    date: date
    missing: tuple[str, ...] = ()


def work(*, user: Any) -> dict[Kind, list[WorkItem]]:
    """Return what waits at the sites in reach, by kind, the oldest first."""
    patients = followed(user=user)
    scans, scores = _without_scans(user), _without_gmfc(user)
    incomplete = {owing.visit_id for owing in (*scans, *scores)}
    found: dict[Kind, list[WorkItem]] = {kind: [] for kind in Kind}
    for entry in _planned(patients):
        kind = Kind.OVERDUE if entry.standing == Standing.OVERDUE else Kind.DUE
        found[kind].append(_planned_item(kind, entry))
    for kind, visits in (
        (Kind.SCAN, scans),
        (Kind.SCORE, scores),
        (Kind.SIGN, _unsigned(user, incomplete)),
    ):
        found[kind] = [
            _visit_item(kind, owing, patients[owing.patient_id])
            for owing in visits
            if owing.patient_id in patients  # who has just left is asked for nothing
        ]
    return found


def followed(*, user: Any) -> dict[UUID, Patient]:
    """Return the patients in follow-up at the sites in reach, by id, with site and study."""
    patients = (
        visible_to(user, Patient.objects.filter(withdrawn_on__isnull=True))
        .filter(policies.patients_of(user, CHASED))
        .select_related("site", "study")
    )
    return {patient.pk: patient for patient in patients}


def _planned(patients: dict[UUID, Patient]) -> list[PlannedVisit]:
    """Return the planned visits that are due or overdue, oldest first."""
    found = [
        entry
        for schedule in schedules(patients.values()).values()
        for entry in schedule
        if entry.standing in (Standing.DUE, Standing.OVERDUE)
    ]
    return sorted(found, key=lambda e: (e.planned.closes, e.patient.subject_code))


def _without_gmfc(user: Any) -> list[_Owing]:
    found = _visits(user).filter(OWES_GMFC)
    return [_Owing(*row) for row in found.values_list(*COLUMNS)]


def _without_scans(user: Any) -> list[_Owing]:
    owed, in_vain = owes_scans(), has_scans_of_no_use()
    found = _visits(user).annotate(**owed, **in_vain)
    rows = found.filter(Q(*((name, True) for name in owed), _connector=Q.OR))
    refused = without_consent_for_images(visible_to(user, Disposition.objects.all()))
    asked = len(ASKED_SEQUENCES)
    return [
        _Owing(pk, patient_id, name, day, _named(told[:asked], told[asked:]))
        for pk, patient_id, name, day, *told in rows.values_list(*COLUMNS, *owed, *in_vain)
        if patient_id not in refused
    ]


COLUMNS = ("pk", "patient_id", "name", "date")


def _named(owes: Sequence[bool], in_vain: Sequence[bool]) -> tuple[str, ...]:
    return tuple(
        f"{sequence.value} (set aside)" if is_there else sequence.value
        for sequence, is_owed, is_there in zip(ASKED_SEQUENCES, owes, in_vain, strict=True)
        if is_owed
    )


def _unsigned(user: Any, incomplete: set[UUID]) -> list[_Owing]:
    """Return the complete visits at an investigator's sites without a valid signature."""
    own = policies.patients_of(user, (Role.INVESTIGATOR,), "patient__")
    rows = _visits(user).filter(own).values_list(*COLUMNS)
    visits = [_Owing(*row) for row in rows if row[0] not in incomplete]
    signed = signatures_of([visit.visit_id for visit in visits], user=user)
    return [v for v in visits if not any(s.is_valid for s in signed.get(v.visit_id, []))]


def _visits(user: Any) -> QuerySet[Visit]:
    return (
        visible_to(user, Visit.objects.filter(patient__withdrawn_on__isnull=True))
        .filter(policies.patients_of(user, CHASED, "patient__"))
        .order_by("date", "patient__subject_code")
    )


def _planned_item(kind: Kind, entry: PlannedVisit) -> WorkItem:
    planned = entry.planned
    words = f"{entry.definition.name}, window {planned.opens} to {planned.closes}"
    since = planned.closes if kind == Kind.OVERDUE else planned.opens
    return WorkItem(kind, entry.patient, entry.definition.pk, words, since or date.max)


def _visit_item(kind: Kind, owing: _Owing, patient: Patient) -> WorkItem:
    missing = f": {' and '.join(owing.missing)}" if owing.missing else ""
    words = f"{owing.name} on {owing.date}{missing}"
    return WorkItem(kind, patient, owing.visit_id, words, owing.date)
