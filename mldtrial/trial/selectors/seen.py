"""What has changed in a record since a person opened a form on it, and by whom."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import models

from mldtrial.trial.selectors.versions import FieldChange, change_of

NOTHING = "new"
"""The mark of a record that was not there yet."""


def values_of(record: models.Model | None, fields: Sequence[str]) -> dict[str, Any]:
    """Return the values of some fields of a record, or of one of its versions."""
    return {} if record is None else {name: getattr(record, name) for name in fields}


def mark_of(values: Mapping[str, Any]) -> str:
    """Return a mark of the values that a person sees; it differs as soon as one of them does."""
    return hashlib.sha256(repr(values).encode()).hexdigest() if values else NOTHING


@dataclass(frozen=True, slots=True)
class Since:
    """What others have done to a record since a person saw it."""

    people: list[str]
    at: datetime
    changes: list[FieldChange]


def changed_since(record: models.Model, fields: Sequence[str], mark: str) -> Since | None:
    """Return what has changed in a record since its fields had a mark; None if they never had.

    Parameters
    ----------
    fields : sequence of str
        The fields that the mark was made of, in the same order.
    """
    newer: list[Any] = []
    seen = None
    for event in _events(record):
        if mark_of(values_of(event, fields)) == mark:
            seen = event
            break
        newer.append(event)
    if not newer or (seen is None and mark != NOTHING):
        return None
    told = [
        after
        for after, before in zip(newer, [*newer[1:], seen], strict=True)
        if values_of(after, fields) != values_of(before, fields)
    ]
    changes = [change_of(record._meta.get_field(name), seen, record) for name in fields]
    return Since(
        people=list(dict.fromkeys(event.pgh_context.get("user_name", "") for event in told)),
        at=told[0].pgh_created_at,
        changes=[change for change in changes if change.old != change.new],
    )


def _events(record: models.Model) -> models.QuerySet[Any]:
    """Return the versions of a record, the newest first."""
    model = next(
        found
        for found in apps.get_models()
        if getattr(found, "pgh_tracked_model", None) is type(record)
    )
    return model._default_manager.filter(pgh_obj_id=record.pk).order_by("-pgh_id")
