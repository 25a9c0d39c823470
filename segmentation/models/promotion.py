"""What two people are asked to sign before another method counts."""

import uuid

import pgtrigger
from django.db import models

from mldtrial.audit.belonging import never_locked
from mldtrial.audit.models import ApprovalRequest
from mldtrial.audit.tracking import ClinicalModel, tracked
from segmentation.models.model_version import ModelVersion


@never_locked(
    "A method belongs to no study; while it would change a held load, nobody promotes it."
)
@tracked()
class ModelPromotion(ClinicalModel):
    """The proposal that a candidate takes the place of the active method, and its impact then.

    It never changes: who asked, why, and what was decided stands in its request, the words that
    were signed in the signatures. The impact holds every load of both methods at that moment.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    model_version = models.ForeignKey(ModelVersion, models.PROTECT, related_name="promotions")
    replaces = models.ForeignKey(ModelVersion, models.PROTECT, related_name="+")
    request = models.OneToOneField(ApprovalRequest, models.PROTECT, related_name="promotion")
    impact = models.JSONField(help_text="By study: the loads of both methods, flags, agreement.")
    impact_sha256 = models.CharField(max_length=64, help_text="Of the impact in canonical JSON.")

    class Meta(ClinicalModel.Meta):
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(model_version=models.F("replaces")),
                name="promotion_replaces_another",
            ),
            models.CheckConstraint(
                condition=models.Q(impact_sha256__regex=r"^[0-9a-f]{64}$"),
                name="promotion_sha256_is_hex",
            ),
        ]
        triggers = [
            *ClinicalModel.Meta.triggers,
            pgtrigger.Protect(name="refuse_update", operation=pgtrigger.Update),
        ]

    def __str__(self) -> str:
        return f"{self.model_version} in place of {self.replaces}"
