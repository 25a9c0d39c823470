"""Who acts, and why: written by the database into every event row."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pghistory
from pghistory import runtime

ANONYMOUS = "anonymous"
AUTOMATIC = "automatic step"


@contextmanager
def acting(
    *, user: object | None = None, origin: str, reason: str = "", address: str = ""
) -> Iterator[None]:
    """Record every change made inside the block as done by `user`, for `reason`.

    Parameters
    ----------
    user : User or None
        The signed-in person; None for the system itself.
    origin : str
        Where the change came from: ``web``, ``command:<name>``, ``worker:<name>``.
    reason : str
        Why; a person may leave it empty only for a first entry. A step of the system that gives
        none is called `AUTOMATIC`.
    address : str
        Where the request came from, if it was one.
    """
    metadata: dict[str, Any] = {
        "user": str(getattr(user, "pk", None) or ANONYMOUS),
        "user_name": str(user) if getattr(user, "pk", None) else "system",
        "origin": origin,
        "reason": reason or ("" if getattr(user, "pk", None) else AUTOMATIC),
    }
    if address:
        metadata["address"] = address
    outer = getattr(getattr(runtime, "_tracker", None), "value", None)
    before = dict(outer.metadata) if outer is not None else None
    try:
        with pghistory.context(**metadata):
            yield
    finally:
        if outer is not None and before is not None:
            outer.metadata.clear()
            outer.metadata.update(before)


@contextmanager
def because(reason: str) -> Iterator[None]:
    """Give the changes inside the block a reason; the person stays the same."""
    outer = getattr(getattr(runtime, "_tracker", None), "value", None)
    if outer is None:
        raise RuntimeError("A reason needs an actor: open audit.context.acting() first.")
    before = outer.metadata.get("reason", "")
    outer.metadata["reason"] = reason
    try:
        yield
    finally:
        outer.metadata["reason"] = before


def said() -> dict[str, Any]:
    """Return who acts, why and from where, as it stands in each event; empty for nobody."""
    outer = getattr(getattr(runtime, "_tracker", None), "value", None)
    return {} if outer is None else dict(outer.metadata)
