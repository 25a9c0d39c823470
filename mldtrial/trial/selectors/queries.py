"""Reading queries and their history, narrowed to what the person may see."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db.models import QuerySet
from django.http import Http404

from mldtrial.trial.models import Query, QueryState, Study
from mldtrial.trial.policies import visible_to


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
    return found.select_related("study", "patient__site", "visit", "opened_by")


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
    """One step in the life of a query."""

    at: datetime
    by: str
    state: str
    words: str


def query_steps(query: Query) -> list[QueryStep]:
    """Return what happened to a query that the person may see, in order, from its history."""
    events = apps.get_model("trial", "QueryEvent").objects.filter(pgh_obj_id=query.pk)
    steps = []
    for event in events.order_by("pgh_id"):
        why = event.pgh_context.get("reason", "")
        words = {QueryState.OPEN: event.question, QueryState.ANSWERED: event.answer}
        by = event.pgh_context.get("user_name", "")
        if event.state == QueryState.OPEN and query.opened_by_id is None:
            by = f"rule {query.rule}"
        steps.append(QueryStep(event.pgh_created_at, by, event.state, words.get(event.state, why)))
    return steps
