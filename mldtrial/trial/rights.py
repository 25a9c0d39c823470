"""The roles of who asks, read once for a request that changes nothing.

A page asks some ten times what its person may do. All of them are answered by the roles as they
stood when the request came in, as a request would be that came a moment sooner. Whatever changes
something (any method but GET and HEAD, a command, a worker) asks the database each time, and so
does an answer that is still being sent when the request is over. Which rows a person sees, the
database decides in every case.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from mldtrial.audit import recorded
from mldtrial.trial.models import Membership

STATE = "state_of_the_records"


@dataclass(slots=True)
class _Reading:
    """What was read for one request; nothing before it is asked who may."""

    user_id: Any = None
    held: tuple[Membership, ...] | None = None
    state: int | None = None


_reading: ContextVar[_Reading | None] = ContextVar("rights_of_a_request", default=None)


@contextmanager
def of_one_request() -> Iterator[None]:
    """Hold what is read inside the block, and nothing of it afterwards."""
    opened = _reading.set(_Reading())
    try:
        yield
    finally:
        _reading.reset(opened)


def read(user: Any, memberships: QuerySet[Membership]) -> tuple[Membership, ...]:
    """Return a person's memberships, and hold them until the request is over, where one is open.

    The number of the state of the records comes with them, in one statement: nobody is ever
    answered by roles that are older than the number of what they are sent.
    """
    reading = _reading.get()
    if reading is None:
        return tuple(memberships)
    held = tuple(memberships.annotate(**{STATE: recorded.NEWEST}))
    reading.user_id, reading.held = user.pk, held
    reading.state = getattr(held[0], STATE) if held else None
    return held


def held_by(user: Any) -> tuple[Membership, ...] | None:
    """Return the memberships that were read of this person; None where the database is asked."""
    reading = _reading.get()
    return None if reading is None or reading.user_id != user.pk else reading.held


def state() -> int:
    """Return the number of the state of the records: as read with the roles, or the newest."""
    reading = _reading.get()
    known = None if reading is None else reading.state
    return recorded.newest() if known is None else known


def forget() -> None:
    """Ask the database again, as after a role was given or has ended."""
    reading = _reading.get()
    if reading is not None:
        reading.user_id = reading.held = reading.state = None
