"""Freeze, lock and open again visits, patients and studies."""

from collections.abc import Collection
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models.functions import Now

from mldtrial.accounts.services import reauthentication
from mldtrial.audit.belonging import RecordKind
from mldtrial.audit.context import because
from mldtrial.audit.guards import GATE
from mldtrial.audit.models import Action, ApprovalRequest, Lock, LockLevel
from mldtrial.trial import policies, selectors
from mldtrial.trial.models import Query, QueryState, Scan, ScanState, Study, Visit
from mldtrial.trial.selectors.locks import Lockable, kind_of
from mldtrial.trial.services import approvals
from mldtrial.trial.services.saving import FROZEN, LOCKED, store


def freeze(*, record: Lockable, reason: str, by: Any) -> Lock:
    """Hold a record for a while: nothing of it changes, and queries stay usable.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, there is no reason, or the record is held already.
    """
    policies.require(by, "freeze_record", record)
    return _set(record, LockLevel.FROZEN, reason, by)


def lock(*, record: Lockable, reason: str, by: Any) -> Lock:
    """Close a record for good: only two people together open it again.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, there is no reason, a query is not closed, or it is locked already.
    """
    policies.require(by, "lock_record", record)
    return _set(record, LockLevel.LOCKED, reason, by)


@transaction.atomic
def _set(record: Lockable, level: LockLevel, reason: str, by: Any) -> Lock:
    _require_reason(reason)
    hold_still()  # what is checked below is what is locked
    held = selectors.lock_of(record)
    if held is not None and held.level >= level:
        raise ValidationError(f"This {kind_of(record)} is {held} already.")
    if level == LockLevel.LOCKED:
        _require_no_open_query(record)
        _require_no_scan_in_quarantine(record)
    with because(reason.strip()):
        own = Lock.objects.filter(record_id=record.pk, lifted_at__isnull=True).first()
        if own is not None:
            _lift(own, f"Now {level.label}.", by)
        return store(
            Lock(
                record_kind=kind_of(record),
                record_id=record.pk,
                level=level,
                reason=reason.strip(),
                set_by=by,
            )
        )


def hold_still() -> None:
    """Let nobody else change a record until this transaction ends; what is under way ends first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [GATE])


def keep_others_still() -> None:
    """Let no lock be set and no method switched until this transaction ends.

    One that is under way ends first: what is read after this is what it left.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [GATE])


def _require_reason(reason: str, field: str = "reason") -> None:
    if not reason.strip():
        raise ValidationError({field: "Give the reason."})


def _require_no_open_query(record: Lockable) -> None:
    paths = {RecordKind.VISIT: "visit", RecordKind.PATIENT: "patient", RecordKind.STUDY: "study"}
    waiting = Query.objects.filter(**{paths[kind_of(record)]: record})
    count = waiting.exclude(state=QueryState.CLOSED).count()
    if count:
        what = "1 query is" if count == 1 else f"{count} queries are"
        raise ValidationError(
            f"{what} not closed. Close every query of this {kind_of(record)} before you lock it."
        )


def _require_no_scan_in_quarantine(record: Lockable) -> None:
    """Refuse a lock under which the image of a possibly wrong person could not be destroyed."""
    paths = {
        RecordKind.VISIT: "visit",
        RecordKind.PATIENT: "visit__patient",
        RecordKind.STUDY: "visit__patient__study",
    }
    waiting = Scan.objects.filter(state=ScanState.QUARANTINED, **{paths[kind_of(record)]: record})
    count = waiting.count()
    if count:
        what = "1 scan waits" if count == 1 else f"{count} scans wait"
        raise ValidationError(
            f"{what} in quarantine. Decide about every scan of this {kind_of(record)} before you "
            "lock it."
        )


@transaction.atomic
def thaw(*, record: Lockable, reason: str, by: Any) -> Lock:
    """End a freeze; a lock takes two people.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, there is no reason, or the record itself is not frozen.
    """
    policies.require(by, "freeze_record", record)
    _require_reason(reason)
    own = (
        Lock.objects.select_for_update(of=("self",))
        .filter(record_id=record.pk, level=LockLevel.FROZEN, lifted_at__isnull=True)
        .first()
    )
    if own is None:
        raise ValidationError(f"This {kind_of(record)} is not frozen by itself.")
    with because(reason.strip()):
        return _lift(own, reason.strip(), by)


def _lift(held: Lock, reason: str, by: Any) -> Lock:
    # The trigger puts the time of the database in the place of this one.
    held.lifted_at = Now()  # type: ignore[assignment]
    held.lifted_by = by
    held.lift_reason = reason
    held.save(update_fields=["lifted_at", "lifted_by", "lift_reason"])
    return held


def require_open(record: Lockable) -> None:
    """Refuse in words what the database would refuse: the change of a record that is held.

    Raises
    ------
    ValidationError
        If the record is frozen or locked.
    """
    held = selectors.lock_of(record)
    if held is not None:
        raise ValidationError(LOCKED if held.level == LockLevel.LOCKED else FROZEN)


def set_for_visits(
    *, visits: Collection[Visit], action: str, reason: str, by: Any
) -> tuple[int, list[str]]:
    """Freeze, lock or thaw several visits; returns how many, and why the others were not.

    Each visit stands for itself: one that is refused does not keep the others from it.
    """
    actions = {"freeze": freeze, "lock": lock, "thaw": thaw}
    done, refused = 0, []
    for visit in visits:
        try:
            actions[action](record=visit, reason=reason, by=by)
        except ValidationError as error:
            refused.append(f"{visit.patient.subject_code}, {visit.name}: {error.messages[0]}")
        else:
            done += 1
    return done, refused


def request_unlock(
    *, record: Lockable, reason: str, password: str, code: str = "", by: Any
) -> ApprovalRequest:
    """Ask for the unlocking of a record; nothing opens until another person approves.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not or is not who the session says, there is no reason, the record
        itself is not locked, or somebody has asked already.
    """
    # A site asks for what is its own; for a whole study only who sees all of it.
    action = "approve_unlock" if isinstance(record, Study) else "request_unlock"
    policies.require(by, action, record)
    _require_reason(reason)
    reauthentication.confirm(user=by, password=password, code=code)
    held = Lock.objects.filter(
        record_id=record.pk, level=LockLevel.LOCKED, lifted_at__isnull=True
    ).first()
    if held is None:
        raise ValidationError(f"This {kind_of(record)} is not locked by itself.")
    request = ApprovalRequest(
        action=Action.UNLOCK, subject_id=held.pk, reason=reason.strip(), requested_by=by
    )
    with because(reason.strip()):
        return store(request)


def decide_unlock(
    *,
    request: ApprovalRequest,
    is_approved: bool,
    reason: str,
    password: str,
    code: str = "",
    by: Any,
) -> ApprovalRequest:
    """Approve or refuse an unlocking that somebody else has asked for.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, asked for it, or is not who the session says; or if it is
        decided already.
    """
    held = Lock.objects.get(pk=request.subject_id)
    record = selectors.record_of(held)
    policies.require(by, "approve_unlock", record)
    with approvals.decision(
        request=request, is_approved=is_approved, reason=reason, password=password, code=code, by=by
    ) as decided:
        if is_approved:
            _lift(Lock.objects.select_for_update(of=("self",)).get(pk=held.pk), reason.strip(), by)
    return decided
