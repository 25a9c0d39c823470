"""What an address asks for by name: one of what is offered, or nothing is shown."""

from collections.abc import Container
from typing import Any

from django.http import Http404

LONGEST = 40
"""Characters of what an address asked for that are repeated to the person."""


class UnknownFilterError(Http404):
    """An address asks for a part that is not offered to this person.

    Who asks for a part and is shown the whole takes the whole for the part.

    Attributes
    ----------
    name, value : str
        The filter, and what was asked of it.
    """

    def __init__(self, name: str, value: str) -> None:
        super().__init__("Unknown filter.")
        self.name = name
        self.value = value[:LONGEST]


def known(query: Any, name: str, offered: Container[str], default: str = "") -> str:
    """Return what an address asks for; the default where it names nothing.

    Raises
    ------
    UnknownFilterError
        If it names what is not offered.
    """
    asked = str(query.get(name) or "")
    return offered_or_refused(name, asked, offered) if asked else default


def offered_or_refused(name: str, asked: str, offered: Container[str]) -> str:
    """Return what was asked for; raise `UnknownFilterError` where it is not offered."""
    if asked not in offered:
        raise UnknownFilterError(name, asked)
    return asked
