"""What waits for a person: nothing that was declared not done, nobody who left the study.

Every list is narrowed to what the person sees and takes the same few queries however many
patients there are.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from mldtrial.trial import policies
from mldtrial.trial.models import (
    Disposition,
    NotDone,
    Patient,
    Role,
    Scan,
    ScanState,
    Visit,
)
from mldtrial.trial.policies import visible_to
from mldtrial.trial.rules.participation import Step, participation
from mldtrial.trial.rules.schedule import Standing
from mldtrial.trial.selectors.not_done import ASKED_SEQUENCES
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


def work(*, user: Any) -> dict[Kind, list[WorkItem]]:
    """Return what waits at the sites in reach, by kind, the oldest first."""
    found: dict[Kind, list[WorkItem]] = {kind: [] for kind in Kind}
    for entry in planned_work(user=user):
        kind = Kind.OVERDUE if entry.standing == Standing.OVERDUE else Kind.DUE
        found[kind].append(_planned_item(kind, entry))
    scans = _visits_without_scans(user)
    scores = list(visits_without_gmfc(user=user))
    for visit, missing in scans:
        words = f"{visit.name} on {visit.date}: {' and '.join(missing)}"
        found[Kind.SCAN].append(_visit_item(Kind.SCAN, visit, words))
    for visit in scores:
        words = f"{visit.name} on {visit.date}"
        found[Kind.SCORE].append(_visit_item(Kind.SCORE, visit, words))
    incomplete = {visit.pk for visit, _ in scans} | {visit.pk for visit in scores}
    for visit in _unsigned(user, incomplete):
        words = f"{visit.name} on {visit.date}"
        found[Kind.SIGN].append(_visit_item(Kind.SIGN, visit, words))
    return found


def planned_work(*, user: Any) -> list[PlannedVisit]:
    """Return the planned visits of followed patients that are due or overdue, oldest first."""
    patients = (
        visible_to(user, Patient.objects.filter(withdrawn_on__isnull=True))
        .filter(policies.patients_of(user, CHASED))
        .select_related("site", "study")
    )
    found = [
        entry
        for schedule in schedules(patients).values()
        for entry in schedule
        if entry.standing in (Standing.DUE, Standing.OVERDUE)
    ]
    return sorted(found, key=lambda e: (e.planned.closes, e.patient.subject_code))


def visits_without_gmfc(*, user: Any) -> QuerySet[Visit]:
    """Return the visits that owe a GMFC-MLD level, oldest first.

    Nothing is asked for once the follow-up of a patient has ended.
    """
    return _visits(user).filter(gmfc_mld__isnull=True, definition__has_gmfc_mld=True)


def _visits_without_scans(user: Any) -> list[tuple[Visit, list[str]]]:
    owed = {f"owes_{name}": _owes(name) for name in ASKED_SEQUENCES}
    found = _visits(user).filter(definition__has_scans=True).annotate(**owed)
    visits = found.filter(Q(*((name, True) for name in owed), _connector=Q.OR))
    refused = _without_consent_for_images(user)
    return [
        (visit, [name.value for name in ASKED_SEQUENCES if getattr(visit, f"owes_{name}")])
        for visit in visits
        if visit.patient_id not in refused
    ]


def _without_consent_for_images(user: Any) -> set[UUID]:
    withdrawn = Disposition.objects.filter(step=Step.IMAGES_WITHDRAWN, is_void=False)
    steps: dict[UUID, list[tuple[str, date]]] = defaultdict(list)
    rows = visible_to(user, Disposition.objects.filter(is_void=False)).filter(
        patient__in=withdrawn.values("patient")
    )
    for patient_id, step, day in rows.values_list("patient_id", "step", "happened_on"):
        steps[patient_id].append((step, day))
    return {key for key, own in steps.items() if participation(own).images_withdrawn_on}


def _unsigned(user: Any, incomplete: set[UUID]) -> list[Visit]:
    """Return the complete visits at an investigator's sites without a valid signature."""
    own = policies.patients_of(user, (Role.INVESTIGATOR,), "patient__")
    visits = [visit for visit in _visits(user).filter(own) if visit.pk not in incomplete]
    signed = signatures_of([visit.pk for visit in visits], user=user)
    return [v for v in visits if not any(s.is_valid for s in signed.get(v.pk, []))]


def _visits(user: Any) -> QuerySet[Visit]:
    return (
        visible_to(user, Visit.objects.filter(patient__withdrawn_on__isnull=True))
        .filter(policies.patients_of(user, CHASED, "patient__"))
        .select_related("patient__site", "patient__study")
        .order_by("date", "patient__subject_code")
    )


def _owes(sequence: str) -> Any:
    there = Scan.objects.filter(visit=OuterRef("pk"), sequence=sequence, state=ScanState.IMPORTED)
    declared = NotDone.objects.filter(visit=OuterRef("pk"), sequence=sequence, is_current=True)
    return ~Exists(there) & ~Exists(declared)


def _planned_item(kind: Kind, entry: PlannedVisit) -> WorkItem:
    planned = entry.planned
    words = f"{entry.definition.name}, window {planned.opens} to {planned.closes}"
    since = planned.closes if kind == Kind.OVERDUE else planned.opens
    return WorkItem(kind, entry.patient, entry.definition.pk, words, since or date.max)


def _visit_item(kind: Kind, visit: Visit, words: str) -> WorkItem:
    return WorkItem(kind, visit.patient, visit.pk, words, visit.date)
