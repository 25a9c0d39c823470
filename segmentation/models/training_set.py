"""Which patients a method was trained on: its results on them are no independent test."""

import uuid

from django.db import models

from mldtrial.audit.belonging import never_locked
from mldtrial.audit.tracking import ClinicalModel, tracked
from mldtrial.trial.models import Patient
from segmentation.models.model_version import ModelVersion


@never_locked("What a method was trained on is a fact about the method, not about a record.")
@tracked()
class TrainingSet(ClinicalModel):
    """The statement that the patients a method was trained on are on record, all of them.

    Absent: nobody has said so. With no members: it was trained on no patient.
    """

    model_version = models.OneToOneField(
        ModelVersion, models.PROTECT, primary_key=True, related_name="training_set"
    )
    source = models.CharField(max_length=200, help_text="Where the list comes from.")

    class Meta(ClinicalModel.Meta):
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(source=""), name="training_set_has_a_source"
            ),
        ]

    def __str__(self) -> str:
        return self.source


@never_locked("What a method was trained on is a fact about the method, not about a record.")
@tracked()
class TrainingMember(ClinicalModel):
    """A patient of a training set, under the code of the study that gave the scans.

    `patient` is set once the patient is known here; the code is kept as it was given.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    training_set = models.ForeignKey(TrainingSet, models.PROTECT, related_name="members")
    study_code = models.CharField(max_length=64)
    subject_code = models.CharField(max_length=64)
    patient = models.ForeignKey(
        Patient, models.PROTECT, related_name="trained", null=True, blank=True
    )
    is_current = models.BooleanField(
        default=True, help_text="No: listed by mistake, and taken back with a reason."
    )

    class Meta(ClinicalModel.Meta):
        ordering = ["study_code", "subject_code"]
        constraints = [
            models.UniqueConstraint(
                fields=["training_set", "study_code", "subject_code"],
                name="training_member_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.study_code} {self.subject_code}"
