"""Reading queries and their threads, narrowed to what the person may see."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils import timezone

from mldtrial.trial import policies
from mldtrial.trial.models import (
    SITE_ROLES,
    Audience,
    Membership,
    Query,
    QueryMessage,
    QueryState,
    Role,
    Site,
    Study,
    ThreadStep,
    Visit,
)
from mldtrial.trial.policies import visible_to
from mldtrial.trial.selectors.asked import known

MINE = "mine"
ALL = "all"
AGES_DAYS = (7, 30, 90)


@dataclass(frozen=True, slots=True)
class QueryFilters:
    """What part of the queries is asked for; empty means all.

    Attributes
    ----------
    assignee : str
        A role, or ``mine`` for what waits for the person or one of the person's roles.
    older_than_days : int
        Opened at least so many days ago; 0 for any age.
    """

    state: str = QueryState.OPEN
    audience: str = ""
    rule: str = ""
    site: str = ""
    assignee: str = ""
    older_than_days: int = 0

    @classmethod
    def of(cls, given: Any) -> "QueryFilters":
        """Read filters from an address; raise `UnknownFilterError` where one is not known.

        Of a rule or a site that has no query the list is empty.
        """
        ages = [str(days) for days in AGES_DAYS]
        return cls(
            state=known(given, "state", (*QueryState.values, ALL), QueryState.OPEN),
            audience=known(given, "audience", Audience.values),
            rule=given.get("rule", "").replace("\0", "")[:48],
            site=given.get("site", "").replace("\0", "")[:32],
            assignee=known(given, "assignee", (*Role.values, MINE)),
            older_than_days=int(known(given, "age", ages, "0")),
        )


def queries(of: Study, *, user: Any) -> QuerySet[Query]:
    """Return the queries of a study that a person may see, newest first."""
    return visible_to(user, Query.objects.filter(study=of)).select_related("patient__site", "visit")


def all_queries(*, user: Any, state: str = "") -> QuerySet[Query]:
    """Return the queries of all the person's studies, newest first.

    Parameters
    ----------
    state : str
        One of `QueryState`; empty for all.
    """
    found = visible_to(user, Query.objects.all())
    if state:
        found = found.filter(state=state)
    return found.select_related("study", "patient__site", "visit", "opened_by", "assigned_to")


def filtered_queries(filters: QueryFilters, *, user: Any) -> QuerySet[Query]:
    """Return the queries that filters ask for, newest first."""
    found = all_queries(user=user, state="" if filters.state == ALL else filters.state)
    if filters.audience:
        found = found.filter(audience=filters.audience)
    if filters.rule:
        found = found.filter(rule=filters.rule)
    if filters.site:
        found = found.filter(patient__site__code=filters.site)
    if filters.assignee == MINE:
        found = found.filter(_waits_for(user))
    elif filters.assignee:
        found = found.filter(assigned_role=filters.assignee)
    if filters.older_than_days:
        limit = timezone.now() - timedelta(days=filters.older_than_days)
        found = found.filter(created_at__lt=limit)
    return found


def _waits_for(user: Any) -> Q:
    """Return the condition that a query waits for a person, by name or by a role in its reach."""
    condition = Q(assigned_to=user)
    for held in policies.held(user):
        theirs = Q(assigned_role=held.role, study=held.study_id)
        condition |= theirs & Q(patient__site=held.site_id) if held.site_id else theirs
    return condition


def query_choices(*, user: Any) -> dict[str, list[str]]:
    """Return the rules and the site codes of the queries that a person may see."""
    found = visible_to(user, Query.objects.all()).order_by()
    rules = found.values_list("rule", flat=True).distinct()
    sites = visible_to(user, Site.objects.filter(patients__queries__in=found)).order_by("code")
    return {
        "rules": sorted(rules),
        "sites": list(dict.fromkeys(sites.values_list("code", flat=True))),
    }


def open_queries(visit: Visit, *, user: Any) -> list[Query]:
    """Return the queries on a visit that are not closed and that a person may see."""
    found = visible_to(user, Query.objects.filter(visit=visit))
    return list(found.exclude(state=QueryState.CLOSED))


def query(query_id: UUID, *, user: Any) -> Query:
    """Return a query.

    Raises
    ------
    Http404
        If there is none, or it is not in this person's reach.
    """
    found = all_queries(user=user).filter(pk=query_id).first()
    if found is None:
        raise Http404("No such query.")
    return found


@dataclass(frozen=True, slots=True)
class QueryStep:
    """One thing said about a query: what it did, in a word, and the words."""

    at: datetime
    by: str
    did: str
    words: str


def query_steps(query: Query, *, user: Any) -> list[QueryStep]:
    """Return the thread of a query in order: its question, then what was said."""
    said = visible_to(user, QueryMessage.objects.filter(query=query)).select_related("author")
    asked = QueryStep(query.created_at, _name(query.opened_by, query), "asked", query.question)
    return [
        asked,
        *(
            QueryStep(m.created_at, _name(m.author, query), ThreadStep(m.step).label, m.words)
            for m in said.order_by("created_at")
        ),
    ]


def _name(person: Any, query: Query) -> str:
    return f"rule {query.rule}" if person is None else str(person)


def people_who_may_answer(query: Query) -> QuerySet[Any]:
    """Return the active people who could answer a query, in order of name."""
    allowed = policies.answering_roles(query)
    held = Membership.objects.filter(study=query.study_id, is_active=True)
    at_site = held.filter(role__in=_of(allowed, SITE_ROLES), site=query.patient.site_id)
    central = held.filter(role__in=set(allowed) - set(SITE_ROLES))
    users = get_user_model().objects.filter(is_active=True)
    found = users.filter(Q(memberships__in=at_site) | Q(memberships__in=central))
    return found.distinct().order_by("full_name", "username")


def _of(roles: Iterable[str], group: Iterable[str]) -> set[str]:
    return set(roles) & set(group)
