"""Which histories the audit pages show, and how an event leads to its patient and study.

Nothing is listed here twice: where a record belongs is said at its model (`belongs_to`), and
who may see it in the policies of its application. A model that has no rule there is not shown.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import Case, F, OuterRef, Q, Subquery, UUIDField, When
from django.db.models.expressions import Combinable

from mldtrial.audit.belonging import BELONGINGS, RecordKind
from mldtrial.audit.models import Action, ApprovalRequest, Lock, Signature
from mldtrial.trial import policies
from mldtrial.trial.models import (
    Audience,
    ImportBatch,
    Invitation,
    Membership,
    ProtocolDeviation,
    Query,
    QueryMessage,
    UnblindingEvent,
    Visit,
)

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


def _of_visit(record_id: str) -> Subquery:
    return Subquery(Visit.objects.filter(pk=OuterRef(record_id)).values("patient_id")[:1])


def _held_patient() -> Combinable:
    """Lead from a lock to the patient of what it holds; to nobody from a lock on a study."""
    return Case(
        When(record_kind=RecordKind.PATIENT, then=F("record_id")),
        When(record_kind=RecordKind.VISIT, then=_of_visit("record_id")),
        output_field=UUIDField(),
    )


def _held_study() -> Combinable:
    return Case(When(record_kind=RecordKind.STUDY, then=F("record_id")), output_field=UUIDField())


def _asked(found: Combinable) -> Subquery:
    """Lead from a request to unlock through its lock."""
    of_request = Lock.objects.filter(pk=OuterRef("subject_id"))
    return Subquery(of_request.annotate(found=found).values("found")[:1])


PATIENT_OF: dict[type[models.Model], Combinable] = {
    Query: F("patient_id"),
    QueryMessage: F("query__patient_id"),
    Signature: _of_visit("record_id"),
    ProtocolDeviation: F("patient_id"),
    UnblindingEvent: F("patient_id"),
    Lock: _held_patient(),
    ApprovalRequest: Case(
        When(action=Action.UNLOCK, then=_asked(_held_patient())), output_field=UUIDField()
    ),
}
STUDY_OF: dict[type[models.Model], Combinable] = {
    Membership: F("study_id"),
    ImportBatch: F("study_id"),
    Invitation: F("study_id"),
    UnblindingEvent: F("study_id"),
    Lock: _held_study(),
    ApprovalRequest: Case(
        When(action=Action.UNLOCK, then=_asked(_held_study())),
        When(action=Action.PLANNED, then=F("subject_id")),
        When(
            action=Action.GRANT,
            then=Subquery(
                Membership.objects.filter(pk=OuterRef("subject_id")).values("study_id")[:1]
            ),
        ),
        output_field=UUIDField(),
    ),
}
"""Records that no signature and no lock covers; some belong now to a patient, now to a study."""


def _queries(user: Any) -> Q:
    return Q(audience=Audience.SITE) | policies.patients_of(
        user, policies.IMAGING_QUERY_ROLES, "patient__"
    )


VERSIONS: dict[type[models.Model], Rule] = {Query: _queries}
"""What holds for each version, and not only for the record as it is now."""


def add_rules(
    rules: Mapping[type[models.Model], Rule],
    *,
    patients: Mapping[type[models.Model], str] | None = None,
    studies: Mapping[type[models.Model], str] | None = None,
) -> None:
    """Let the audit pages show the models of another application to whom it allows.

    Parameters
    ----------
    patients, studies : mapping, optional
        How an event leads to its patient or its study, for models that no lock covers.
    """
    RULES.update(rules)
    PATIENT_OF.update({model: F(path) for model, path in (patients or {}).items()})
    STUDY_OF.update({model: F(path) for model, path in (studies or {}).items()})


@dataclass(frozen=True, slots=True)
class Trail:
    """The history of one model."""

    kind: str
    """Name in addresses."""
    model: type[models.Model]
    events: type[Any]
    patient: Combinable | None
    """How an event leads to its patient; None for what always belongs to a study as a whole."""
    study: Combinable | None = None
    """How an event leads to its study, where it can lead to no patient."""

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
    patient, study = _patient(model), STUDY_OF.get(model)
    if study is None and (path := _path(model, RecordKind.STUDY)):
        study = F(path)
    return None if patient is None and study is None else Trail(kind, model, events, patient, study)


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
