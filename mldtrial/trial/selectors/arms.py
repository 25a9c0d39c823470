"""Reading treatment arms: of an open study, or after an unblinding that entitles the person."""

from typing import Any
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Q, QuerySet

from mldtrial.audit.models import Action, ApprovalRequest
from mldtrial.trial import policies
from mldtrial.trial.models import (
    Blinding,
    Membership,
    Patient,
    Role,
    Study,
    UnblindingEvent,
    UnblindingKind,
)
from mldtrial.trial.policies import visible_to


def arms(of: Study, *, user: Any) -> dict[UUID, str]:
    """Return the arm by patient of a study, as far as this person was ever to know it."""
    in_reach = visible_to(user, Patient.objects.filter(study=of))
    if of.blinding == Blinding.OPEN:
        if not policies.may(user, "view_arms", of):
            return {}
        return _told("blinded.arms_of_open_study", of.pk, in_reach)
    known: dict[UUID, str] = {}
    for event in _entitling(of, user):
        known |= _told("blinded.reveal", event.pk, in_reach)
    return known


def arms_of_everybody(of: Study, *, user: Any) -> dict[UUID, str]:
    """Return the arm by patient once all are told: of an open study, or after its planned end.

    An emergency, or a grant to one person, tells nothing here: figures of groups are for all.
    """
    if of.blinding == Blinding.OPEN:
        return arms(of, user=user)
    ended = UnblindingEvent.objects.filter(study=of, kind=UnblindingKind.PLANNED)
    return arms(of, user=user) if ended.exists() else {}


def arm_of(patient: Patient, *, user: Any) -> str | None:
    """Return the arm of a patient, or None for whoever may not know it, or where there is none."""
    return arms(patient.study, user=user).get(patient.pk)


def is_told(patient: Patient, *, user: Any) -> bool:
    """Return whether an unblinding entitles this person to the arm of a patient."""
    if not policies.may(user, "view_patient", patient):
        return False
    events = _entitling(patient.study, user)
    return any(event.patient_id in (None, patient.pk) for event in events)


def _entitling(of: Study, user: Any) -> list[UnblindingEvent]:
    """Return the unblindings of a study that entitle a person who still may see patients."""
    if not policies.may(user, "view_patient", of):
        return []
    mine = Q(entitled=user)
    if policies.may(user, "view_arms", of):
        mine |= Q(entitled__isnull=True)
    return list(UnblindingEvent.objects.filter(mine, study=of))


def _told(function: str, argument: UUID, in_reach: QuerySet[Patient]) -> dict[UUID, str]:
    """Return what a function of the database tells of the patients in reach."""
    try:
        patients, given = in_reach.order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT patient_id, arm FROM {function}(%s) WHERE patient_id IN ({patients})",  # noqa: S608 - our own names and queryset
            [argument, *given],
        )
        return dict(cursor.fetchall())


def unblindings(of: Study, *, user: Any, patient: Patient | None = None) -> list[UnblindingEvent]:
    """Return the unblindings of a study that a person may know of, or those of one patient."""
    found = visible_to(user, UnblindingEvent.objects.filter(study=of))
    if patient is not None:
        found = found.filter(Q(patient=patient) | Q(patient__isnull=True))
    return list(found.select_related("patient", "requested_by", "entitled", "request__decided_by"))


def statisticians(of: Study) -> list[Membership]:
    """Return the statisticians of a study, to one of whom the arms may be granted."""
    held = Membership.objects.filter(study=of, role=Role.STATISTICIAN, is_active=True)
    return list(held.select_related("user").order_by("user__full_name"))


def unblinding_requests(of: Study, *, user: Any) -> list[ApprovalRequest]:
    """Return the requests to unblind a study that wait for a second person."""
    found = visible_to(
        user, ApprovalRequest.objects.filter(action__in=[Action.PLANNED, Action.GRANT])
    )
    subjects = [of.pk, *Membership.objects.filter(study=of).values_list("pk", flat=True)]
    waiting = found.filter(subject_id__in=subjects, decided_by__isnull=True)
    return list(waiting.select_related("requested_by"))
