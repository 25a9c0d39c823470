"""Give cases to readers, and take their reads of the MRI severity score."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from mldtrial.audit.context import because
from mldtrial.trial import policies
from mldtrial.trial.models import (
    IN_FORCE,
    AssignmentState,
    MriSeverityRead,
    ReadAssignment,
    ReadRole,
    ReadState,
    Role,
    Visit,
)
from mldtrial.trial.rules.severity import severity_instrument
from mldtrial.trial.services.saving import store
from mldtrial.trial.services.settling import assign, others_of, settle

Values = Mapping[str, int | None]
NEEDED = {
    ReadRole.FIRST: Role.READER,
    ReadRole.SECOND: Role.READER,
    ReadRole.ADJUDICATOR: Role.ADJUDICATOR,
}


@transaction.atomic
def assign_cases(*, visits: Iterable[Visit], first: Any, second: Any, by: Any) -> int:
    """Give each visit to two readers; returns how many visits were given out.

    A visit that has readers already is left as it is.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not assign, both readers are one person, or one is no reader.
    """
    if first == second:
        raise ValidationError({"second": "Two independent readers are needed: choose another."})
    given = 0
    for visit in visits:
        if by is not None:
            policies.require(by, "assign_reads", visit)
        _require_role(visit, first, ReadRole.FIRST, "first")
        _require_role(visit, second, ReadRole.SECOND, "second")
        _lock(visit)
        if ReadAssignment.objects.filter(visit=visit, state__in=IN_FORCE).exists():
            continue
        assign(visit, first, ReadRole.FIRST)
        assign(visit, second, ReadRole.SECOND)
        given += 1
    return given


@transaction.atomic
def replace_reader(
    *, assignment: ReadAssignment, reader: Any, reason: str, by: Any
) -> ReadAssignment:
    """Give a case that is not signed yet to somebody else, under a new reading id.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the read is signed, the reason is empty, or the new reader has
        another part in the case.
    """
    policies.require(by, "assign_reads", assignment.visit)
    if not reason.strip():
        raise ValidationError({"reason": "Give the reason for the change of reader."})
    _lock(assignment.visit)
    found = ReadAssignment.objects.select_for_update(of=("self",)).get(pk=assignment.pk)
    if found.state != AssignmentState.ASSIGNED:
        raise ValidationError("This read is signed or withdrawn already.")
    _require_role(assignment.visit, reader, found.role, "reader")
    found.state = AssignmentState.WITHDRAWN
    with because(reason.strip()):
        store(found)
        return _assign_other(assignment.visit, reader, found.role)


@transaction.atomic
def assign_adjudicator(*, visit: Visit, adjudicator: Any, by: Any) -> ReadAssignment:
    """Give a case whose readers differ to an adjudicator, where none was found by itself.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the case has an adjudicator, or that person is a reader of it.
    """
    policies.require(by, "assign_reads", visit)
    _lock(visit)
    _require_role(visit, adjudicator, ReadRole.ADJUDICATOR, "reader")
    final = getattr(visit, "mri_severity_final", None)
    if final is None or final.status != "ADJUDICATION":
        raise ValidationError("The readers of this case do not differ: no adjudicator is needed.")
    return _assign_other(visit, adjudicator, ReadRole.ADJUDICATOR)


def _assign_other(visit: Visit, reader: Any, role: str) -> ReadAssignment:
    if others_of(visit, role).filter(reader=reader).exists():
        raise ValidationError({"reader": "This person has or had a part in this case already."})
    return assign(visit, reader, role)


def _require_role(visit: Visit, person: Any, role: str, field: str) -> None:
    needed = NEEDED[ReadRole(role)]
    if needed not in policies.roles(person, visit.patient.study):
        raise ValidationError({field: f"This person is no {needed.label} of the study."})


@transaction.atomic
def save_draft(
    *, assignment: ReadAssignment, items: Values, asymmetric: Collection[str] = (), by: Any
) -> MriSeverityRead:
    """Keep what a reader has answered so far; nobody else sees it.

    Raises
    ------
    PermissionDenied, ValidationError
        If the case is not this person's, an item is out of range, or the read is signed.
    """
    found = _own(assignment, by)
    if found.state == AssignmentState.SIGNED:
        raise ValidationError("This read is signed: a correction needs a reason and a signature.")
    if not items:
        raise ValidationError("Nothing is answered yet: there is no draft to keep.")
    return _write(found, items, asymmetric, reason="", read_on=None)


@transaction.atomic
def sign_read(
    *,
    assignment: ReadAssignment,
    items: Values,
    asymmetric: Collection[str] = (),
    reason: str = "",
    read_on: date | None = None,
    by: Any,
) -> MriSeverityRead:
    """Sign a read off, or a new version of it with its reason; then settle the case.

    Parameters
    ----------
    read_on : date, optional
        Day of the read where it is entered later; today by default.

    Raises
    ------
    PermissionDenied, ValidationError
        If the case is not this person's, an item has no answer or is out of range, or a
        correction has no reason or changes nothing.
    """
    visit = _lock(assignment.visit)
    found = _own(assignment, by)
    unanswered = len(severity_instrument().items) - len(items)
    if unanswered > 0:
        raise ValidationError(
            f"{unanswered} of {len(severity_instrument().items)} items have no answer. Score each, "
            "or choose 'not evaluable'."
        )
    earlier = _signed(found)
    if earlier is not None:
        _supersede(earlier, items, asymmetric, reason)
    read = _write(
        found, items, asymmetric, reason=reason.strip() if earlier else "", read_on=read_on
    )
    read.total = severity_instrument(read.instrument_version).total(items)
    read.state = ReadState.SIGNED
    read.signed_at = timezone.now()
    with because(reason.strip() or "Read signed off"):
        store(read)
        if found.state == AssignmentState.ASSIGNED:
            found.state = AssignmentState.SIGNED
            store(found)
    settle(visit)
    return read


def _supersede(
    earlier: MriSeverityRead, items: Values, asymmetric: Collection[str], reason: str
) -> None:
    if earlier.items == dict(items) and earlier.asymmetric == sorted(asymmetric):
        raise ValidationError("This read is signed already, and nothing differs from it.")
    if not reason.strip():
        raise ValidationError({"reason": "This read is signed; give the reason for correcting it."})
    earlier.state = ReadState.SUPERSEDED
    with because(reason.strip()):
        store(earlier)


def _own(assignment: ReadAssignment, by: Any) -> ReadAssignment:
    policies.require(by, "record_severity", assignment.visit)
    found = (
        ReadAssignment.objects.select_for_update(of=("self",))
        .select_related("visit__patient__study", "visit__patient__site")
        .get(pk=assignment.pk)
    )
    if found.reader_id != by.pk:
        raise PermissionDenied("This case is not assigned to you.")
    if found.state == AssignmentState.WITHDRAWN:
        raise ValidationError("This case was given to somebody else; nothing was saved.")
    return found


def _signed(assignment: ReadAssignment) -> MriSeverityRead | None:
    return assignment.reads.filter(state=ReadState.SIGNED).first()


def _write(
    assignment: ReadAssignment,
    items: Values,
    asymmetric: Collection[str],
    *,
    reason: str,
    read_on: date | None,
) -> MriSeverityRead:
    instrument = severity_instrument()
    try:
        instrument.check(items)
        instrument.check(dict.fromkeys(asymmetric))
    except ValueError as error:
        raise ValidationError(str(error)) from error
    read = assignment.reads.filter(state=ReadState.DRAFT).first() or MriSeverityRead(
        assignment=assignment,
        visit=assignment.visit,
        reader=assignment.reader,
        version=1 + assignment.reads.count(),
        state=ReadState.DRAFT,
    )
    read.instrument_version = instrument.version
    read.items = dict(items)
    read.asymmetric = sorted(asymmetric)
    read.reason = reason
    read.read_on = read_on or timezone.now().date()
    with because(reason or "Read in progress"):
        return store(read)


def _lock(visit: Visit) -> Visit:
    # Two readers who sign at once are settled one after the other, the second with both reads.
    return (
        Visit.objects.select_for_update(of=("self",))
        .select_related("patient__study", "patient__site")
        .get(pk=visit.pk)
    )
