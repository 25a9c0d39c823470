"""Reading what is planned for a patient: computed from the anchors, never stored."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404

from mldtrial.trial.models import NotDone, Patient, Study, Treatment, Visit, VisitDefinition
from mldtrial.trial.policies import visible_to
from mldtrial.trial.rules.calendar import days_outside, today_in
from mldtrial.trial.rules.schedule import DOSE, Anchor, Anchors, Planned, Standing, Step, plan


@dataclass(frozen=True, slots=True)
class PlannedVisit:
    """A visit of the schedule as it lies for one patient, on the day it is at the site.

    Attributes
    ----------
    took_place : Visit or None
        The recorded visit.
    not_done : NotDone or None
        The declaration that it will not take place.
    """

    patient: Patient
    definition: VisitDefinition
    planned: Planned
    standing: Standing
    took_place: Visit | None
    not_done: NotDone | None

    @property
    def days_outside(self) -> int:
        """How many days the recorded visit is early (negative) or late; 0 inside its window."""
        planned = self.planned
        if planned.took_place_on is None or planned.opens is None or planned.closes is None:
            return 0
        return days_outside(planned.took_place_on, planned.opens, planned.closes)

    @property
    def is_past_follow_up(self) -> bool:
        """Nobody expects it: follow-up ended before its window did, and it has not taken place."""
        ended_on, closes = self.patient.withdrawn_on, self.planned.closes
        if ended_on is None or self.standing in (Standing.DONE, Standing.NOT_DONE):
            return False
        return closes is None or closes >= ended_on

    @property
    def may_have_taken_place(self) -> bool:
        """Its window has begun, on the day that follow-up ended at the latest."""
        opens, ended_on = self.planned.opens, self.patient.withdrawn_on
        has_begun = self.standing in (Standing.DUE, Standing.OVERDUE)
        return has_begun and (ended_on is None or (opens is not None and opens <= ended_on))


def schedules(patients: Iterable[Patient]) -> dict[UUID, list[PlannedVisit]]:
    """Return the schedule of each patient, in a number of queries that does not grow.

    Parameters
    ----------
    patients : iterable of Patient
        Already narrowed to what the person may see, with their sites.
    """
    found = list(patients)
    ids = [patient.pk for patient in found]
    definitions = _by_study({patient.study_id for patient in found})
    visits = _visits(ids)
    not_done = _not_done(ids)
    treated = _treated_on(found)
    return {
        patient.pk: _schedule(
            patient,
            definitions[patient.study_id],
            visits.get(patient.pk, {}),
            not_done.get(patient.pk, {}),
            treated[patient.pk],
        )
        for patient in found
    }


def schedule_of(patient: Patient) -> list[PlannedVisit]:
    """Return the schedule of one patient, in order of visit number."""
    return schedules([patient])[patient.pk]


def planned_visit(patient: Patient, definition: VisitDefinition) -> PlannedVisit | None:
    """Return one visit of a patient's schedule; None where the study does not plan it."""
    found = (entry for entry in schedule_of(patient) if entry.definition.pk == definition.pk)
    return next(found, None)


def definition(of: Study, definition_id: UUID, *, user: Any) -> VisitDefinition:
    """Return a visit of the study's schedule.

    Raises
    ------
    Http404
        If there is none in this study, or it is not this person's.
    """
    found = visible_to(user, VisitDefinition.objects.filter(study=of, pk=definition_id)).first()
    if found is None:
        raise Http404("No such visit in the schedule.")
    return found


def open_definitions(patient: Patient) -> QuerySet[VisitDefinition]:
    """Return the planned visits that a patient has not had yet, in order."""
    return VisitDefinition.objects.filter(study=patient.study_id, is_retired=False).exclude(
        visits__patient=patient
    )


def _schedule(
    patient: Patient,
    definitions: list[VisitDefinition],
    visits: dict[UUID, Visit],
    not_done: dict[UUID, NotDone],
    treated_on: dict[str, date],
) -> list[PlannedVisit]:
    today = today_in(patient.site.time_zone)
    by_key = {definition.pk: definition for definition in definitions}
    planned = plan(
        [_step(definition) for definition in definitions],
        Anchors(patient.enrolled_on, treated_on),
        took_place={key: visit.date for key, visit in visits.items()},
        not_done=not_done,
    )
    return [
        PlannedVisit(
            patient=patient,
            definition=by_key[entry.step.key],
            planned=entry,
            standing=entry.standing(today),
            took_place=visits.get(entry.step.key),
            not_done=not_done.get(entry.step.key),
        )
        for entry in planned
    ]


def _step(definition: VisitDefinition) -> Step:
    return Step(
        key=definition.pk,
        number=definition.number,
        anchor=Anchor(definition.anchor),
        target_day=definition.target_day,
        before_days=definition.window_before_days,
        after_days=definition.window_after_days,
        therapy=definition.anchor_therapy or DOSE,
        is_retired=definition.is_retired,
    )


def _by_study(studies: Collection[UUID]) -> dict[UUID, list[VisitDefinition]]:
    found: dict[UUID, list[VisitDefinition]] = defaultdict(list)
    for entry in VisitDefinition.objects.filter(study__in=studies):
        found[entry.study_id].append(entry)
    return found


def _visits(patients: list[UUID]) -> dict[UUID, dict[UUID, Visit]]:
    found: dict[UUID, dict[UUID, Visit]] = defaultdict(dict)
    for visit in Visit.objects.filter(patient__in=patients, definition__isnull=False):
        found[visit.patient_id][visit.definition_id] = visit  # type: ignore[index]
    return found


def _not_done(patients: list[UUID]) -> dict[UUID, dict[UUID, NotDone]]:
    found: dict[UUID, dict[UUID, NotDone]] = defaultdict(dict)
    rows = NotDone.objects.filter(patient__in=patients, is_current=True, definition__isnull=False)
    for declared in rows:
        found[declared.patient_id][declared.definition_id] = declared  # type: ignore[index]
    return found


def _treated_on(patients: list[Patient]) -> dict[UUID, dict[str, date]]:
    found: dict[UUID, dict[str, date]] = {patient.pk: {} for patient in patients}
    for patient in patients:
        if patient.first_study_dose_on is not None:
            found[patient.pk][DOSE] = patient.first_study_dose_on
    rows = Treatment.objects.filter(patient__in=list(found)).order_by("started_on")
    for patient_id, kind, day in rows.values_list("patient_id", "kind", "started_on"):
        found[patient_id].setdefault(kind, day)
    return found
