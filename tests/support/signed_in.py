"""People who are signed in once for a module: who asks is the question, not how they came in."""

import time
from collections.abc import Callable
from http.cookies import SimpleCookie
from typing import Any

from django.test import Client

from mldtrial.accounts.services import sessions
from tests.support.world import World

AHEAD_SECONDS = 3600
"""How far ahead a session is noted: requests that are undone would each write it anew."""


def cookies_of(world: World) -> dict[str, str]:
    """Return the cookies of a session of each person, by key."""
    return {key: _cookies(user) for key, user in world.users.items()}


def _cookies(user: Any) -> str:
    client = Client()
    client.force_login(user)
    session = client.session
    sessions.begin(session, now=time.time() + AHEAD_SECONDS)
    session.save()
    return client.cookies.output(header="", sep=";")


def clients(world: World) -> Callable[..., Client]:
    """Return what makes a client of a person by key, with the options of a client."""
    held = cookies_of(world)

    def client_of(key: str, **options: Any) -> Client:
        client = Client(**options)
        client.cookies = SimpleCookie(held[key])
        return client

    return client_of
