"""Which tables are chained."""

from dataclasses import dataclass
from typing import Any

import pgtrigger
from django.apps import apps
from django.db import models

from mldtrial.audit.tracking import Chain


@dataclass(frozen=True, slots=True)
class History:
    """A table and the table of its events."""

    table: str
    event_table: str
    key: str
    """Column that names a row of the table."""


def histories() -> list[History]:
    """Return every tracked table with its history, in order of name."""
    found = [
        History(
            qualified(model.pgh_tracked_model),
            qualified(model),
            model.pgh_tracked_model._meta.pk.column,
        )
        for model in apps.get_models()
        if hasattr(model, "pgh_tracked_model")
    ]
    return sorted(found, key=lambda history: history.table)


def chained_tables() -> list[str]:
    """Return the tables whose models carry the trigger of the chain, in order of name."""
    return sorted({qualified(model) for model, trigger in triggers() if isinstance(trigger, Chain)})


def qualified(model: type[models.Model]) -> str:
    """Return the name of a model's table as the chain writes it."""
    table = model._meta.db_table.replace('"', "")
    return table if "." in table else f"public.{table}"


def triggers() -> list[tuple[Any, pgtrigger.Trigger]]:
    """Return every trigger that a model carries, with the model."""
    return list(pgtrigger.registered())
