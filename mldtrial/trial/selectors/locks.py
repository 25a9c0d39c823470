"""Reading what is frozen or locked, and what waits for a second person."""

from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404

from mldtrial.audit.belonging import RecordKind
from mldtrial.audit.models import Action, ApprovalRequest, Lock, LockedRecord, LockLevel, Signature
from mldtrial.trial.models import (
    Patient,
    Query,
    QueryState,
    Study,
    Visit,
)
from mldtrial.trial.policies import visible_to
from mldtrial.trial.selectors.owing import ASKED_SEQUENCES, owings
from mldtrial.trial.selectors.signatures import unchanged

Lockable = Study | Patient | Visit
KINDS: dict[type, RecordKind] = {
    Study: RecordKind.STUDY,
    Patient: RecordKind.PATIENT,
    Visit: RecordKind.VISIT,
}


def kind_of(record: Lockable) -> RecordKind:
    """Return what kind of record it is."""
    return KINDS[type(record)]


@dataclass(frozen=True, slots=True)
class Held:
    """How a record is held, by its own lock or by that of its patient or study."""

    level: int
    lock: Lock
    is_own: bool

    @property
    def state(self) -> str:
        """Return ``frozen`` or ``locked``."""
        return LockLevel(self.level).label

    def __str__(self) -> str:
        with_whole = "" if self.is_own else f" with its whole {self.lock.get_record_kind_display()}"
        return f"{self.state}{with_whole}"


def locks_on(record_ids: Collection[UUID]) -> dict[UUID, Held]:
    """Return how each of these records is held; absent for an open one.

    The strongest hold counts, and the record's own before that of the whole it belongs to.
    """
    rows = LockedRecord.objects.filter(record_id__in=record_ids).select_related("lock__set_by")
    found: dict[UUID, Held] = {}
    for row in rows:
        held = Held(row.level, row.lock, row.lock.record_id == row.record_id)
        known = found.get(row.record_id)
        if known is None or (held.level, held.is_own) > (known.level, known.is_own):
            found[row.record_id] = held
    return found


def lock_of(record: Lockable) -> Held | None:
    """Return how a record is held, or None for an open one."""
    return locks_on([record.pk]).get(record.pk)


def held_ids(*, at_least: LockLevel) -> set[UUID]:
    """Return every visit, patient and study that is held so firmly, or more."""
    rows = LockedRecord.objects.filter(level__gte=at_least)
    return set(rows.values_list("record_id", flat=True))


def own_locks(record: Lockable) -> QuerySet[Lock]:
    """Return every freeze and lock that was set on this very record, newest first."""
    return Lock.objects.filter(record_id=record.pk).select_related("set_by", "lifted_by")


def record_of(held: Lock) -> Lockable:
    """Return the record that a lock was set on."""
    models = {kind: model for model, kind in KINDS.items()}
    model = models[RecordKind(held.record_kind)]
    found: Lockable = model._default_manager.get(pk=held.record_id)  # type: ignore[attr-defined]
    return found


@dataclass(frozen=True, slots=True)
class Unlocking:
    """A request to unlock, with the lock and the record it is about."""

    request: ApprovalRequest
    lock: Lock
    record: Lockable

    @property
    def title(self) -> str:
        """Return the record in words."""
        if isinstance(self.record, Visit):
            return f"{self.record.patient.subject_code}, {self.record.name}"
        return f"{self.lock.get_record_kind_display()} {self.record}"


def unlockings(of: Study, *, user: Any, open_only: bool = True) -> list[Unlocking]:
    """Return the requests to unlock something of a study that a person may see, oldest first."""
    requests = visible_to(user, ApprovalRequest.objects.filter(action=Action.UNLOCK))
    if open_only:
        requests = requests.filter(decided_by__isnull=True)
    locks = Lock.objects.in_bulk([request.subject_id for request in requests])
    found = []
    for request in requests.select_related("requested_by", "decided_by"):
        record = record_of(locks[request.subject_id])
        if study_of(record).pk == of.pk:
            found.append(Unlocking(request, locks[request.subject_id], record))
    return found


def unlocking(of: Study, request_id: UUID, *, user: Any) -> Unlocking:
    """Return a request to unlock.

    Raises
    ------
    Http404
        If there is none in this person's reach.
    """
    for found in unlockings(of, user=user, open_only=False):
        if found.request.pk == request_id:
            return found
    raise Http404("No such request.")


def open_unlocking(held: Lock, *, user: Any) -> ApprovalRequest | None:
    """Return the request to end a lock that waits for a decision."""
    requests = visible_to(user, ApprovalRequest.objects.filter(action=Action.UNLOCK))
    waiting = requests.filter(subject_id=held.pk, decided_by__isnull=True)
    return waiting.select_related("requested_by").first()


def study_of(record: Lockable) -> Study:
    """Return the study that a record is part of."""
    if isinstance(record, Study):
        return record
    return record.study if isinstance(record, Patient) else record.patient.study


def promotions_to_confirm(*, user: Any) -> list[ApprovalRequest]:
    """Return the proposals of models that wait for another person than who made them.

    For who may promote; whose loads a proposal is about is decided where it is opened.
    """
    waiting = ApprovalRequest.objects.filter(action=Action.PROMOTE, decided_by__isnull=True)
    return list(waiting.exclude(requested_by=user).select_related("requested_by"))


@dataclass(frozen=True, slots=True)
class LockRow:
    """A visit with what it still lacks and how it is held."""

    visit: Visit
    held: Held | None
    missing: tuple[str, ...]


def visits_to_lock(of: Study, *, user: Any, state: str = "", search: str = "") -> QuerySet[Visit]:
    """Return the visits of a study with what tells whether they are complete.

    Parameters
    ----------
    state : str
        ``open``, ``frozen``, ``locked`` or ``complete``; empty for all. A complete visit is
        open and lacks nothing but perhaps its signature, which `lock_rows` compares.
    """
    held = LockedRecord.objects.filter(record_id=OuterRef("pk"))
    # Whether a query is open is told of those alone that the person may see: one born from loads
    # is nothing to a site. The lock itself asks for all of them.
    queries = visible_to(user, Query.objects.filter(visit=OuterRef("pk")))
    found = (
        visible_to(user, Visit.objects.filter(patient__study=of))
        .select_related("patient__site", "patient__study")
        .annotate(
            **owings(),
            has_open_query=Exists(queries.exclude(state=QueryState.CLOSED)),
        )
        .order_by("patient__subject_code", "date")
    )
    if search:
        found = found.filter(patient__subject_code__icontains=search.replace("\0", ""))
    locked = held.filter(level=LockLevel.LOCKED)
    conditions = {
        "open": ~Exists(held),
        "frozen": Exists(held) & ~Exists(locked),
        "locked": Exists(locked),
    }
    if state == "complete":
        owes_nothing = dict.fromkeys((*owings(), "has_open_query"), False)
        return found.filter(conditions["open"], **owes_nothing)
    return found.filter(conditions[state]) if state in conditions else found


def lock_rows(visits: Iterable[Visit]) -> list[LockRow]:
    """Return visits of `visits_to_lock` with what they lack and how they are held."""
    found = list(visits)
    ids = [visit.pk for visit in found]
    held = locks_on(ids)
    standing = list(Signature.objects.filter(record_id__in=ids, voided_at__isnull=True))
    valid = unchanged(standing)
    signed = {signature.record_id for signature in standing if signature.pk in valid}
    return [LockRow(visit, held.get(visit.pk), _missing(visit, signed)) for visit in found]


def _missing(visit: Any, signed: set[UUID]) -> tuple[str, ...]:
    lacks = {
        "GMFC-MLD": visit.owes_gmfc,
        **{sequence: getattr(visit, f"owes_{sequence}") for sequence in ASKED_SEQUENCES},
        "signature": visit.pk not in signed,
        "closed queries": visit.has_open_query,
    }
    return tuple(name for name, is_lacking in lacks.items() if is_lacking)


def chosen_visits(of: Study, chosen: Iterable[str], *, user: Any) -> list[Visit]:
    """Return those of the chosen visits that a person may see; anything else is left out."""
    ids = []
    for text in chosen:
        with suppress(ValueError):
            ids.append(UUID(text))
    return list(visits_to_lock(of, user=user).filter(pk__in=ids))


def complete_visits(of: Study, *, user: Any) -> list[Visit]:
    """Return the open visits of a study that lack nothing, their signature included."""
    rows = lock_rows(visits_to_lock(of, user=user, state="complete"))
    return [row.visit for row in rows if not row.missing]
