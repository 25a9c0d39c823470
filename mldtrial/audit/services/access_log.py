"""Writes the access log."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from mldtrial.audit import context
from mldtrial.audit.models import AccessEvent

UNKNOWN = "unknown"
"""Whoever was refused under a name that nobody has."""


def record(
    *,
    action: str,
    user: Any = None,
    user_name: str = "",
    roles: Sequence[str] = (),
    study_id: UUID | None = None,
    site_id: UUID | None = None,
    subject: str = "",
    details: Mapping[str, Any] | None = None,
) -> AccessEvent:
    """Log what somebody did without changing a record.

    Parameters
    ----------
    action : str
        One of `AccessAction`.
    user : User or None
        The person; None for whoever the audit context names.
    user_name : str
        What to call whoever it was, where that is no person with a login.
    roles : sequence of str
        The roles that the person holds at this time.
    subject : str
        What it was about, such as a subject code; never a patient's data.
    details : mapping
        What else an inspector needs; never a patient's data.
    """
    said = context.said()
    return AccessEvent.objects.create(
        action=action,
        user_id=_who(user, said),
        user_name=user_name or (user.get_full_name() if user else said.get("user_name", "")),
        roles=list(roles),
        study_id=study_id,
        site_id=site_id,
        subject=subject[:100],
        address=said.get("address", ""),
        origin=said.get("origin", ""),
        details=dict(details or {}),
    )


def _who(user: Any, said: Mapping[str, Any]) -> Any:
    if user is not None:
        return user.pk
    named = said.get("user", context.ANONYMOUS)
    return None if named == context.ANONYMOUS else named
