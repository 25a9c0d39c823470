"""Whom the method has learned from among the patients whose loads are shown."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from analytics.selectors.shown_method import ShownMethod
from mldtrial.trial.models import Study
from segmentation.models import Method, ModelVersion, SegmentationRun
from segmentation.selectors import training_sets


@dataclass(frozen=True, slots=True)
class TrainedAmong:
    """How many of these patients the method has learned from; None where nobody can tell."""

    count: int | None
    n_patients: int
    method: str

    @property
    def words(self) -> str:
        """What is to be said beside their loads; empty where they are an independent test."""
        if self.count is None:
            return (
                f"The training set of {self.method} is not on record, so its patients cannot be "
                "told. They make a method look better than it is."
            )
        if not self.count:
            return ""
        patients = "patient" if self.n_patients == 1 else "patients"
        were = "was" if self.count == 1 else "were"
        return (
            f"{self.count} of these {self.n_patients} {patients} {were} in the training set of "
            f"{self.method}. Their loads are no independent test of the model."
        )


def trained_among(
    study: Study, method: ModelVersion | ShownMethod | None, patient_ids: Collection[str]
) -> TrainedAmong:
    """Return how many patients of a study, by identity as text, a method has learned from."""
    if method is None or not patient_ids:
        return TrainedAmong(0, len(patient_ids), str(method or ""))
    if isinstance(method, ShownMethod):
        if method.method == Method.CNN and not method.has_training_set:
            return TrainedAmong(None, len(patient_ids), str(method))
        method = ModelVersion.objects.get(pk=method.pk)
    known = trained_on(study, method)
    among = None if known is None else len({str(one) for one in known} & set(patient_ids))
    return TrainedAmong(among, len(patient_ids), str(method))


def trained_on(study: Study, model: ModelVersion) -> set[UUID] | None:
    """Return the patients of a study whom the masks of a method know; None if not on record."""
    learner = training_sets.learner_of(model)
    if learner is None or not training_sets.is_known(learner):
        return None
    runs = SegmentationRun.objects.filter(model_version=learner, visit__patient__study=study)
    mine = runs.filter(
        training_sets.is_in_training_set(patient="visit__patient", model="model_version")
    )
    return set(mine.values_list("visit__patient", flat=True))
