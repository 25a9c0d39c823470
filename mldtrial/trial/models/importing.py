"""The record of a table that was imported: what, by whom, when and with what outcome."""

import uuid

from django.conf import settings
from django.db import models

from mldtrial.audit.belonging import never_locked
from mldtrial.audit.tracking import ClinicalModel, tracked
from mldtrial.trial.models.study import Study


class ImportState(models.TextChoices):
    """How far an import has come."""

    RECEIVED = "RECEIVED", "received"
    CHECKED = "CHECKED", "checked"
    APPLIED = "APPLIED", "applied"
    DISCARDED = "DISCARDED", "discarded"


@never_locked("It tells where records came from; it holds none of their values.")
@tracked()
class ImportBatch(ClinicalModel):
    """One table of historical data on its way into a study.

    The file itself is kept only until the import is applied or discarded. `plan_sha256` binds
    what was shown to file, layout and data: only exactly that is applied.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, models.PROTECT, related_name="import_batches")
    state = models.CharField(max_length=12, choices=ImportState, default=ImportState.RECEIVED)
    received_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    file_sha256 = models.CharField(max_length=64)
    size_bytes = models.PositiveBigIntegerField()
    row_count = models.PositiveIntegerField()
    layout = models.JSONField(default=dict, blank=True)
    plan_sha256 = models.CharField(max_length=64, blank=True)
    counts = models.JSONField(default=dict, blank=True)
    applied_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True
    )
    applied_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True)

    class Meta(ClinicalModel.Meta):
        verbose_name_plural = "import batches"
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=ImportState.values), name="import_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(state=ImportState.APPLIED, applied_at__isnull=False)
                | (~models.Q(state=ImportState.APPLIED) & models.Q(applied_at__isnull=True)),
                name="import_applied_has_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"import of {self.created_at:%Y-%m-%d}"
