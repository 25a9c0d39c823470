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


def tracked(*, exclude: list[str] | None = None) -> Callable[[ModelT], ModelT]:
    """Keep every version of the decorated model in an append-only event table.

    Parameters
    ----------
    exclude : list of str, optional
        Columns that are machine state, such as a heartbeat, and would fill the history.
    """

    def decorate(model: ModelT) -> ModelT:
        track = pghistory.track(
            pghistory.InsertEvent(),
            pghistory.UpdateEvent(),
            pghistory.DeleteEvent(),
            exclude=exclude,
            meta={"triggers": [refuse_truncate()]},
        )
        return track(model)

    return decorate


class ClinicalModel(models.Model):
    """A record of the trial: identified by a random id, never deleted."""

    created_at = models.DateTimeField(auto_now_add=True, editable=False)

    class Meta:
        abstract = True
        triggers = [refuse_truncate(), refuse_delete()]
