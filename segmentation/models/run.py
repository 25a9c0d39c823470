"""A segmentation of one visit by one model, and its result."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from mldtrial.audit.belonging import belongs_to
from mldtrial.audit.tracking import ClinicalModel, tracked
from mldtrial.trial.models import Origin, Scan, Sequence, Visit
from segmentation.imaging.cautions import Caution
from segmentation.imaging.errors import FailureCode
from segmentation.models.batch import SegmentationBatch
from segmentation.models.calibration import IntervalCalibration
from segmentation.models.job import JOB_COLUMNS, MACHINE_COLUMNS, Job, JobState
from segmentation.models.model_version import ModelVersion, ReleaseState
from segmentation.models.shadow import RESULTS_THAT_COUNT_NOWHERE, runs_that_count_nowhere

MENDABLE = (
    FailureCode.RECORD_LOCKED.value,
    FailureCode.CONSENT_WITHDRAWN.value,
    FailureCode.HASH_MISMATCH.value,
)
"""Why a run was refused though its images are good: a lock, a consent, a file of the store."""
RUNS_WORTH_ANOTHER_TRY = models.Q(state=JobState.FAILED) | models.Q(failure_code__in=MENDABLE)
"""Runs that the same images again may mend: the images lie in the store, unlike an upload's."""

MOVING_COLUMNS = (*JOB_COLUMNS, "told_at")


@belongs_to(
    "visit",
    "visit_id",
    job_columns=MOVING_COLUMNS,
    exempt=runs_that_count_nowhere(MOVING_COLUMNS),
)
@tracked(exclude=[*MACHINE_COLUMNS, "told_at"])
class SegmentationRun(Job, ClinicalModel):
    """One segmentation; `analysis_flag` marks the one that pages and exports use."""

    visit = models.ForeignKey(Visit, models.PROTECT, related_name="segmentation_runs")
    t1w_scan = models.ForeignKey(Scan, models.PROTECT, related_name="runs_as_t1w")
    t2w_scan = models.ForeignKey(
        Scan, models.PROTECT, related_name="runs_as_t2w", null=True, blank=True
    )
    model_version = models.ForeignKey(ModelVersion, models.PROTECT, related_name="runs")
    batch = models.ForeignKey(
        SegmentationBatch, models.PROTECT, related_name="runs", null=True, blank=True
    )
    purpose = models.CharField(max_length=16, default="PRIMARY")
    parameters = models.JSONField(default=dict, blank=True)
    parameters_sha256 = models.CharField(max_length=64)
    input_sha256 = models.CharField(max_length=64)
    analysis_flag = models.BooleanField(default=False)
    is_voided = models.BooleanField(default=False)
    told_at = models.DateTimeField(
        null=True, blank=True, help_text="When people were told that it ended without a result."
    )
    provenance = models.JSONField(default=dict, blank=True)
    origin = models.CharField(max_length=8, choices=Origin, default=Origin.CLINICAL)

    class Meta(ClinicalModel.Meta):
        ordering = ["queued_at"]
        constraints = [
            *Job.Meta.constraints,
            models.UniqueConstraint(
                fields=["visit", "purpose", "model_version", "parameters_sha256", "input_sha256"],
                # An image that went away and came back is segmented again.
                condition=models.Q(is_voided=False),
                name="run_once_per_input",
            ),
            models.UniqueConstraint(
                fields=["visit", "model_version"],
                condition=models.Q(analysis_flag=True),
                name="run_one_for_analysis",
            ),
            models.CheckConstraint(
                condition=models.Q(analysis_flag=False)
                | models.Q(state=JobState.SUCCEEDED, is_voided=False),
                name="run_for_analysis_has_succeeded",
            ),
        ]
        indexes = Job.Meta.indexes

    def __str__(self) -> str:
        return str(self.id)

    @property
    def scans(self) -> dict[str, Scan]:
        """The images by sequence, as a segmenter is given them."""
        chosen = {Sequence.T1W.value: self.t1w_scan}
        if self.t2w_scan is not None:
            chosen[Sequence.T2W.value] = self.t2w_scan
        return chosen

    @property
    def is_worth_another_try(self) -> bool:
        """True as `RUNS_WORTH_ANOTHER_TRY` has it, and for a run that somebody cancelled."""
        is_mendable = self.failure_code in MENDABLE
        return is_mendable or self.state in (JobState.FAILED, JobState.CANCELLED)


@belongs_to(
    "visit",
    "run__visit_id",
    signed={"run__analysis_flag": True, "run__model_version__state": ReleaseState.ACTIVE},
    exempt=RESULTS_THAT_COUNT_NOWHERE,
)
@tracked()
class SegmentationResult(ClinicalModel):
    """The mask and the volume of a successful run; absent for any other.

    `demyelination_load_ml` of 0.0 means that the method looked and found none.
    """

    run = models.OneToOneField(
        SegmentationRun, models.PROTECT, primary_key=True, related_name="result"
    )
    mask_path = models.CharField(max_length=200, unique=True)
    mask_sha256 = models.CharField(max_length=64)
    attempt = models.PositiveSmallIntegerField()
    voxel_count = models.PositiveBigIntegerField()
    demyelination_load_ml = models.FloatField()
    interval_low_ml = models.FloatField(null=True, blank=True)
    interval_high_ml = models.FloatField(null=True, blank=True)
    interval_level = models.FloatField(
        null=True, blank=True, help_text="Share of phantoms' truths that it was made to hold."
    )
    interval_calibration = models.ForeignKey(
        IntervalCalibration, models.PROTECT, related_name="results", null=True, blank=True
    )
    passes = models.JSONField(
        null=True,
        blank=True,
        help_text="What each pass of the network found, in mL; NULL: not kept, or no such method.",
    )
    cautions = ArrayField(
        models.CharField(max_length=24),
        null=True,
        blank=True,
        help_text="What is unusual about the images; empty: nothing, NULL: not looked for.",
    )

    class Meta(ClinicalModel.Meta):
        constraints = [
            models.CheckConstraint(
                condition=models.Q(demyelination_load_ml__gte=0), name="result_load_not_negative"
            ),
            models.CheckConstraint(
                condition=models.Q(
                    interval_low_ml__isnull=True,
                    interval_high_ml__isnull=True,
                    interval_level__isnull=True,
                    interval_calibration__isnull=True,
                )
                | models.Q(
                    interval_low_ml__gte=0,
                    interval_low_ml__lte=models.F("demyelination_load_ml"),
                    interval_high_ml__gte=models.F("demyelination_load_ml"),
                    interval_level__gt=0,
                    interval_level__lt=1,
                    # A comparison with NULL is NULL, and a check that is NULL passes.
                    interval_low_ml__isnull=False,
                    interval_high_ml__isnull=False,
                    interval_level__isnull=False,
                    interval_calibration__isnull=False,
                ),
                name="result_interval_whole_and_around_the_load",
            ),
            models.CheckConstraint(
                condition=models.Q(cautions__contained_by=[code.value for code in Caution]),
                name="result_cautions_known",
            ),
        ]

    def __str__(self) -> str:
        return str(self.run_id)
