"""Reading what is planned for a patient, and what is still to be recorded."""

from datetime import date
from typing import Any

from django.db.models import QuerySet

from mldtrial.trial import policies
from mldtrial.trial.models import Patient, Visit, VisitDefinition
from mldtrial.trial.policies import visible_to
from mldtrial.trial.rules.calendar import window


def visits_without_gmfc(*, user: Any) -> QuerySet[Visit]:
    """Return visits whose GMFC-MLD this person may record and that have none, oldest first.

    Nothing is asked for once the follow-up of a patient has ended.
    """
    followed = Visit.objects.filter(gmfc_mld__isnull=True, patient__withdrawn_on__isnull=True)
    return (
        visible_to(user, followed)
        .filter(policies.patients_of(user, policies.ENTRY_ROLES, "patient__"))
        .select_related("patient__site", "patient__study")
        .order_by("date", "patient__subject_code")
    )


def open_definitions(patient: Patient) -> QuerySet[VisitDefinition]:
    """Return the planned visits that a patient has not had yet, in order."""
    return VisitDefinition.objects.filter(study=patient.study_id).exclude(visits__patient=patient)


def first_visit_on(patient: Patient) -> date | None:
    """Return the day from which a patient's schedule counts, or None before the first visit."""
    planned = patient.visits.filter(definition__target_day=0).first()
    first = planned or patient.visits.order_by("date").first()
    return None if first is None else first.date


def window_of(
    patient: Patient, definition: VisitDefinition, *, first_visit: date | None
) -> tuple[date, date] | None:
    """Return first and last day of a planned visit; None while the schedule has no start."""
    if first_visit is None or definition.target_day == 0 or definition.study_id != patient.study_id:
        return None
    return window(
        first_visit,
        definition.target_day,
        definition.window_before_days,
        definition.window_after_days,
    )
