"""History of a table: triggers that no write path can go around."""

from collections.abc import Callable
from typing import TypeVar

import pghistory
import pgtrigger
from django.db import models

ModelT = TypeVar("ModelT", bound=type[models.Model])


def refuse_truncate() -> pgtrigger.Trigger:
    """Return the trigger that refuses TRUNCATE, which row triggers do not see."""
    return pgtrigger.Trigger(
        name="refuse_truncate",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Truncate,
        func="RAISE EXCEPTION 'TRUNCATE of % is refused: records are kept.', TG_TABLE_NAME;",
    )


def refuse_delete() -> pgtrigger.Trigger:
    """Return the trigger that refuses DELETE: nothing clinical is deleted."""
    return pgtrigger.Protect(name="refuse_delete", operation=pgtrigger.Delete)


class _InSchemaAudit(pgtrigger.Trigger):
    """A trigger that runs a function of schema `audit`, and that no session can switch off.

    The triggers of django-pgtrigger let a session name those that it wants ignored; these
    call their function directly and do not ask.
    """

    calls = ""
    func = "RETURN NULL;"

    def render_execute(self, model: models.Model) -> str:  # noqa: ARG002 - the same for all
        """Return the function to run instead of the generated one."""
        return f"audit.{self.calls}"


class Chain(_InSchemaAudit):
    """Adds each new row of a table to the hash chain when its transaction ends.

    Parameters
    ----------
    key : str
        Column that names a row of the table: a number.
    """

    name = "chain"
    when = pgtrigger.After
    operation = pgtrigger.Insert
    timing = pgtrigger.Deferred

    def __init__(self, *, key: str) -> None:
        super().__init__()
        self.calls = f"append('{key}')"


class Guard(_InSchemaAudit):
    """Refuses every write of a session that wants triggers ignored."""

    name = "guard"
    level = pgtrigger.Statement
    when = pgtrigger.Before
    operation = pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete
    calls = "guard()"


class Vet(_InSchemaAudit):
    """Lets a row into the history only from the trigger that writes it, and with a reason.

    Parameters
    ----------
    needs_reason : bool
        Whether a change has to say why.
    """

    name = "vet"
    when = pgtrigger.Before
    operation = pgtrigger.Insert

    def __init__(self, *, needs_reason: bool) -> None:
        super().__init__()
        self.calls = "vet()" if needs_reason else "vet('reason optional')"


def tracked(
    *, exclude: list[str] | None = None, needs_reason: bool = True
) -> Callable[[ModelT], ModelT]:
    """Keep every version of the decorated model in an append-only, chained event table.

    Parameters
    ----------
    exclude : list of str, optional
        Columns that are machine state, such as a heartbeat, and would fill the history.
    needs_reason : bool
        False for what is no record of the trial, such as a login.
    """

    def decorate(model: ModelT) -> ModelT:
        track = pghistory.track(
            pghistory.InsertEvent(),
            pghistory.UpdateEvent(),
            pghistory.DeleteEvent(),
            exclude=exclude,
            meta={
                "triggers": [
                    refuse_truncate(),
                    Guard(),
                    Vet(needs_reason=needs_reason),
                    Chain(key="pgh_id"),
                ]
            },
        )
        return track(pgtrigger.register(Guard())(model))

    return decorate


class ClinicalModel(models.Model):
    """A record of the trial: identified by a random id, never deleted."""

    created_at = models.DateTimeField(auto_now_add=True, editable=False)

    class Meta:
        abstract = True
        triggers = [refuse_truncate(), refuse_delete()]
