"""Which histories the audit pages show, and how an event leads to its patient and study.

Nothing is listed here twice: where a record belongs is said at its model (`belongs_to`), and
who may see it in the policies of its application. A model that has no rule there is not shown.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.expressions import Combinable

from mldtrial.audit.belonging import BELONGINGS, RecordKind
from mldtrial.audit.models import Signature
from mldtrial.trial import policies
from mldtrial.trial.models import Audience, Membership, Query, QueryMessage, Visit

Rule = Callable[[Any], Q]

RULES: dict[type[models.Model], Rule] = {
    **policies.VISIBLE,
    # Of a study as a whole only those read the trail who may read all of it.
    Membership: lambda _user: Q(),
}
"""Who may see the rows of a model; applications above add theirs when they start."""

OWN_ID = "pgh_obj_id"
"""What the history calls the id of the record itself."""

NOT_SHOWN = frozenset({"id", "created_at", "pgh_id"})

PATIENT_OF: dict[type[models.Model], Combinable] = {
    Query: F("patient_id"),
    QueryMessage: F("query__patient_id"),
    Signature: Subquery(Visit.objects.filter(pk=OuterRef("record_id")).values("patient_id")[:1]),
}
STUDY_OF: dict[type[models.Model], str] = {Membership: "study_id"}


def _queries(user: Any) -> Q:
    return Q(audience=Audience.SITE) | policies.patients_of(
        user, policies.IMAGING_QUERY_ROLES, "patient__"
    )


VERSIONS: dict[type[models.Model], Rule] = {Query: _queries}
"""What holds for each version, and not only for the record as it is now."""


def add_rules(rules: Mapping[type[models.Model], Rule]) -> None:
    """Let the audit pages show the models of another application to whom it allows."""
    RULES.update(rules)


@dataclass(frozen=True, slots=True)
class Trail:
    """The history of one model."""

    kind: str
    """Name in addresses."""
    model: type[models.Model]
    events: type[Any]
    patient: Combinable | None
    """How an event leads to its patient; None for what belongs to the study as a whole."""
    study: str = ""
    """How an event leads to its study, where it leads to no patient."""

    @property
    def label(self) -> str:
        """Name for people."""
        name = str(self.model._meta.verbose_name)
        return name[:1].upper() + name[1:]

    @property
    def fields(self) -> list[Any]:
        """The columns whose versions are compared, in the order of the model."""
        recorded = {field.name for field in self.events._meta.concrete_fields}
        return [
            field
            for field in self.model._meta.concrete_fields
            if field.name in recorded - NOT_SHOWN
        ]


def trails() -> dict[str, Trail]:
    """Return every history that the audit pages show, by kind."""
    found = {}
    for events in apps.get_models():
        model = getattr(events, "pgh_tracked_model", None)
        if model is None or not (model in RULES or model is Signature):
            continue
        trail = _trail(model, events)
        if trail is not None:
            found[trail.kind] = trail
    return dict(sorted(found.items()))


def _trail(model: type[models.Model], events: type[Any]) -> Trail | None:
    kind = model.__name__.lower()
    patient = _patient(model)
    if patient is not None:
        return Trail(kind, model, events, patient)
    study = STUDY_OF.get(model) or _path(model, RecordKind.STUDY)
    return Trail(kind, model, events, None, study) if study else None


def _patient(model: type[models.Model]) -> Combinable | None:
    if model in PATIENT_OF:
        return PATIENT_OF[model]
    if path := _path(model, RecordKind.PATIENT):
        return F(path)
    if path := _path(model, RecordKind.VISIT):
        return F("patient_id" if path == OWN_ID else f"{path.removesuffix('_id')}__patient_id")
    return None


def _path(model: type[models.Model], kind: str) -> str:
    belonging = BELONGINGS.get(model)
    if belonging is None or belonging.kind != kind:
        return ""
    return OWN_ID if belonging.path == "id" else belonging.path
