"""The denominators of a load: volumes of tissue of the head that it was measured in."""

import uuid

from django.db import models

from mldtrial.audit.belonging import belongs_to
from mldtrial.audit.tracking import ClinicalModel, tracked
from mldtrial.trial.models import Origin, Scan
from segmentation.models.job import JOB_COLUMNS, MACHINE_COLUMNS, Job
from segmentation.models.run import SegmentationRun


class TissueCode(models.TextChoices):
    """Which volume; the codes are PARAMCD of the analysis data sets."""

    BRAIN = "BRNVOL", "brain"
    WHITE_MATTER = "WMVOL", "white matter"
    GRAY_MATTER = "GMVOL", "gray matter"
    INTRACRANIAL = "ICVOL", "intracranial"


@belongs_to("visit", "run__visit_id", job_columns=JOB_COLUMNS)
@tracked(exclude=MACHINE_COLUMNS)
class TissueMeasurement(Job, ClinicalModel):
    """One measurement of the denominators of a run, by one version of the method.

    It rests on the images and the mask of the run and holds as long as the run does. Of a run that
    names no T2w, as of a mask made elsewhere, it rests on `t2w_scan`, and holds while that is the
    T2w in use beside the mask; another T2w is another measurement. What cannot be told has a
    sentence in `reasons` under its code and no volume. It is no part of a signature: the load is,
    and no denominator changes it.
    """

    run = models.ForeignKey(SegmentationRun, models.PROTECT, related_name="tissue")
    t2w_scan = models.ForeignKey(
        Scan,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        help_text="Taken from the visit for a run that names no T2w; empty: that of the run.",
    )
    method_version = models.CharField(max_length=32)
    separability = models.FloatField(null=True, blank=True)
    reasons = models.JSONField(default=dict, blank=True)
    provenance = models.JSONField(default=dict, blank=True)
    origin = models.CharField(max_length=8, choices=Origin, default=Origin.CLINICAL)

    class Meta(ClinicalModel.Meta):
        ordering = ["queued_at"]
        verbose_name = "measurement of tissue"
        constraints = [
            *Job.Meta.constraints,
            models.UniqueConstraint(
                fields=["run", "method_version", "t2w_scan"],
                nulls_distinct=False,
                name="tissue_once_per_method",
            ),
        ]
        indexes = Job.Meta.indexes

    def __str__(self) -> str:
        return str(self.id)


@belongs_to("visit", "run__visit_id")
@tracked()
class TissueVolume(ClinicalModel):
    """One volume in mL; a volume that cannot be told has no row, never a 0.

    The run stands here as well as in the measurement: a lock finds the visit in one step.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    measurement = models.ForeignKey(TissueMeasurement, models.PROTECT, related_name="volumes")
    run = models.ForeignKey(SegmentationRun, models.PROTECT, related_name="tissue_volumes")
    code = models.CharField(max_length=8, choices=TissueCode)
    volume_ml = models.FloatField()

    class Meta(ClinicalModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["measurement", "code"], name="tissue_one_of_each"),
            models.CheckConstraint(
                condition=models.Q(code__in=TissueCode.values), name="tissue_code_known"
            ),
            models.CheckConstraint(
                condition=models.Q(volume_ml__gt=0), name="tissue_volume_above_zero"
            ),
        ]

    def __str__(self) -> str:
        return self.code
