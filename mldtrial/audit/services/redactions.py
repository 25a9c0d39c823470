"""Blank a value in the history. Only the owner of the database may; the chain still proves it."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction

from mldtrial.audit.models import Redaction


@transaction.atomic
def blank(
    *, event_table: str, event_pk: int, field: str, reason: str, requested_by: Any, approved_by: Any
) -> Redaction:
    """Blank one value of an event and of its link, and record that as a link of its own.

    Parameters
    ----------
    event_table : str
        As the chain names it, such as ``public.trial_patientevent``.
    field : str
        A column, or ``column.key`` of a JSON column, such as ``pgh_context.reason``.

    Raises
    ------
    ValidationError
        If there is no such event or value, or the value cannot be blanked.
    ProgrammingError
        If the database role does not own the history.
    """
    seq, digest = _blanked(event_table, event_pk, field)
    return Redaction.objects.create(
        link_seq=seq,
        event_table=event_table,
        event_pk=event_pk,
        field=field,
        payload_sha256=digest,
        reason=reason,
        requested_by=requested_by,
        approved_by=approved_by,
    )


def _blanked(event_table: str, event_pk: int, field: str) -> tuple[int, str]:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT seq, payload_sha256 FROM audit.redact(%s, %s, %s)",
                [event_table, event_pk, field.split(".")],
            )
            seq, digest = cursor.fetchone()
    except DatabaseError as error:
        said = getattr(error.__cause__, "diag", None)
        if said is None or said.constraint_name != "redaction":
            raise
        raise ValidationError(said.message_primary) from error
    return seq, digest
