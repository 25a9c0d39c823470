"""How uncertain the loads of a method are, as measured on cases whose truth is known."""

import uuid

from django.db import models

from mldtrial.audit.belonging import never_locked
from mldtrial.audit.tracking import ClinicalModel, tracked
from segmentation.models.model_version import ModelVersion


@never_locked("What was measured of a method changes no record: a result keeps its interval.")
@tracked()
class IntervalCalibration(ClinicalModel):
    """One calibration of the intervals of a method; `content` is its `interval.json`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    model_version = models.ForeignKey(
        ModelVersion, models.PROTECT, related_name="interval_calibrations"
    )
    version = models.CharField(max_length=32)
    content = models.JSONField()
    sha256 = models.CharField(max_length=64, help_text="Of the content in canonical JSON.")

    class Meta(ClinicalModel.Meta):
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["model_version", "version"], name="interval_calibration_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model_version}, interval {self.version}"
