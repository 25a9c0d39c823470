"""What people decided on the findings of the review."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils import timezone

from analytics.selectors.patient_page import Flag
from mldtrial.trial.models import Query, QueryMessage, QueryState, ThreadStep
from mldtrial.trial.policies import visible_to

CAUSE_NOT_RECORDED = "Decided; what it was due to is not recorded"


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of a flag, as far as it may be told to a person.

    Attributes
    ----------
    is_settled : bool
        The query of the flag is closed.
    words : str
        Whether it is open, answered or decided, and what was said to it.
    query_id : UUID or None
        The query, for who may open it.
    """

    is_settled: bool
    words: str
    query_id: UUID | None


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A flag with what became of it."""

    flag: Flag
    decision: Decision


def reviewed(flags: Iterable[Flag], *, user: Any) -> list[Reviewed]:
    """Return flags with what became of them: what is still to review comes first.

    Whoever sees a flag is told whether it is decided, and what it was due to. What was said is for
    those who may read its query.
    """
    shown = list(flags)
    queries = _queries_of(shown, user=user)
    closings = _closings_of(queries, user=user)
    found = [Reviewed(flag, _decision(flag, queries, closings)) for flag in shown]
    return sorted(found, key=lambda one: one.decision.is_settled)


def to_review(found: Iterable[Reviewed]) -> int:
    """Return how many flags nobody has decided yet."""
    return sum(not one.decision.is_settled for one in found)


def _decision(
    flag: Flag, queries: Mapping[UUID, Query], closings: Mapping[UUID, QueryMessage]
) -> Decision:
    query = None if flag.query_id is None else queries.get(flag.query_id)
    closing = None if query is None else closings.get(query.pk)
    words = _settled(flag, closing) if flag.is_settled else _open(flag, query)
    return Decision(flag.is_settled, words, None if query is None else query.pk)


def _settled(flag: Flag, closing: QueryMessage | None) -> str:
    if flag.is_closed_by_rule:
        return "Query closed by the rule itself."
    if closing is None:
        return f"Decided: {flag.disposition}." if flag.disposition else f"{CAUSE_NOT_RECORDED}."
    on = f"{timezone.localtime(closing.created_at):%Y-%m-%d}"
    # The message that closes a query begins with what it was due to.
    begin = f"Decided on {on}" if flag.disposition else f"{CAUSE_NOT_RECORDED} ({on})"
    return f"{begin}: {closing.words}"


def _open(flag: Flag, query: Query | None) -> str:
    if not flag.query_state:
        return "Nobody was asked yet."
    state = f"Query {QueryState(flag.query_state).label}"
    if query is None:
        return f"{state}; what is said in it is not shown to your role."
    return f"{state}: {query.answer}" if query.answer else f"{state}, not answered yet."


def _queries_of(flags: Iterable[Flag], *, user: Any) -> dict[UUID, Query]:
    """Return the queries that flags opened, closed ones as well, as far as a person may see."""
    ids = {flag.query_id for flag in flags if flag.query_id is not None}
    if not ids:
        return {}
    return {query.pk: query for query in visible_to(user, Query.objects.filter(pk__in=ids))}


def _closings_of(queries: Mapping[UUID, Query], *, user: Any) -> dict[UUID, QueryMessage]:
    """Return the last message that closed each query, by query."""
    closed = [key for key, query in queries.items() if query.state == QueryState.CLOSED]
    if not closed:
        return {}
    said = QueryMessage.objects.filter(query__in=closed, step=ThreadStep.CLOSED)
    in_order = visible_to(user, said).order_by("created_at")
    return {message.query_id: message for message in in_order}  # the last one stays
