"""The method whose loads count, as a page names it, read along with the loads themselves."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet, Subquery, TextField
from django.db.models.functions import Cast, JSONObject

from segmentation.models import Method, ModelVersion, ReleaseState

TOLD: dict[str, Any] = {
    "pk": "id",
    "name": "name",
    "version": "version",
    "method": "method",
    "is_demonstration": "is_demonstration",
    "has_training_set": ExpressionWrapper(
        Q(training_set__isnull=False), output_field=BooleanField()
    ),
}


@dataclass(frozen=True, slots=True)
class ShownMethod:
    """A method version by what is said of it; ``has_training_set`` where one is on record."""

    pk: UUID
    name: str
    version: str
    method: str
    is_demonstration: bool
    has_training_set: bool

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    @property
    def get_method_display(self) -> str:
        """What kind of method it is, in words; called as of the record, for their templates."""
        return Method(self.method).label


def column() -> Subquery:
    """Return the active version as a column: of one row for all, so that it is read but once."""
    return Subquery(_active()[:1])


def active() -> ShownMethod | None:
    """Return the active version, or None before one is chosen."""
    return of_text(_active().first())


def of_text(told: str | None) -> ShownMethod | None:
    """Return what a `column` tells."""
    if told is None:
        return None
    found = json.loads(told)
    return ShownMethod(**{**found, "pk": UUID(found["pk"])})


def _active() -> QuerySet[ModelVersion, str]:
    active = ModelVersion.objects.filter(state=ReleaseState.ACTIVE).order_by()
    return active.values_list(Cast(JSONObject(**TOLD), TextField()), flat=True)
