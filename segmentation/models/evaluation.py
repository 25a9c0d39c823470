"""How a method did on cases whose truth is known."""

import uuid

from django.db import models

from mldtrial.audit.belonging import never_locked
from mldtrial.audit.tracking import ClinicalModel, tracked
from mldtrial.trial.models import Study
from segmentation.models.model_version import ModelVersion


@never_locked("What was measured of a method changes no record.")
@tracked()
class ModelEvaluation(ClinicalModel):
    """One measurement of a method; `cases` and `summary` as `evaluate_model --json` gives them."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    model_version = models.ForeignKey(ModelVersion, models.PROTECT, related_name="evaluations")
    study = models.ForeignKey(
        Study,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        help_text="Whose patients the cases are; empty where they are of no study.",
    )
    data = models.CharField(max_length=200, help_text="What it was measured on.")
    cases = models.JSONField()
    summary = models.JSONField(help_text="By stratum, computed from the cases.")
    report_sha256 = models.CharField(max_length=64, help_text="Of the cases in canonical JSON.")

    class Meta(ClinicalModel.Meta):
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["model_version", "report_sha256"], name="evaluation_once"
            ),
            models.CheckConstraint(condition=~models.Q(data=""), name="evaluation_says_on_what"),
        ]

    def __str__(self) -> str:
        return self.data
