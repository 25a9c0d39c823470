"""Whether a patient was in the training set of a method."""

from enum import StrEnum
from typing import Any

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, TextField, Value, When
from django.db.models.expressions import Combinable

from mldtrial.trial.models import Patient
from segmentation.models import (
    Method,
    ModelVersion,
    TrainingMember,
    TrainingSet,
)


class Trained(StrEnum):
    """What is known of a patient and a method."""

    IN_IT = "IN_IT"
    NOT_IN_IT = "NOT_IN_IT"
    NOT_RECORDED = "NOT_RECORDED"


def is_in_training_set(*, patient: str, model: str) -> Exists:
    """Return the condition that the patient of a row was trained on by the method of the row.

    A patient counts who is known by the record, or has the codes of an entry that nobody has
    been recognised in yet.

    Parameters
    ----------
    patient, model : str
        Paths from the row to its patient and to its method version.
    """
    found = _entries(
        model=OuterRef(model),
        patient=OuterRef(patient),
        study_code=OuterRef(f"{patient}__study__code"),
        subject_code=OuterRef(f"{patient}__subject_code"),
    )
    return Exists(found)


def _entries(
    *, model: Any, patient: Any, study_code: Any, subject_code: Any
) -> QuerySet[TrainingMember]:
    by_code = Q(patient__isnull=True, study_code=study_code, subject_code=subject_code)
    current = TrainingMember.objects.filter(is_current=True, training_set=model)
    return current.filter(Q(patient=patient) | by_code)


def is_recorded(*, model: str) -> Exists:
    """Return the condition that the training set of the method of a row is on record."""
    return Exists(TrainingSet.objects.filter(pk=OuterRef(model)))


def as_yes_no(*, patient: str, model: str) -> Combinable:
    """Return Y, N, or nothing where the training set of the method is not on record."""
    return Case(
        When(is_in_training_set(patient=patient, model=model), then=Value("Y")),
        When(is_recorded(model=model), then=Value("N")),
        default=Value(None, output_field=TextField()),
        output_field=TextField(),
    )


def learner_of(model: ModelVersion) -> ModelVersion | None:
    """Return the method whose training set tells whom the masks of a method know.

    Corrected masks know whom their origin knows: they began as its masks. None if that is not here.
    """
    if model.began_as is None:
        return model
    name, version = model.began_as
    return ModelVersion.objects.filter(name=name, version=version).first()


def is_known(learner: ModelVersion) -> bool:
    """Return whether it is known whom a method has learned from; only a network learns at all."""
    return learner.method != Method.CNN or TrainingSet.objects.filter(pk=learner.pk).exists()


def trained_on(patient: Patient, model: ModelVersion) -> Trained:
    """Return what is known of a patient and a method."""
    learner = learner_of(model)
    if learner is None or not is_known(learner):
        return Trained.NOT_RECORDED
    codes = {"study_code": patient.study.code, "subject_code": patient.subject_code}
    found = _entries(model=learner.pk, patient=patient.pk, **codes).exists()
    return Trained.IN_IT if found else Trained.NOT_IN_IT
