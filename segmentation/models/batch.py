"""An order to segment the visits of a study by one method, in the background."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from mldtrial.audit.belonging import never_locked
from mldtrial.audit.tracking import ClinicalModel, tracked
from mldtrial.trial.models import Study
from segmentation.models.model_version import ModelVersion

PROGRESS_COLUMNS = ["visits_seen", "queued", "known", "held"]


@never_locked("An order holds nothing of a visit; its runs are guarded as all are.")
@tracked(exclude=PROGRESS_COLUMNS)
class SegmentationBatch(ClinicalModel):
    """Who wants a cohort segmented by which method; the runs it asked for name it.

    `visits_seen` counts the visits that were looked at, `queued` those for which a run was asked,
    `known` those whose images the method was given before, and `held` those that are frozen or
    locked, which no run of a candidate is held back by. The rest lacks an image, or the consent
    for images.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, models.PROTECT, related_name="segmentation_batches")
    model_version = models.ForeignKey(ModelVersion, models.PROTECT, related_name="batches")
    ordered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    ordered_at = models.DateTimeField(db_default=Now(), editable=False)
    visits_seen = models.PositiveIntegerField(default=0)
    queued = models.PositiveIntegerField(default=0)
    known = models.PositiveIntegerField(default=0)
    held = models.PositiveIntegerField(default=0)
    prepared_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)

    class Meta(ClinicalModel.Meta):
        ordering = ["-ordered_at"]
        verbose_name = "order of segmentations"
        verbose_name_plural = "orders of segmentations"
        constraints = [
            models.UniqueConstraint(
                fields=["study", "model_version"],
                condition=models.Q(prepared_at__isnull=True, cancelled_at__isnull=True),
                name="segmentation_batch_one_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)
