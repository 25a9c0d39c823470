"""How far the masks of two methods agree at one visit."""

import uuid

from django.db import models

from mldtrial.audit.belonging import never_locked
from mldtrial.audit.tracking import ClinicalModel, tracked
from segmentation.models.run import SegmentationRun


@never_locked("Derived from two masks that never change; it counts nowhere.")
@tracked()
class MaskOverlap(ClinicalModel):
    """The agreement of the masks of two runs of the same T1w image.

    A figure that is not defined, since a mask is empty, is NULL. It holds as long as both runs do.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    run = models.ForeignKey(SegmentationRun, models.PROTECT, related_name="overlaps")
    reference_run = models.ForeignKey(SegmentationRun, models.PROTECT, related_name="+")
    method_version = models.CharField(max_length=32)
    dice = models.FloatField(null=True, blank=True)
    hausdorff95_mm = models.FloatField(null=True, blank=True)
    surface_dice = models.FloatField(null=True, blank=True)

    class Meta(ClinicalModel.Meta):
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "reference_run", "method_version"], name="overlap_once"
            ),
            models.CheckConstraint(
                condition=~models.Q(run=models.F("reference_run")), name="overlap_of_two_runs"
            ),
            models.CheckConstraint(
                condition=models.Q(dice__isnull=True) | models.Q(dice__range=(0, 1)),
                name="overlap_dice_is_a_share",
            ),
            models.CheckConstraint(
                condition=models.Q(surface_dice__isnull=True)
                | models.Q(surface_dice__range=(0, 1)),
                name="overlap_surface_dice_is_a_share",
            ),
            models.CheckConstraint(
                condition=models.Q(hausdorff95_mm__isnull=True) | models.Q(hausdorff95_mm__gte=0),
                name="overlap_distance_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)
