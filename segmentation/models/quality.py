"""The measured quality of an image, and its picture."""

from django.db import models

from mldtrial.audit.belonging import belongs_to
from mldtrial.audit.tracking import ClinicalModel, tracked
from mldtrial.trial.models import Origin, Scan
from segmentation.models.job import JOB_COLUMNS, MACHINE_COLUMNS, Job, JobState


@belongs_to("visit", "scan__visit_id", job_columns=JOB_COLUMNS)
@tracked(exclude=MACHINE_COLUMNS)
class ScanQuality(Job, ClinicalModel):
    """One measurement of the quality of a scan, by one version of the method.

    `metrics` holds for each metric either ``{"value": number}`` or ``{"reason": words}``; the
    units are those of `segmentation.imaging.quality.metrics`. It is no part of a signature:
    nobody signs what a program thinks of an image.
    """

    scan = models.ForeignKey(Scan, models.PROTECT, related_name="quality")
    t1w_scan = models.ForeignKey(
        Scan,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name="T1w image in which the brain was found",
    )
    method_version = models.CharField(max_length=32)
    metrics = models.JSONField(default=dict, blank=True)
    mosaic_sha256 = models.CharField("picture sha256", max_length=64, blank=True)
    origin = models.CharField(max_length=8, choices=Origin, default=Origin.CLINICAL)

    class Meta(ClinicalModel.Meta):
        ordering = ["queued_at"]
        verbose_name = "image quality"
        constraints = [
            *Job.Meta.constraints,
            models.UniqueConstraint(
                fields=["scan", "method_version"], name="quality_once_per_method"
            ),
            models.CheckConstraint(
                condition=models.Q(mosaic_sha256__regex=r"^([0-9a-f]{64})?$"),
                name="quality_picture_is_hex",
            ),
            models.CheckConstraint(
                condition=~models.Q(state=JobState.SUCCEEDED) | ~models.Q(metrics={}),
                name="quality_done_has_metrics",
            ),
        ]
        indexes = Job.Meta.indexes

    def __str__(self) -> str:
        return str(self.id)
