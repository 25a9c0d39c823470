"""Take personal data out of the history that got into it by mistake: two people, on record."""

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import transaction

from mldtrial.accounts.services import reauthentication
from mldtrial.audit.chained import qualified
from mldtrial.audit.models import AccessAction, AccessEvent, Redaction
from mldtrial.audit.services import redactions
from mldtrial.trial import policies
from mldtrial.trial.models import Patient, Study
from mldtrial.trial.services import access
from mldtrial.trial.trails import trails


@dataclass(frozen=True, slots=True)
class Signatory:
    """A person with what proves who is at the keyboard."""

    user: Any
    password: str
    code: str = ""


def redact_event(
    *,
    study: Study,
    event_table: str,
    event_pk: int,
    field: str,
    reason: str,
    requester: Signatory,
    approver: Signatory,
) -> Redaction:
    """Blank one value of an event of a study; hash, number and everything else of it stay.

    Parameters
    ----------
    field : str
        A column, or ``column.key`` of a JSON column, such as ``pgh_context.reason``.

    Raises
    ------
    PermissionDenied, ValidationError
        If one of the two may not, they are one person, somebody is not who was named, there is
        no reason, the event is of another study, or the record itself still holds the value.
    """
    for person in (requester, approver):
        policies.require(person.user, "redact_audit", study)
    if requester.user.pk == approver.user.pk:
        raise ValidationError("One person asks, and another approves: name two people.")
    if not reason.strip():
        raise ValidationError({"reason": "Give the reason; it must not repeat what is removed."})
    _require_event_of(study, event_table, event_pk)
    _require_corrected_record(event_table, event_pk, field)
    # Outside the transaction below: a refused attempt must stay on record.
    for person in (requester, approver):
        reauthentication.confirm(user=person.user, password=person.password, code=person.code)
    with transaction.atomic():
        made = redactions.blank(
            event_table=event_table,
            event_pk=event_pk,
            field=field,
            reason=reason.strip(),
            requested_by=requester.user,
            approved_by=approver.user,
        )
        _log(made, study)
    return made


def _require_event_of(study: Study, event_table: str, event_pk: int) -> None:
    """Refuse an event that leads to another study, or to none: a login belongs to all."""
    if event_table == qualified(AccessEvent):
        found = AccessEvent.objects.filter(pk=event_pk, study_id=study.pk).exists()
    else:
        found = any(
            _leads_to(study, trail, event_pk)
            for trail in trails().values()
            if qualified(trail.events) == event_table
        )
    if not found:
        raise ValidationError(
            f"Study {study.code} has no event {event_pk} in {event_table}. The pages of the audit "
            "trail and verify_audit name both."
        )


def _leads_to(study: Study, trail: Any, event_pk: int) -> bool:
    event = trail.events.objects.filter(pgh_id=event_pk)
    if trail.patient is None:
        return bool(event.filter(**{trail.study: study.pk}).exists())
    patients = Patient.objects.filter(study=study).values("pk")
    return bool(event.annotate(of=trail.patient).filter(of__in=patients).exists())


def _require_corrected_record(event_table: str, event_pk: int, field: str) -> None:
    """Refuse to blank what the record still says: the newest event must stay its mirror."""
    events = next((m for m in apps.get_models() if qualified(m) == event_table), None)
    column = field.partition(".")[0]
    if events is None or not hasattr(events, "pgh_tracked_model"):
        return
    recorded = {one.attname for one in events.pgh_tracked_model._meta.concrete_fields}
    if column not in recorded:
        return
    event = events._default_manager.get(pk=event_pk)
    same = events._default_manager.filter(pgh_obj_id=event.pgh_obj_id)
    if not same.filter(pk__gt=event_pk).exists():
        raise ValidationError(
            "This is the newest version of the record, which still holds the value: correct the "
            "record first, then redact the versions before the correction."
        )


def _log(made: Redaction, study: Study) -> None:
    access.log(
        AccessAction.REDACT,
        by=made.requested_by,
        study=study,
        details={
            "redaction": made.pk,
            "event": f"{made.event_table} {made.event_pk}",
            "field": made.field,
            "reason": made.reason,
            "approved by": str(made.approved_by),
        },
    )
