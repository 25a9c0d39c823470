"""Images of a study that a person had put together, to take them out."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from mldtrial.audit.belonging import never_locked
from mldtrial.audit.tracking import ClinicalModel, tracked
from mldtrial.trial.models import Study
from segmentation.models.job import MACHINE_COLUMNS, Job, JobState


@never_locked("A log: what is taken out of a locked study is recorded as well.")
@tracked(exclude=MACHINE_COLUMNS)
class ImageExport(Job, ClinicalModel):
    """One archive of images: who ordered it and why, what it holds, and until when it is there.

    `scans` holds the id of each image that was asked for with a hash of its visit and its name: an
    image that is moved, named otherwise, discarded or loses its consent afterwards makes the
    archive one that may not leave.
    """

    has_time_limit = False
    site = None  # type: ignore[assignment]  # the images are those of a study
    study = models.ForeignKey(Study, models.PROTECT, related_name="image_exports")
    ordered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    visit_code = models.CharField(
        max_length=16, blank=True, help_text="Of the visits whose images are in it; empty for all."
    )
    reason_for_faces = models.TextField(
        blank=True, help_text="Why faces are in the images; empty where they are removed."
    )
    scans = models.JSONField(default=dict, blank=True)
    written = models.PositiveIntegerField("images in it", null=True, blank=True)
    left_out = models.PositiveIntegerField("images left out", null=True, blank=True)
    size_bytes = models.PositiveBigIntegerField(null=True, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta(ClinicalModel.Meta):
        ordering = ["-queued_at"]
        verbose_name = "export of images"
        constraints = [
            *Job.Meta.constraints,
            models.UniqueConstraint(
                fields=["study"],
                condition=models.Q(state__in=[JobState.QUEUED, JobState.RUNNING]),
                name="image_export_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=~models.Q(state=JobState.SUCCEEDED)
                | models.Q(
                    written__isnull=False,
                    left_out__isnull=False,
                    size_bytes__isnull=False,
                    expires_at__isnull=False,
                    sha256__regex=r"^[0-9a-f]{64}$",
                ),
                name="image_export_done_has_a_file",
            ),
        ]
        indexes = Job.Meta.indexes

    def __str__(self) -> str:
        return str(self.id)

    @property
    def is_there(self) -> bool:
        """True while the archive can be taken."""
        is_in_time = self.expires_at is not None and self.expires_at > timezone.now()
        return self.state == JobState.SUCCEEDED and self.removed_at is None and is_in_time
