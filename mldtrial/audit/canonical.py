"""The canonical form of a record: the same content gives the same bytes, and so the same hash."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import F, QuerySet

from mldtrial.audit.belonging import BELONGINGS

Layout = Mapping[str, Collection[str]]
"""Columns by model label, so that a column added later changes no hash made before it."""


def layout_of(kind: str) -> dict[str, list[str]]:
    """Return the columns that a signature of this kind of record covers today."""
    return {
        model._meta.label: sorted(field.attname for field in model._meta.concrete_fields)
        for model in signed_models(kind)
    }


def signed_models(kind: str) -> list[type[models.Model]]:
    """Return the models whose rows a signature of this kind of record covers, by label."""
    found = [m for m, own in BELONGINGS.items() if own.kind == kind and own.signed is not None]
    return sorted(found, key=lambda model: model._meta.label)


def signed_rows(model: type[models.Model], record_ids: Iterable[UUID]) -> QuerySet[Any]:
    """Return the rows of a model that signatures of these records cover."""
    own = BELONGINGS[model]
    condition = {f"{own.path}__in": list(record_ids), **(own.signed or {})}
    return model._default_manager.filter(**condition).order_by("pk")


def digests(
    kind: str, record_ids: Collection[UUID], layout: Layout | None = None
) -> dict[UUID, str]:
    """Return the sha256 of the canonical form of each record.

    Kind and id are part of what is hashed: a hash fits no other record. A model without rows
    leaves no trace, so a table added later changes nothing until it holds something.

    Parameters
    ----------
    layout : mapping, optional
        The columns to read, as they were when an earlier hash was made; all of today without.
    """
    contents: dict[UUID, dict[str, list[Any]]] = {pk: defaultdict(list) for pk in record_ids}
    for model in signed_models(kind):
        path = BELONGINGS[model].path
        known = {field.attname for field in model._meta.concrete_fields}
        columns = sorted(known & set((layout or {}).get(model._meta.label, known)))
        rows = signed_rows(model, record_ids)
        for row in rows.values(*columns, belongs=F(path)):
            contents[row.pop("belongs")][model._meta.label].append(row)
    return {pk: _sha256(kind, pk, content) for pk, content in contents.items()}


def _sha256(kind: str, record_id: UUID, content: Mapping[str, list[Any]]) -> str:
    record = {"kind": kind, "id": record_id, "content": content}
    text = json.dumps(record, default=str, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
