"""Copies of the chain's head outside the database: what shows a cut tail and a full rewrite.

The file is only ever appended to. Keep it, or copies of it, where whoever may change the
database may not write. Its folder is never made here: a folder that was made anew would hide
that the volume is not mounted.
"""

import json
import logging
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from mldtrial.audit.models import NewestAnchor

EVERY = timedelta(minutes=5)
TAIL_BYTES = 4096
"""More than the longest line, and a torn one before it."""
SET_ASIDE = "set_aside"
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Anchor:
    """The head of the chain at a time."""

    seq: int
    hash: str
    at: str

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"


@dataclass(frozen=True, slots=True)
class TornLine:
    """A line that a crash or a full disk cut off, and that was set aside since."""

    number: int
    at: str
    """When it was set aside."""


def current() -> Anchor:
    """Return the head of the chain as it is now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT seq, encode(hash, 'hex') FROM audit.head")
        seq, digest = cursor.fetchone()
    return Anchor(seq, digest, datetime.now(UTC).isoformat(timespec="seconds"))


def place() -> Path:
    """Return the file of the anchors."""
    return Path(settings.AUDIT_ANCHOR_FILE or settings.DATA_DIR / "audit_anchors.jsonl")


def newest_known() -> tuple[int, str] | None:
    """Return number and hash of the anchor that was written last, as the database knows it."""
    found = NewestAnchor.objects.first()
    return None if found is None else (found.seq, found.hash)


def written() -> Iterator[Anchor | TornLine]:
    """Yield the lines of the file, oldest first.

    Raises
    ------
    ValueError
        If a line is not an anchor, and was not set aside right after it; the message names it.
    """
    if not place().exists():
        return
    torn = 0
    for number, line in enumerate(place().read_text(errors="replace").splitlines(), start=1):
        found = _read(line)
        if torn and not (isinstance(found, TornLine) and found.number == torn):
            raise _damaged(torn)
        torn = number if found is None else 0
        if found is not None:
            yield found
    if torn:
        raise _damaged(torn)


def write() -> Anchor:
    """Append the head of the chain to the file and see it onto the disk.

    Raises
    ------
    OSError
        If the folder is not there, or the file is gone that was written to before.
    """
    anchor = current()
    # Made once and for all: a file that is made anew would hide that the earlier one is gone.
    making = os.O_CREAT if newest_known() is None else 0
    descriptor = os.open(place(), os.O_RDWR | os.O_APPEND | making, 0o600)
    try:
        # One write of whole lines: two writers at once leave whole lines.
        os.write(descriptor, _after_a_torn_line(descriptor) + _line(asdict(anchor)))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    NewestAnchor.objects.update_or_create(
        pk=1, defaults={"seq": anchor.seq, "hash": anchor.hash, "written_at": anchor.at}
    )
    return anchor


def write_if_due() -> Anchor | None:
    """Write an anchor unless the last one is younger than five minutes, or says the same."""
    last = _last()
    if last is not None:
        is_young = datetime.now(UTC) - datetime.fromisoformat(last.at) < EVERY
        if is_young or last.seq == current().seq:
            return None
    return write()


def _after_a_torn_line(descriptor: int) -> bytes:
    """Return what sets a torn last line aside: its end, and a line that names it."""
    size = os.fstat(descriptor).st_size
    if size == 0 or os.pread(descriptor, 1, size - 1) == b"\n":
        return b""
    number = place().read_bytes().count(b"\n") + 1
    log.error("Line %d of %s was torn; it stays there and is set aside.", number, place())
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return b"\n" + _line({SET_ASIDE: number, "at": now})


def _line(content: dict[str, Any]) -> bytes:
    return (json.dumps(content) + "\n").encode()


def _read(line: str) -> Anchor | TornLine | None:
    """Return what a line says; None where it says nothing that could be an anchor."""
    try:
        content = json.loads(line)
        if SET_ASIDE in content:
            return TornLine(number=content[SET_ASIDE], at=content["at"])
        return Anchor(**content)
    except (ValueError, TypeError, KeyError):
        return None


def _damaged(number: int) -> ValueError:
    return ValueError(f"Line {number} of {place()} is not an anchor.")


def _last() -> Anchor | None:
    if not place().exists():
        return None
    with place().open("rb") as lines:
        lines.seek(max(0, place().stat().st_size - TAIL_BYTES))
        tail = lines.read().decode(errors="replace").splitlines()
    found = (_read(line) for line in reversed(tail))
    return next((one for one in found if isinstance(one, Anchor)), None)
