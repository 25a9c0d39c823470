"""Open, answer, pass on, close and re-open queries; what is said stays in their threads."""

from collections.abc import Collection
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from mldtrial.audit.context import because
from mldtrial.trial import policies
from mldtrial.trial.models import (
    Audience,
    Patient,
    Query,
    QueryDisposition,
    QueryMessage,
    QueryState,
    Role,
    ThreadStep,
    Visit,
)
from mldtrial.trial.services import bulk
from mldtrial.trial.services.saving import store

MANUAL = "MANUAL"
MENDED = "The rule no longer finds this: the data have changed."
FIRST_ASKED: dict[str, str] = {
    Audience.SITE.value: Role.COORDINATOR.value,
    Audience.IMAGING.value: Role.DATA_MANAGER.value,
}
"""Whom a new query waits for, unless somebody is named."""


@transaction.atomic
def open_query(
    *,
    patient: Patient,
    visit: Visit | None,
    audience: str,
    rule: str,
    question: str,
    by: Any = None,
) -> Query:
    """Open a query, or return the one that the same rule has open for this visit.

    Raises
    ------
    PermissionDenied, ValidationError
        If a person (not a rule) asks and may not, or the question is empty.
    """
    query = Query(
        study=patient.study,
        patient=patient,
        visit=visit,
        audience=audience,
        rule=rule,
        question=question.strip(),
        opened_by=by,
        assigned_role=FIRST_ASKED.get(str(audience), ""),
    )
    if by is not None:
        policies.require(by, "open_query", query)
    if visit is not None and visit.patient_id != patient.pk:
        raise ValidationError({"visit": "This visit belongs to another patient."})
    if rule != MANUAL:
        # The patient is locked, so that a rule that runs twice at once asks once.
        Patient.objects.select_for_update(of=("self",)).get(pk=patient.pk)
        found = _unsettled(patient, visit, rule)
        if found is not None:
            return found
    return store(query)


@transaction.atomic
def open_queries(asked: Collection[Query]) -> list[Query]:
    """Open the queries of rules that ran over many records; returns those that are new.

    A query that its rule has open for this patient and visit already is not asked again.

    Parameters
    ----------
    asked : collection of Query
        Unsaved, each of a rule; of patients whom the caller has locked.

    Raises
    ------
    ValidationError
        If one of them is not complete.
    """
    settled = Q(state=QueryState.CLOSED)
    rules = {query.rule for query in asked}
    open_now = set(
        Query.objects.filter(rule__in=rules, patient__in={query.patient_id for query in asked})
        .exclude(settled)
        .values_list("patient_id", "visit_id", "rule")
    )
    new = {}
    for query in asked:
        key = (query.patient_id, query.visit_id, query.rule)
        if key not in open_now:
            query.study_id = query.patient.study_id
            query.assigned_role = FIRST_ASKED.get(str(query.audience), "")
            bulk.check(query)
            new[key] = query
    return Query.objects.bulk_create(list(new.values()), batch_size=1000)


@transaction.atomic
def answer_query(*, query: Query, answer: str, by: Any) -> Query:
    """Answer an open query, or add to an answer that has not been checked yet.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the answer is empty or the query is closed.
    """
    policies.require(by, "answer_query", query)
    locked = _locked(query)
    _require_not_closed(locked)
    words = _require_words(answer, "answer", "Write an answer.")
    locked.answer = words
    locked.state = QueryState.ANSWERED
    _say(locked, ThreadStep.ANSWERED, words, by)
    return _store_because("Answer to the query", locked)


@transaction.atomic
def comment_on_query(*, query: Query, words: str, by: Any) -> QueryMessage:
    """Add to the thread of a query without changing its state.

    `by` is None where the rule itself has something to add.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, nothing is said or the query is closed.
    """
    if by is not None:
        policies.require(by, "comment_on_query", query)
    locked = _locked(query)
    _require_not_closed(locked)
    return _say(
        locked, ThreadStep.COMMENTED, _require_words(words, "words", "Write something."), by
    )


@transaction.atomic
def assign_query(*, query: Query, role: str = "", person: Any = None, by: Any) -> Query:
    """Let a query wait for everybody of a role, or for one person.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the query is closed, or who is named could not answer it.
    """
    policies.require(by, "assign_query", query)
    locked = _locked(query)
    _require_not_closed(locked)
    if bool(role) == (person is not None):
        raise ValidationError({"assignee": "Choose one role or one person."})
    if person is not None and not policies.may(person, "answer_query", locked):
        raise ValidationError({"assignee": "This person cannot answer the query."})
    if role and role not in policies.answering_roles(locked):
        raise ValidationError({"assignee": "People of this role cannot answer the query."})
    locked.assigned_role, locked.assigned_to = role, person
    name = Role(role).label if role else str(person)
    _say(locked, ThreadStep.ASSIGNED, f"Waits for: {name}.", by)
    return _store_because("Passed on", locked)


@transaction.atomic
def reopen_query(*, query: Query, reason: str, by: Any) -> Query:
    """Ask again: an answer does not settle the question, or it was closed too early.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the reason is empty, the query is open, or the same rule has
        asked again meanwhile.
    """
    policies.require(by, "reopen_query", query)
    locked = _locked(query)
    if locked.state == QueryState.OPEN:
        raise ValidationError("This query is open already.")
    words = _require_words(reason, "reason", "Say what is still open.")
    locked.state = QueryState.OPEN
    locked.closed_by_rule = False
    locked.disposition = ""  # the history keeps it, and the thread says it
    stored = _store_because(words, locked)
    _say(locked, ThreadStep.REOPENED, words, by)
    return stored


@transaction.atomic
def close_query(*, query: Query, reason: str, by: Any, disposition: str = "") -> Query:
    """Close a query; `by` is None where the rule itself no longer finds the fault.

    Parameters
    ----------
    disposition : str
        One of `QueryDisposition`: what a query on loads that a person closes was due to.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the reason is empty, what it was due to is missing or not asked
        for, or the query is closed already.
    """
    if by is not None:
        policies.require(by, "close_query", query)
    words = _require_words(reason, "reason", "Give the reason for closing.")
    locked = _locked(query)
    _require_not_closed(locked)
    _require_disposition(locked, disposition, by)
    locked.state = QueryState.CLOSED
    locked.closed_by_rule = by is None
    locked.disposition = disposition
    if disposition:
        words = f"{QueryDisposition(disposition).label.capitalize()}. {words}"
    _say(locked, ThreadStep.CLOSED, words, by)
    return _store_because(words, locked)


@transaction.atomic
def close_mended(
    *, rule: str, patient: Patient, visit: Visit | None, reason: str = MENDED
) -> Query | None:
    """Close what a rule has asked and no longer finds; returns the query, or None."""
    found = _unsettled(patient, visit, rule)
    return None if found is None else close_query(query=found, reason=reason, by=None)


def _unsettled(patient: Patient, visit: Visit | None, rule: str) -> Query | None:
    return (
        Query.objects.select_for_update(of=("self",))
        .filter(patient=patient, visit=visit, rule=rule)
        .exclude(state=QueryState.CLOSED)
        .first()
    )


def _locked(query: Query) -> Query:
    return (
        Query.objects.select_for_update(of=("self",))
        .select_related("study", "patient__site")
        .get(pk=query.pk)
    )


def _require_not_closed(query: Query) -> None:
    if query.state == QueryState.CLOSED:
        raise ValidationError("This query is closed already.")


def _require_words(words: str, field: str, sentence: str) -> str:
    if not words.strip():
        raise ValidationError({field: sentence})
    return words.strip()


def _require_disposition(query: Query, disposition: str, by: Any) -> None:
    is_asked = query.is_on_loads and by is not None
    if is_asked and disposition not in QueryDisposition.values:
        raise ValidationError({"disposition": "Choose what it was due to."})
    if disposition and not is_asked:
        raise ValidationError("Only who closes a query on loads says what it was due to.")


def _say(query: Query, step: str, words: str, by: Any) -> QueryMessage:
    return store(QueryMessage(query=query, step=step, words=words, author=by))


def _store_because(reason: str, query: Query) -> Query:
    with because(reason):
        return store(query)
