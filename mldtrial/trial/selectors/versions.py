"""Events of the history put into words: each field before and after, who in which role, why."""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.apps import apps
from django.db.models import OuterRef, QuerySet, Subquery

from mldtrial.audit.context import ANONYMOUS, AUTOMATIC
from mldtrial.audit.models import Action, Lock
from mldtrial.trial.models import (
    LOAD_RULES,
    Membership,
    Patient,
    Query,
    QueryMessage,
    Study,
)
from mldtrial.trial.selectors.labels import label_of
from mldtrial.trial.selectors.locks import KINDS, record_of
from mldtrial.trial.trails import Trail

ACTIONS = {"insert": "created", "update": "changed", "delete": "deleted"}
NAMING = ("visit", "name", "code", "role", "record_id", "subject_id", "action", "kind")
"""Columns that say which of a patient's or a study's records it is."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field before and after; None stands for empty."""

    label: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class Version:
    """One event of the trail, as people read it."""

    kind: str
    label: str
    record_id: UUID
    event_id: int
    at: datetime
    site_time: datetime | None
    action: str
    subject: str
    site: str
    what: str
    """The record in words, such as its visit."""
    who: str
    roles: str
    why: str
    origin: str
    address: str
    changes: list[FieldChange] = field(default_factory=list)
    tells_loads: bool = False
    """A volume in mL of a patient, or the words of a query on loads."""

    @property
    def action_label(self) -> str:
        """What was done, in a word."""
        return ACTIONS.get(self.action, self.action)


def change_of(part: Any, before: Any, after: Any) -> FieldChange:
    """Return one field in two versions of a record, either of which may be None, in words."""
    return FieldChange(
        label_of(part),
        None if before is None else words_of(part, before),
        None if after is None else words_of(part, after),
    )


def words_of(part: Any, version: Any) -> str | None:
    """Return the value of a field in words; None for empty."""
    raw = getattr(version, part.attname)
    if raw is None or raw == "":
        return None
    if (model := pointed_at(part, version)) is not None:
        return _named(model, raw)
    if part.flatchoices:
        return str(dict(part.flatchoices).get(raw, raw))
    if isinstance(raw, bool):
        return "yes" if raw else "no"
    if isinstance(raw, (dict, list)):
        # A list of the database holds what JSON has no word for: ids of records, days.
        return json.dumps(raw, sort_keys=True, ensure_ascii=False, default=str)
    if isinstance(raw, datetime):
        return raw.isoformat(sep=" ", timespec="seconds")
    return str(raw)


HELD = {kind.value: model for model, kind in KINDS.items()}
ASKED_ABOUT: dict[str, type[Any]] = {
    Action.UNLOCK: Lock,
    Action.PLANNED: Study,
    Action.GRANT: Membership,
}


def pointed_at(part: Any, version: Any) -> type[Any] | None:
    """Return the model whose id a column holds, as a foreign key or without; None for others."""
    if part.is_relation:
        model: type[Any] = part.related_model
        return model
    if part.name == "record_id":
        return HELD.get(version.record_kind)
    if part.name == "subject_id":
        return ASKED_ABOUT.get(version.action)
    return None


def _named(model: type[Any], pk: Any) -> str:
    """Return a record in words; for a lock those of what it holds."""
    found = model._default_manager.filter(pk=pk).first()
    if isinstance(found, Lock):
        return f"{found.get_level_display()} {record_of(found)}"
    if isinstance(found, Membership):
        return f"{found.get_role_display()} {found.user}"
    return str(pk if found is None else found)


class Reader:
    """Puts events into words; remembers names that occur again and again."""

    def __init__(self, study: Study):
        self._names: dict[tuple[type[Any], Any], str | None] = {}
        self._roles = _RolesAtATime(study)
        self._patients = {
            patient.pk: patient
            for patient in Patient.objects.filter(study=study).select_related("site")
        }

    def versions(self, trail: Trail, events: QuerySet[Any]) -> Iterator[Version]:
        """Yield each event with what it changed in the version before it."""
        before = (
            trail.events.objects.filter(
                pgh_obj_id=OuterRef("pgh_obj_id"), pgh_id__lt=OuterRef("pgh_id")
            )
            .order_by("-pgh_id")
            .values("pgh_id")[:1]
        )
        found = list(events.annotate(trail_before=Subquery(before)))
        earlier = trail.events.objects.in_bulk({e.trail_before for e in found} - {None})
        for event in found:
            yield self._version(trail, event, earlier.get(event.trail_before))

    def _version(self, trail: Trail, event: Any, before: Any) -> Version:
        patient = self._patients.get(event.trail_patient)
        said = event.pgh_context
        why = said.get("reason", "")
        return Version(
            kind=trail.kind,
            label=trail.label,
            record_id=event.pgh_obj_id,
            event_id=event.pgh_id,
            at=event.pgh_created_at,
            site_time=_site_time(event.pgh_created_at, patient),
            action=event.pgh_label,
            subject=patient.subject_code if patient else "",
            site=patient.site.code if patient else "",
            what=self._what(trail, event),
            who=said.get("user_name", ""),
            roles=self._roles.of(said.get("user", ANONYMOUS), event.pgh_created_at),
            why="" if why == AUTOMATIC else why,
            origin=said.get("origin", ""),
            address=said.get("address", ""),
            changes=self._changes(trail, event, before),
            tells_loads=patient is not None and self._tells_loads(trail, event),
        )

    def _tells_loads(self, trail: Trail, event: Any) -> bool:
        if trail.model is Query:
            return bool(event.rule.startswith(LOAD_RULES))
        if trail.model is QueryMessage:
            rule = self._value(trail.events._meta.get_field("query"), event)  # a query in words
            return (rule or "").startswith(LOAD_RULES)
        return any(part.name.endswith("_ml") for part in trail.events._meta.concrete_fields)

    def _what(self, trail: Trail, event: Any) -> str:
        """Name the visit, or what else the record is about."""
        parts = {part.name: part for part in trail.events._meta.concrete_fields}
        for name in NAMING:
            if name in parts and (value := self._value(parts[name], event)) is not None:
                return value
        return ""

    def _changes(self, trail: Trail, event: Any, before: Any) -> list[FieldChange]:
        changes = []
        for part in trail.fields:
            new = self._value(part, event)
            old = None if before is None else self._value(part, before)
            if new != old:
                changes.append(FieldChange(label_of(part), old, new))
        return changes

    def _value(self, part: Any, event: Any) -> str | None:
        model = pointed_at(part, event)
        if model is None:
            return words_of(part, event)
        key = (model, getattr(event, part.attname))
        if key not in self._names:
            self._names[key] = words_of(part, event)
        return self._names[key]


def _site_time(at: datetime, patient: Patient | None) -> datetime | None:
    if patient is None or patient.site.time_zone == "UTC":
        return None
    return at.astimezone(ZoneInfo(patient.site.time_zone))


class _RolesAtATime:
    """The roles that somebody held in a study at a time, from the history of memberships."""

    def __init__(self, study: Study):
        self._steps: dict[str, list[Any]] = defaultdict(list)
        events = apps.get_model("trial", "MembershipEvent").objects.filter(study_id=study.pk)
        for event in events.select_related("site").order_by("pgh_id"):
            self._steps[str(event.user_id)].append(event)

    def of(self, user: str, at: datetime) -> str:
        held: dict[Any, Any] = {}
        for step in self._steps.get(user, ()):
            if step.pgh_created_at <= at:
                held[step.pgh_obj_id] = step
        active = [step for step in held.values() if step.is_active]
        return ", ".join(
            sorted(
                {
                    step.get_role_display() + (f", site {step.site.code}" if step.site_id else "")
                    for step in active
                }
            )
        )
