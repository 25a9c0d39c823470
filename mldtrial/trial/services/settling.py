"""Settle what the reads of a case come to: one score with its provenance, or an adjudicator."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from statistics import fmean
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Count, Q, QuerySet

from mldtrial.audit.context import because
from mldtrial.audit.models import LockLevel
from mldtrial.trial.models import (
    IN_FORCE,
    AssignmentState,
    FinalBasis,
    FinalStatus,
    MriSeverityFinal,
    MriSeverityRead,
    ReadAssignment,
    ReadRole,
    ReadState,
    Role,
    SeverityRule,
    Visit,
)
from mldtrial.trial.rules.reading import Agreement, compare, mean_items, new_reading_id
from mldtrial.trial.selectors.locks import held_ids
from mldtrial.trial.services.saving import store


def settle(visit: Visit) -> MriSeverityFinal | None:
    """Bring the score of a visit in line with its reads; the caller holds the visit's lock.

    Signed reads of both assigned readers count before reads from earlier records. Readers who
    differ by more than the study's tolerance get an adjudicator who is neither of them; nobody
    is told of the other's score.
    """
    signed = list(
        MriSeverityRead.objects.filter(visit=visit, state=ReadState.SIGNED)
        .select_related("assignment")
        .order_by("created_at")
    )
    by_role = {read.assignment.role: read for read in signed if read.assignment is not None}
    first, second = by_role.get(ReadRole.FIRST), by_role.get(ReadRole.SECOND)
    if first is not None and second is not None:
        return _of_two(visit, first, second, by_role.get(ReadRole.ADJUDICATOR))
    earlier = [read for read in signed if read.assignment is None]
    return _of_earlier(visit, earlier) if earlier else None


@transaction.atomic
def settle_earlier_reads(*, visits: QuerySet[Visit]) -> int:
    """Bring scores of earlier records in line with their reads; returns how many changed.

    For reads that were written past the services, such as those of an import: everything is
    read at once, and only what differs is written. What is frozen or locked waits until it is
    open again.
    """
    held = held_ids(at_least=LockLevel.FROZEN)
    by_visit: dict[UUID, list[MriSeverityRead]] = defaultdict(list)
    for read in (
        MriSeverityRead.objects.filter(
            visit__in=visits, state=ReadState.SIGNED, assignment__isnull=True
        )
        .exclude(visit__mri_severity_final__first_read__isnull=False)
        .order_by("created_at")
    ):
        if read.visit_id not in held:
            by_visit[read.visit_id].append(read)
    known = {
        final.visit_id: final
        for final in MriSeverityFinal.objects.filter(
            visit__in=visits, basis=FinalBasis.EARLIER_READS
        )
    }
    missing, differing = [], []
    for visit_id, reads in by_visit.items():
        values = _earlier_values(reads)
        final = known.get(visit_id)
        if final is None:
            missing.append(MriSeverityFinal(visit_id=visit_id, **values))
        elif any(getattr(final, name) != value for name, value in values.items()):
            differing.append((final, values))
    MriSeverityFinal.objects.bulk_create(missing, batch_size=500, ignore_conflicts=True)
    for final, _ in differing:
        # Under the visit's lock and by the whole rule: two readers may have signed meanwhile.
        locked = Visit.objects.select_for_update(of=("self",)).select_related("patient__study")
        settle(locked.get(pk=final.visit_id))
    return len(missing) + len(differing)


def _of_two(
    visit: Visit,
    first: MriSeverityRead,
    second: MriSeverityRead,
    adjudication: MriSeverityRead | None,
) -> MriSeverityFinal:
    study = visit.patient.study
    behind = {"first_read": first, "second_read": second, "tolerance": study.severity_tolerance}
    if adjudication is not None:
        found = _score([adjudication], FinalBasis.ADJUDICATED)
        return _store(visit, found | behind | {"adjudication": adjudication})
    agreement = compare(first.total, second.total, study.severity_tolerance)
    if agreement == Agreement.DISAGREED:
        _ask_adjudicator(visit)
        waits = {"status": FinalStatus.ADJUDICATION, "basis": "", "total": None, "items": {}}
        return _store(visit, waits | _last([first, second]) | behind)
    _withdraw_adjudicator(visit)
    if study.severity_rule == SeverityRule.FIRST_READER:
        found = _score([first], FinalBasis.FIRST_READER)
    else:
        found = _score([first, second], FinalBasis.MEAN)
    return _store(visit, found | _last([first, second]) | behind)


def _of_earlier(visit: Visit, reads: list[MriSeverityRead]) -> MriSeverityFinal:
    return _store(visit, _earlier_values(reads))


def _earlier_values(reads: list[MriSeverityRead]) -> dict[str, Any]:
    evaluable = [read for read in reads if read.total is not None]
    found = _score(evaluable or reads, FinalBasis.EARLIER_READS)
    return found | {"first_read": None, "second_read": None, "tolerance": None}


def _score(reads: list[MriSeverityRead], basis: FinalBasis) -> dict[str, Any]:
    totals = [read.total for read in reads if read.total is not None]
    is_done = len(totals) == len(reads)
    return {
        "status": FinalStatus.DONE if is_done else FinalStatus.NOT_EVALUABLE,
        "basis": basis,
        "total": Decimal(str(round(fmean(totals), 2))) if is_done else None,
        "items": mean_items([read.items for read in reads]),
        "adjudication": None,
        **_last(reads),
    }


def _last(reads: Iterable[MriSeverityRead]) -> dict[str, Any]:
    latest: MriSeverityRead = max(reads, key=lambda read: read.read_on)
    day: date = latest.read_on
    return {"read_on": day, "instrument_version": latest.instrument_version}


def _store(visit: Visit, values: dict[str, Any]) -> MriSeverityFinal:
    final = MriSeverityFinal.objects.filter(visit=visit).first() or MriSeverityFinal(visit=visit)
    for name, value in values.items():
        setattr(final, name, value)
    with because("Reads of the case were signed"):
        return store(final)


def _ask_adjudicator(visit: Visit) -> ReadAssignment | None:
    """Assign the adjudicator with the least to do; None where the study has no other person."""
    open_already = ReadAssignment.objects.filter(
        visit=visit, role=ReadRole.ADJUDICATOR, state__in=IN_FORCE
    )
    if open_already.exists():
        return None
    chosen = (
        get_user_model()
        .objects.filter(
            is_active=True,
            memberships__study=visit.patient.study_id,
            memberships__role=Role.ADJUDICATOR,
            memberships__is_active=True,
        )
        .exclude(pk__in=others_of(visit, ReadRole.ADJUDICATOR).values("reader"))
        .distinct()
    )
    waiting = ReadAssignment.objects.filter(
        visit__patient__study=visit.patient.study_id, state=AssignmentState.ASSIGNED
    ).values_list("reader_id")
    loads = dict(waiting.annotate(number=Count("pk")).order_by())
    person = min(chosen, key=lambda user: (loads.get(user.pk, 0), user.username), default=None)
    return None if person is None else assign(visit, person, ReadRole.ADJUDICATOR)


def others_of(visit: Visit, role: str) -> QuerySet[ReadAssignment]:
    """Return the parts in a case whose persons cannot take this one.

    Whoever has read, or began to, is nobody else's second look. An adjudicator whose earlier
    question was withdrawn may take it up again: it is the same question.
    """
    parts = ReadAssignment.objects.filter(visit=visit).exclude(
        state=AssignmentState.WITHDRAWN, reads__isnull=True
    )
    if role == ReadRole.ADJUDICATOR:
        return parts.exclude(role=ReadRole.ADJUDICATOR, state=AssignmentState.WITHDRAWN)
    return parts


def assign(visit: Visit, reader: Any, role: str) -> ReadAssignment:
    """Give a case to a person under a new reading id."""
    return store(ReadAssignment(visit=visit, reader=reader, role=role, reading_id=new_reading_id()))


def _withdraw_adjudicator(visit: Visit) -> None:
    still_open = Q(role=ReadRole.ADJUDICATOR, state=AssignmentState.ASSIGNED)
    for assignment in ReadAssignment.objects.filter(still_open, visit=visit):
        assignment.state = AssignmentState.WITHDRAWN
        with because("The readers agree after a correction"):
            store(assignment)
