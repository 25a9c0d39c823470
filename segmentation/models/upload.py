"""A file that a site sent and that waits for intake."""

from django.conf import settings
from django.db import models

from mldtrial.audit.belonging import belongs_to
from mldtrial.audit.tracking import ClinicalModel, tracked
from mldtrial.trial.models import Sequence, Visit
from segmentation.models.job import JOB_COLUMNS, MACHINE_COLUMNS, Job, JobState


@belongs_to("visit", "visit_id", job_columns=JOB_COLUMNS)
@tracked(exclude=MACHINE_COLUMNS)
class Upload(Job, ClinicalModel):
    """An upload of one visit, in quarantine until intake has de-identified it.

    The raw bytes are destroyed once intake has taken them in or refused them; while the same
    intake may still succeed they are kept. `sha256` proves what was received.
    The name of the file is never kept: it may carry a patient's name.
    """

    visit = models.ForeignKey(Visit, models.PROTECT, related_name="uploads")
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True
    )
    sha256 = models.CharField(max_length=64)
    size_bytes = models.BigIntegerField()
    declared_sequence = models.CharField(
        max_length=8, choices=Sequence, blank=True, help_text="Given for NIfTI only."
    )
    declared_acquired_on = models.DateField(null=True, blank=True)

    class Meta(ClinicalModel.Meta):
        ordering = ["-queued_at"]
        constraints = [
            *Job.Meta.constraints,
            models.UniqueConstraint(
                fields=["visit", "sha256", "declared_sequence"],
                condition=models.Q(
                    state__in=[JobState.QUEUED, JobState.RUNNING, JobState.SUCCEEDED]
                ),
                name="upload_once_per_visit",
            ),
        ]
        indexes = Job.Meta.indexes

    def __str__(self) -> str:
        return str(self.id)
