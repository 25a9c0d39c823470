"""Reading the audit trail: what changed, when, by whom in which role, and why.

A person sees the versions of the records that policy lets them see, and no others: a site
learns nothing from the trail that its pages would not tell.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet, UUIDField, Value
from django.http import Http404

from mldtrial.audit.models import AccessAction, AccessEvent
from mldtrial.trial import policies
from mldtrial.trial.models import Patient, Study
from mldtrial.trial.selectors.asked import UnknownFilterError, known
from mldtrial.trial.selectors.versions import ACTIONS, Reader, Version
from mldtrial.trial.trails import RULES, VERSIONS, Trail, trails


@dataclass(frozen=True, slots=True)
class Filters:
    """What an inspector asks for; empty means all."""

    kind: str = ""
    subject: str = ""
    person: str = ""
    action: str = ""
    since: date | None = None
    until: date | None = None

    @classmethod
    def of(cls, asked: Mapping[str, Any]) -> "Filters":
        """Read filters from an address; raise `UnknownFilterError` where one cannot be read."""
        return cls(
            kind=known(asked, "kind", trails()),
            subject=asked.get("subject", "").replace("\0", "").strip()[:32],
            person=_uuid_or_empty(asked.get("person", "")),
            action=known(asked, "action", ACTIONS),
            since=_day(asked, "since"),
            until=_day(asked, "until"),
        )

    @property
    def is_narrowed(self) -> bool:
        """True if anything is asked for."""
        return self != Filters()


def _day(asked: Mapping[str, Any], name: str) -> date | None:
    text = asked.get(name) or ""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise UnknownFilterError(name, text) from None


def _uuid_or_empty(text: str) -> str:
    try:
        return str(UUID(text)) if text else ""
    except ValueError:
        raise UnknownFilterError("person", text) from None


def audited_studies(*, user: Any) -> list[Study]:
    """Return the studies whose trail the person may read, in order of code."""
    held = policies.memberships(user).filter(role__in=policies.ACTIONS["view_audit"])
    return list(Study.objects.filter(pk__in=held.values("study")).order_by("code"))


def trails_for(study: Study, *, user: Any) -> dict[str, Trail]:
    """Return the histories that a person may read in a study, by kind."""
    sees_all = policies.may(user, "view_study_audit", study)
    return {k: t for k, t in trails().items() if t.patient is not None or sees_all}


def events_of(trail: Trail, study: Study, *, user: Any) -> QuerySet[Any]:
    """Return the events of one history that a person may see in a study."""
    found = trail.events.objects.all()
    if (rule := RULES.get(trail.model)) is not None:
        visible = trail.model._default_manager.filter(rule(user))
        found = found.filter(pgh_obj_id__in=visible.values("pk"))
    if trail.model in VERSIONS:
        found = found.filter(VERSIONS[trail.model](user))
    nobody = Value(None, output_field=UUIDField(null=True))
    found = found.annotate(trail_patient=trail.patient or nobody)
    within = Q(trail_patient__in=audited_patients(study, user=user).values("pk"))
    if trail.study is not None and policies.may(user, "view_study_audit", study):
        found = found.annotate(trail_study=trail.study)
        within |= Q(trail_patient__isnull=True, trail_study=study.pk)
    return found.filter(within)


def audited_patients(study: Study, *, user: Any) -> QuerySet[Patient]:
    """Return the patients of a study whose trail a person may read."""
    within = policies.patients_of(user, policies.ACTIONS["view_audit"])
    return Patient.objects.filter(within, study=study)


def timeline(study: Study, *, user: Any, filters: Filters) -> QuerySet[Any]:
    """Return what the person may see of the trail of a study, newest first.

    Returns
    -------
    queryset of tuple
        Kind, event id, time; `versions` turns a page of them into words.
    """
    parts = [
        _filtered(events_of(trail, study, user=user), study, user, filters)
        .annotate(trail_kind=Value(kind))
        .order_by()
        .values_list("trail_kind", "pgh_id", "pgh_created_at")
        for kind, trail in trails_for(study, user=user).items()
        if filters.kind in ("", kind)
    ]
    if not parts:
        return Patient.objects.none().values_list("pk")
    found = parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]
    return found.order_by("-pgh_created_at", "-pgh_id")


def _filtered(events: QuerySet[Any], study: Study, user: Any, filters: Filters) -> QuerySet[Any]:
    if filters.subject:
        events = events.filter(
            trail_patient__in=_named(study, user=user, subject=filters.subject).values("pk")
        )
    if filters.person:
        events = events.filter(pgh_context__user=filters.person)
    if filters.action:
        events = events.filter(pgh_label=filters.action)
    if filters.since is not None:
        events = events.filter(pgh_created_at__gte=_midnight(filters.since))
    if filters.until is not None:
        events = events.filter(pgh_created_at__lt=_midnight(filters.until + timedelta(days=1)))
    return events


def _named(study: Study, *, user: Any, subject: str) -> QuerySet[Patient]:
    """Return the patient of a code; those whose code holds the text, where there is none."""
    within = audited_patients(study, user=user)
    exact = within.filter(subject_code__iexact=subject)
    return exact if exact.exists() else within.filter(subject_code__icontains=subject)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def versions(
    page: Iterable[tuple[str, int, datetime]], study: Study, *, user: Any
) -> list[Version]:
    """Turn a page of the timeline into what changed, in the same order."""
    wanted: dict[str, list[int]] = defaultdict(list)
    order = []
    for kind, event_id, _ in page:
        wanted[kind].append(event_id)
        order.append((kind, event_id))
    reader = Reader(study)
    found: dict[tuple[str, int], Version] = {}
    known = trails_for(study, user=user)
    for kind, ids in wanted.items():
        events = events_of(known[kind], study, user=user).filter(pgh_id__in=ids)
        for version in reader.versions(known[kind], events):
            found[kind, version.event_id] = version
    return [found[key] for key in order if key in found]


def history(study: Study, kind: str, record_id: UUID, *, user: Any) -> list[Version]:
    """Return every version of one record that a person may see, newest first.

    Raises
    ------
    Http404
        If there is none, or it is not in this person's reach.
    """
    trail = trails_for(study, user=user).get(kind)
    events = [] if trail is None else _of_record(trail, study, record_id, user)
    if not events:
        raise Http404("No such record.")
    return events


def _of_record(trail: Trail, study: Study, record_id: UUID, user: Any) -> list[Version]:
    events = events_of(trail, study, user=user).filter(pgh_obj_id=record_id)
    return sorted(Reader(study).versions(trail, events), key=lambda v: v.event_id, reverse=True)


def people_of(study: Study, *, user: Any) -> list[Any]:
    """Return the people who ever had a role in a study, as far as the person may know them."""
    if not policies.may(user, "view_study_audit", study):
        held = policies.memberships(user, study).values("site")
        where = Q(site__in=held) | Q(site__isnull=True)
    else:
        where = Q()
    events = apps.get_model("trial", "MembershipEvent").objects.filter(where, study_id=study.pk)
    known = get_user_model().objects.filter(pk__in=events.values("user_id"))
    return sorted(known, key=str)


def access_events(study: Study, *, user: Any) -> QuerySet[AccessEvent]:
    """Return the access log of a study: its own entries, and the sign-ins of its people.

    Refused sign-ins of nobody known are shown too: they may have been tries at any study.
    """
    if not policies.may(user, "view_study_audit", study):
        return AccessEvent.objects.none()
    people = [person.pk for person in people_of(study, user=user)]
    return AccessEvent.objects.filter(
        Q(study_id=study.pk)
        | Q(study_id__isnull=True, user__in=people)
        | Q(action=AccessAction.SIGN_IN_FAILED, user__isnull=True)
    ).order_by("-pk")


def last_verification() -> AccessEvent | None:
    """Return the entry of the last verification, whoever ran it."""
    return AccessEvent.objects.filter(action=AccessAction.VERIFY).order_by("-pk").first()


def kinds(study: Study, *, user: Any) -> list[tuple[str, str]]:
    """Return the kinds of record for the filter, with their names."""
    found = [(kind, trail.label) for kind, trail in trails_for(study, user=user).items()]
    return sorted(found, key=lambda kind: kind[1])
