"""Copies of the chain's head outside the database: what shows a cut tail and a full rewrite.

The file is only ever appended to. Keep it, or copies of it, where whoever may change the
database may not write.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection

EVERY = timedelta(minutes=5)
TAIL_BYTES = 1024
"""More than the longest line."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """The head of the chain at a time."""

    seq: int
    hash: str
    at: str

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"


def current() -> Anchor:
    """Return the head of the chain as it is now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT seq, encode(hash, 'hex') FROM audit.head")
        seq, digest = cursor.fetchone()
    return Anchor(seq, digest, datetime.now(UTC).isoformat(timespec="seconds"))


def place() -> Path:
    """Return the file of the anchors."""
    return Path(settings.AUDIT_ANCHOR_FILE or settings.DATA_DIR / "audit_anchors.jsonl")


def written() -> Iterator[Anchor]:
    """Yield the anchors of the file, oldest first.

    Raises
    ------
    ValueError
        If a line is not an anchor; the message names the line.
    """
    if not place().exists():
        return
    with place().open() as lines:
        for number, line in enumerate(lines, start=1):
            try:
                yield Anchor(**json.loads(line))
            except (ValueError, TypeError) as error:
                raise ValueError(f"Line {number} of {place()} is not an anchor.") from error


def write() -> Anchor:
    """Append the head of the chain to the file and see it onto the disk."""
    anchor = current()
    place().parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(place(), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        # One write of one line: two writers at once leave two whole lines.
        os.write(descriptor, (json.dumps(asdict(anchor)) + "\n").encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return anchor


def write_if_due() -> Anchor | None:
    """Write an anchor unless the last one is younger than five minutes, or says the same."""
    last = _last()
    if last is not None:
        is_young = datetime.now(UTC) - datetime.fromisoformat(last.at) < EVERY
        if is_young or last.seq == current().seq:
            return None
    return write()


def _last() -> Anchor | None:
    if not place().exists():
        return None
    with place().open("rb") as lines:
        lines.seek(max(0, place().stat().st_size - TAIL_BYTES))
        tail = lines.read().splitlines()
    return Anchor(**json.loads(tail[-1])) if tail else None
