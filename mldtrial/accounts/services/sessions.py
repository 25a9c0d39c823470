"""How long a session lasts, and what ends it."""

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model, update_session_auth_hash
from django.contrib.sessions.backends.base import SessionBase
from django.db.models import F
from django.http import HttpRequest

BEGAN, SEEN = "began_at", "seen_at"
NOTE_EVERY_SECONDS = 60
"""A session is written once a minute at most, not at every request."""


def begin(session: SessionBase, *, now: float) -> None:
    """Note when a session began."""
    session[BEGAN] = session[SEEN] = int(now)


def is_over(session: SessionBase, *, now: float) -> bool:
    """Return whether a session has been idle for too long, or open for too long."""
    began, seen = session.get(BEGAN, now), session.get(SEEN, now)
    return bool(
        now - seen > settings.SESSION_IDLE_SECONDS or now - began > settings.SESSION_COOKIE_AGE
    )


def note_request(session: SessionBase, *, now: float) -> None:
    """Note that a person asked for something just now."""
    if BEGAN not in session:
        begin(session, now=now)
    elif now - session[SEEN] >= NOTE_EVERY_SECONDS:
        session[SEEN] = int(now)


def end_all(*, user: Any, but_this: HttpRequest | None = None) -> None:
    """End every session of a person at its next request, except the one that asks.

    Parameters
    ----------
    but_this : HttpRequest, optional
        A request of the session that goes on, under a new key.
    """
    people = get_user_model()._default_manager
    people.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)
    user.refresh_from_db(fields=["session_epoch"])
    if but_this is not None:
        update_session_auth_hash(but_this, user)
