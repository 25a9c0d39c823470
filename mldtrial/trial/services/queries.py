"""Open, answer and close queries."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from mldtrial.audit.context import because
from mldtrial.trial import policies
from mldtrial.trial.models import Patient, Query, QueryState, Visit
from mldtrial.trial.services.saving import store

MANUAL = "MANUAL"


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
    if by is not None:
        policies.require(by, "open_query", patient)
    if rule != MANUAL:
        found = (
            Query.objects.select_for_update()
            .filter(patient=patient, visit=visit, rule=rule)
            .exclude(state=QueryState.CLOSED)
            .first()
        )
        if found is not None:
            return found
    query = Query(
        study=patient.study,
        patient=patient,
        visit=visit,
        audience=audience,
        rule=rule,
        question=question,
        opened_by=by,
    )
    return store(query)


@transaction.atomic
def answer_query(*, query: Query, answer: str, by: Any) -> Query:
    """Answer an open query.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the answer is empty or the query is closed.
    """
    policies.require(by, "answer_query", query)
    locked = Query.objects.select_for_update().get(pk=query.pk)
    if locked.state == QueryState.CLOSED:
        raise ValidationError("This query is closed already.")
    if not answer.strip():
        raise ValidationError({"answer": "Write an answer."})
    locked.answer = answer.strip()
    locked.state = QueryState.ANSWERED
    return store(locked)


@transaction.atomic
def close_query(*, query: Query, reason: str, by: Any) -> Query:
    """Close a query; `by` is None where the rule itself no longer finds the fault.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the reason is empty, or the query is closed already.
    """
    if by is not None:
        policies.require(by, "close_query", query)
    if not reason.strip():
        raise ValidationError({"reason": "Give the reason for closing."})
    locked = Query.objects.select_for_update().get(pk=query.pk)
    if locked.state == QueryState.CLOSED:
        raise ValidationError("This query is closed already.")
    locked.state = QueryState.CLOSED
    with because(reason.strip()):
        return store(locked)
