"""Proves that the history is whole: every link recomputed, every event compared with its link."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.db import connection

from mldtrial.audit import chained, guarding
from mldtrial.audit.services import anchors
from mldtrial.audit.services.anchors import TornLine

LINKS = "links"
REDACTED = "REDACTED"
BATCH = 5_000
MOST_FINDINGS = 1_000
GENESIS = "00"

SENTENCES = {
    "LINK_MISSING": "a link before this one was removed",
    "ORDER_CHANGED": "this link does not follow the one before it",
    "LINK_CHANGED": "this link was changed after it was written",
    "EVENT_CHANGED": "the event was changed after it was recorded",
    "EVENT_MISSING": "the event was removed after it was recorded",
    "TABLE_MISSING": "the table of the event is gone",
    "EVENT_UNLINKED": "the event stands outside the chain: its link was removed or never made",
    "RECORD_UNRECORDED": "the record is not what its last event says: it was changed unseen",
    "REDACTED": "a value was blanked by two people, on record",
    "TAIL_CUT": "the chain ends before its head: the newest links were removed",
    "HEAD_CHANGED": "the head does not name the newest link",
    "ANCHOR_BROKEN": "the chain differs from the copy of its head that was kept outside",
    "ANCHOR_FILE": "the file of the anchors is damaged or cannot be read",
    "ANCHOR_MISSING": "the file of the anchors, or the newest anchor in it, is gone",
    "TRIGGER_OFF": "a trigger that guards the records is missing or switched off",
    "TRIGGER_CHANGED": "a trigger that guards the records does not fire as it was installed",
    "FUNCTION_CHANGED": "a function that guards the records is missing or was changed",
}
"""What each fault means, for people."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault of the history."""

    fault: str
    seq: int | None = None
    """Number of the link; None where there is none."""
    table: str = ""
    row: str = ""
    """Key of the event, or of the record; name of a trigger or function."""

    def __str__(self) -> str:
        where = " ".join(part for part in (self.table, self.row) if part)
        link = "" if self.seq is None else f"link {self.seq}"
        place = ", ".join(part for part in (link, where) if part)
        return f"{place or 'chain'}: {SENTENCES[self.fault]}"


@dataclass
class Verification:
    """What was verified, and what was found."""

    head: anchors.Anchor
    links: int = 0
    """How many links were recomputed."""
    anchors: int = 0
    torn_lines: list[TornLine] = field(default_factory=list)
    """Lines of the file of the anchors that were cut off and set aside; no fault by themselves."""
    not_done: list[str] = field(default_factory=list)
    """What the time did not allow, in the words of a page."""
    seconds: float = 0.0
    findings: list[Finding] = field(default_factory=list)
    redacted: list[Finding] = field(default_factory=list)
    """Events with a value that was taken out on record: no fault."""

    @property
    def is_complete(self) -> bool:
        """True if every step was done."""
        return not self.not_done

    @property
    def is_whole(self) -> bool:
        """True if nothing was found."""
        return not self.findings

    def summary(self) -> dict[str, Any]:
        """Return what the access log keeps of it."""
        return {
            "is_whole": self.is_whole,
            "is_complete": self.is_complete,
            "not_done": ", ".join(self.not_done),
            "links": self.links,
            "head": str(self.head),
            "findings": len(self.findings),
            "redacted": len(self.redacted),
            "first": "" if self.first is None else str(self.first),
        }

    @property
    def first(self) -> Finding | None:
        """The first broken link, or failing that the first other fault."""
        linked = [found for found in self.findings if found.seq is not None]
        if linked:
            return min(linked, key=lambda found: found.seq or 0)
        return self.findings[0] if self.findings else None


Step = Callable[[Verification], Iterator[Finding]]


def verify(
    *, limit_seconds: float | None = None, on_progress: Callable[[int, int], None] | None = None
) -> Verification:
    """Recompute the chain and compare it with events, records, head, anchors and triggers.

    Writers may go on meanwhile: each step reads one consistent state, and the links are read
    as far as the head stood at the beginning.

    Parameters
    ----------
    limit_seconds : float, optional
        Begin no batch of links and no further step after that; the result then says what was
        not done.
    on_progress : callable, optional
        Called with the number of links done and of all links.
    """
    started = time.monotonic()
    result = Verification(head=anchors.current())
    # The links first: the first broken one is what is asked for.
    for first in range(1, result.head.seq + 1, BATCH):
        if _is_over(started, limit_seconds) or len(result.findings) >= MOST_FINDINGS:
            break
        result.links = min(first + BATCH - 1, result.head.seq)
        found = _links(first, result.links)
        result.redacted += [one for one in found if one.fault == REDACTED]
        result.findings += [one for one in found if one.fault != REDACTED]
        if on_progress is not None:
            on_progress(result.links, result.head.seq)
    not_done = [] if result.links == result.head.seq else [LINKS]
    for name, step in _steps():
        if _is_over(started, limit_seconds):
            not_done.append(name)
        else:
            result.findings += list(step(result))[:MOST_FINDINGS]
    result.not_done = list(dict.fromkeys(not_done))
    result.seconds = time.monotonic() - started
    return result


def _steps() -> Iterator[tuple[str, Step]]:
    """Yield what follows the links, in order; one step for each table, which may be large."""
    yield "triggers", _guards
    yield "functions", _functions
    yield "head of the chain", _head
    yield "anchors", _anchors
    for table in chained.chained_tables():
        yield "events outside the chain", partial(_unlinked, table)
    for history in chained.histories():
        yield "records against their last event", partial(_unrecorded, history)


def _is_over(started: float, limit_seconds: float | None) -> bool:
    return limit_seconds is not None and time.monotonic() - started > limit_seconds


def _rows(statement: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


def _links(first: int, last: int) -> list[Finding]:
    found = _rows("SELECT * FROM audit.broken_links(%s, %s)", [first, last])
    found += _rows("SELECT * FROM audit.broken_events(%s, %s)", [first, last])
    return [Finding(fault, seq, table, str(key)) for seq, table, key, fault in sorted(found)]


def _head(_result: Verification) -> Iterator[Finding]:
    head_seq, head_hash, tip_seq, tip_hash = _rows(
        "SELECT h.seq, encode(h.hash, 'hex'), coalesce(t.seq, 0), "
        "coalesce(encode(t.hash, 'hex'), %s) "
        "FROM audit.head AS h LEFT JOIN audit.tip() AS t ON true",
        [GENESIS],
    )[0]
    if tip_seq < head_seq:
        yield Finding("TAIL_CUT", tip_seq + 1)
    elif (tip_seq, tip_hash) != (head_seq, head_hash):
        yield Finding("HEAD_CHANGED", head_seq)


def _anchors(result: Verification) -> Iterator[Finding]:
    try:
        lines = list(anchors.written())
    except (OSError, ValueError):
        yield Finding("ANCHOR_FILE", None, str(anchors.place()))
        return
    known = [line for line in lines if isinstance(line, anchors.Anchor)]
    result.torn_lines = [line for line in lines if isinstance(line, TornLine)]
    wanted = [anchor.seq for anchor in known if anchor.seq > 0]
    hashes = dict(_rows("SELECT seq, encode(hash, 'hex') FROM audit.hashes(%s)", [wanted]))
    for anchor in known:
        if anchor.seq > 0 and hashes.get(anchor.seq) != anchor.hash:
            yield Finding("ANCHOR_BROKEN", anchor.seq)
    newest = anchors.newest_known()
    if newest is not None and newest not in {(anchor.seq, anchor.hash) for anchor in known}:
        yield Finding("ANCHOR_MISSING", None, str(anchors.place()))
    result.anchors = len(known)


def _unlinked(table: str, _result: Verification) -> Iterator[Finding]:
    for (key,) in _rows("SELECT event_pk FROM audit.unlinked(%s)", [table]):
        yield Finding("EVENT_UNLINKED", None, table, str(key))


def _unrecorded(history: chained.History, _result: Verification) -> Iterator[Finding]:
    names = [history.table, history.event_table, history.key]
    for (key,) in _rows("SELECT record FROM audit.unrecorded(%s, %s, %s)", names):
        yield Finding("RECORD_UNRECORDED", None, history.table, str(key))


def _guards(_result: Verification) -> Iterator[Finding]:
    running = {
        (table, name): definition
        for table, name, definition in _rows(
            "SELECT n.nspname || '.' || c.relname, t.tgname, pg_get_triggerdef(t.oid) "
            "FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
            "JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE t.tgenabled = 'O' AND NOT t.tgisinternal",
            [],
        )
    }
    for (table, name), definition in sorted(guarding.expected_triggers().items()):
        if (table, name) not in running:
            yield Finding("TRIGGER_OFF", None, table, name)
        elif guarding.normalised(running[table, name]) != definition:
            yield Finding("TRIGGER_CHANGED", None, table, name)


def _functions(_result: Verification) -> Iterator[Finding]:
    there = {
        (schema, name): guarding.Body(source, is_definer, guarding.settings_of(configuration))
        for schema, name, source, is_definer, configuration in _rows(
            "SELECT n.nspname, p.proname, p.prosrc, p.prosecdef, p.proconfig FROM pg_proc p "
            "JOIN pg_namespace n ON n.oid = p.pronamespace "
            "WHERE n.nspname IN ('audit', 'blinded', 'public')",
            [],
        )
    }
    for (schema, name), body in sorted(guarding.expected_functions().items()):
        found = there.get((schema, name))
        if found is None or not body.is_same(found):
            yield Finding("FUNCTION_CHANGED", None, schema, name)
