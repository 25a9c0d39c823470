"""Flags of a trajectory, and the log of exports."""

import uuid

from django.conf import settings
from django.db import models

from mldtrial.audit.belonging import belongs_to, never_locked
from mldtrial.audit.tracking import ClinicalModel, tracked
from mldtrial.trial.models import Patient, Query, Study
from segmentation.models import ModelVersion, SegmentationRun


class FlagKind(models.TextChoices):
    """What the review of a series found."""

    NON_MONOTONIC = "NON_MONOTONIC", "load below an earlier one"
    POST_TREATMENT_DECREASE = "POST_TREATMENT_DECREASE", "decrease after treatment"
    JUMP = "JUMP", "implausible rise"
    SWAP = "SWAP", "two visits may be exchanged"
    ABOVE_BRAIN = "ABOVE_BRAIN", "load above the brain's volume"
    ABOVE_WHITE_MATTER = "ABOVE_WHITE_MATTER", "load above the white matter"
    IMPLAUSIBLE_LOAD = "IMPLAUSIBLE_LOAD", "implausibly large load"


@belongs_to("visit", "run__visit_id")
@tracked()
class TrajectoryFlag(ClinicalModel):
    """A finding about one point of a series; it never changes the data."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="trajectory_flags")
    run = models.ForeignKey(SegmentationRun, models.PROTECT, related_name="trajectory_flags")
    reference_run = models.ForeignKey(
        SegmentationRun, models.PROTECT, related_name="+", null=True, blank=True
    )
    kind = models.CharField(max_length=24, choices=FlagKind)
    difference_ml = models.FloatField()
    tolerance_ml = models.FloatField(
        null=True,
        blank=True,
        help_text="What explains a difference, in mL; without a reference, the bound of the load.",
    )
    query = models.ForeignKey(
        Query, models.PROTECT, related_name="trajectory_flags", null=True, blank=True
    )
    is_current = models.BooleanField(
        default=True, help_text="False once a later review no longer finds it."
    )

    class Meta(ClinicalModel.Meta):
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=FlagKind.values), name="flag_kind_known"
            ),
            models.UniqueConstraint(
                fields=["run", "kind"],
                condition=models.Q(is_current=True),
                name="flag_once_per_run_and_kind",
            ),
        ]

    def __str__(self) -> str:
        return self.kind


@never_locked("A log: what is taken out of a locked study is recorded as well.")
@tracked()
class ExportRecord(ClinicalModel):
    """That a person took rows out of the system: what, when, how many, which bytes."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, models.PROTECT, related_name="export_records")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True
    )
    dataset = models.CharField(max_length=32)
    dictionary_version = models.CharField(max_length=16)
    row_count = models.PositiveBigIntegerField(null=True)
    sha256 = models.CharField(max_length=64, blank=True)
    is_complete = models.BooleanField(default=False)

    class Meta(ClinicalModel.Meta):
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.dataset


@never_locked("Frozen figures of many patients, which change no record.")
@tracked()
class ReferenceCohort(ClinicalModel):
    """Where the untreated loads of a cohort lie, frozen, to stand behind the courses of a study.

    The figures never change. A later one takes the place of the one that is shown; what was shown
    before stays on record.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, models.PROTECT, related_name="reference_cohorts")
    source = models.ForeignKey(Study, models.PROTECT, related_name="+")
    model_version = models.ForeignKey(ModelVersion, models.PROTECT, related_name="+")
    name = models.CharField(max_length=60)
    bands = models.JSONField()
    patients = models.JSONField(help_text="Keys of the patients in it, never shown.")
    load_count = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64, help_text="Of the bands, as canonical JSON.")
    frozen_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    is_current = models.BooleanField(default=True)

    class Meta(ClinicalModel.Meta):
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["study"],
                condition=models.Q(is_current=True),
                name="reference_cohort_one_current",
            ),
            models.UniqueConstraint(
                fields=["study", "name"], name="reference_cohort_name_once_in_a_study"
            ),
        ]

    def __str__(self) -> str:
        return self.name
