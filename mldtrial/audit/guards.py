"""Triggers that refuse a change to a locked record, whatever way it comes."""

from collections.abc import Callable, Collection
from typing import Any, TypeVar

import pgtrigger
from django.db import DatabaseError, models

ModelT = TypeVar("ModelT", bound=type[models.Model])

FROZEN, LOCKED = 1, 2
GATE = 7_290_114
"""Advisory lock that every change shares and that the setting of a lock takes alone, so that no
change slips in while the lock is being set."""
FROZEN_CONSTRAINT, LOCKED_CONSTRAINT = "record_frozen", "record_locked"

CHECK = """
IF TG_OP = 'UPDATE' AND NEW IS NOT DISTINCT FROM OLD THEN RETURN NEW; END IF;
{unfinished_job}
PERFORM pg_advisory_xact_lock_shared({gate});
SELECT max(level) INTO held FROM audit_lockedrecord WHERE record_id IN ({keys});
{exempt}"""
REFUSE = """IF held >= {threshold} THEN
    RAISE EXCEPTION 'This record is %.', CASE held WHEN {locked} THEN 'locked' ELSE 'frozen' END
    USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, CONSTRAINT =
        CASE held WHEN {locked} THEN '{locked_constraint}' ELSE '{frozen_constraint}' END;
END IF;
RETURN NEW;
"""

UNFINISHED_JOB = """
IF TG_OP = 'UPDATE' AND OLD.state <> 'SUCCEEDED' AND NEW.state <> 'SUCCEEDED' AND
    to_jsonb(NEW) - ARRAY[{columns}] = to_jsonb(OLD) - ARRAY[{columns}]
THEN RETURN NEW; END IF;
"""


def refuse_from(threshold: int) -> str:
    """Return the end of a guard: refuse where ``held`` is so firm or more, go on otherwise."""
    return REFUSE.format(
        threshold=threshold,
        locked=LOCKED,
        locked_constraint=LOCKED_CONSTRAINT,
        frozen_constraint=FROZEN_CONSTRAINT,
    )


def refuse_locked(
    model: type[models.Model],
    paths: Collection[str],
    *,
    usable_while_frozen: bool,
    job_columns: Collection[str],
    exempt: str,
) -> Callable[[ModelT], ModelT]:
    """Return what gives a model its guard: one indexed look at the locked records per change.

    Parameters
    ----------
    exempt : str
        SQL that comes after the look, and returns ``NEW`` where the hold is none for the change.
    """
    keys = [_key(model, path, row) for path in paths for row in ("NEW", "OLD")]
    columns = ", ".join(f"'{name}'" for name in job_columns)
    trigger = pgtrigger.Trigger(
        name="refuse_locked",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        declare=[("held", "smallint")],
        func=CHECK.format(
            unfinished_job=UNFINISHED_JOB.format(columns=columns) if job_columns else "",
            gate=GATE,
            keys=", ".join(keys),
            exempt=exempt,
        )
        + refuse_from(LOCKED if usable_while_frozen else FROZEN),
    )
    register: Callable[[ModelT], ModelT] = pgtrigger.register(trigger)
    return register


def _key(model: type[models.Model], path: str, row: str) -> str:
    first, _, rest = path.partition("__")
    if not rest:
        return f"{row}.{first}"
    field: Any = model._meta.get_field(first)
    # The registry of models is not ready yet, so the relation is asked for its other end.
    table = field.remote_field.model._meta.db_table
    return f"(SELECT {rest} FROM {table} WHERE id = {row}.{field.column})"  # noqa: S608 - names of our own models


def refusal(error: BaseException) -> str:
    """Return which constraint of a lock refused a change; empty for any other error."""
    if not isinstance(error, DatabaseError):
        return ""
    name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
    return name if name in (FROZEN_CONSTRAINT, LOCKED_CONSTRAINT) else ""
