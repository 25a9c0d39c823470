"""Flags, exports, reference cohorts, reports of a cohort, and intervals that are kept."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from analytics.reports.periods import MONTHLY, NEVER, WEEKLY
from mldtrial.audit.belonging import belongs_to, never_locked
from mldtrial.audit.tracking import ClinicalModel, tracked
from mldtrial.trial.models import Patient, Query, Role, Study
from segmentation.models import JobState, ModelVersion, SegmentationRun
from segmentation.models.job import MACHINE_COLUMNS, Job


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


class Rhythm(models.TextChoices):
    """How often a person gets the report of a cohort."""

    WEEKLY = WEEKLY, "every week"
    MONTHLY = MONTHLY, "every month"
    NEVER = NEVER, "never"


@never_locked("How a person hears of a study is no data of the trial.")
@tracked()
class ReportSubscription(ClinicalModel):
    """How often a person wants the report of a study's cohort."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, models.PROTECT, related_name="report_subscriptions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    rhythm = models.CharField(max_length=8, choices=Rhythm, default=Rhythm.NEVER)

    class Meta(ClinicalModel.Meta):
        constraints = [
            models.CheckConstraint(
                condition=models.Q(rhythm__in=Rhythm.values), name="report_rhythm_known"
            ),
            models.UniqueConstraint(fields=["study", "user"], name="report_subscription_once"),
        ]

    def __str__(self) -> str:
        return self.get_rhythm_display()


@never_locked("A log: what was told of a locked study is recorded as well.")
@tracked(exclude=[*MACHINE_COLUMNS, "told_at"])
class CohortReport(Job, ClinicalModel):
    """The report of a cohort for one person in one role, of a week, a month or a day.

    It is made of what that person might see in that role, and is theirs while they hold it.
    """

    has_time_limit = False
    site = None  # type: ignore[assignment]  # it is of a study
    study = models.ForeignKey(Study, models.PROTECT, related_name="cohort_reports")
    made_for = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    role = models.CharField(max_length=16, choices=Role)
    period = models.CharField(max_length=10, help_text="2026-W09, 2026-03 or 2026-03-01.")
    document_sha256 = models.CharField(max_length=64, blank=True)
    sha256 = models.CharField(max_length=64, blank=True, help_text="Of the PDF.")
    told_at = models.DateTimeField(null=True, blank=True, help_text="When the e-mail was sent.")

    class Meta(ClinicalModel.Meta):
        ordering = ["-queued_at"]
        constraints = [
            *Job.Meta.constraints,
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values), name="cohort_report_role_known"
            ),
            models.UniqueConstraint(
                fields=["study", "made_for", "role", "period"], name="cohort_report_once"
            ),
            models.CheckConstraint(
                condition=~models.Q(state=JobState.SUCCEEDED)
                | models.Q(
                    sha256__regex=r"^[0-9a-f]{64}$", document_sha256__regex=r"^[0-9a-f]{64}$"
                ),
                name="cohort_report_done_has_files",
            ),
        ]
        indexes = Job.Meta.indexes

    def __str__(self) -> str:
        return self.period

    @property
    def is_there(self) -> bool:
        """True once it can be read."""
        return self.state == JobState.SUCCEEDED


class IntervalEstimate(models.Model):
    """An interval, kept under the hash of all the numbers that it was computed from.

    No record of the trial: it follows from the records and can be computed from them again. It
    holds no patient's data, and never grows old, since other numbers have another key.
    """

    key = models.CharField(primary_key=True, max_length=64, editable=False)
    ci_low = models.FloatField(null=True)
    ci_high = models.FloatField(null=True)
    reason = models.CharField(max_length=200, blank=True, help_text="Why there is no interval.")
    computed_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(key__regex=r"^[0-9a-f]{64}$"),
                name="interval_key_is_a_hash",
            ),
            models.CheckConstraint(
                condition=models.Q(reason="", ci_low__isnull=False, ci_high__isnull=False)
                | (~models.Q(reason="") & models.Q(ci_low__isnull=True, ci_high__isnull=True)),
                name="interval_whole_or_a_reason",
            ),
        ]
        indexes = [models.Index(fields=["computed_at"], name="interval_computed_at")]

    def __str__(self) -> str:
        return self.key


class Waited(models.TextChoices):
    """On which page somebody waits for intervals."""

    COHORT = "COHORT", "a part of the cohort"
    AGREEMENT = "AGREEMENT", "two methods side by side"


class IntervalOrder(models.Model):
    """That somebody waits for the intervals of a page; gone once they are there.

    No record of the trial. The worker reads what the page is of as the person who waits sees it: a
    part of the cohort, or the scans that two methods measured.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=16, choices=Waited.choices, default=Waited.COHORT)
    stratum = models.CharField(max_length=2, blank=True)
    subtype = models.CharField(max_length=16, blank=True)
    therapy = models.CharField(max_length=16, blank=True)
    site = models.CharField(max_length=32, blank=True, help_text="Its code, as in the address.")
    arm = models.CharField(max_length=32, blank=True, help_text="Empty while arms are not told.")
    tested = models.ForeignKey(ModelVersion, models.CASCADE, null=True, related_name="+")
    reference = models.ForeignKey(ModelVersion, models.CASCADE, null=True, related_name="+")
    ordered_at = models.DateTimeField(db_default=Now(), editable=False)
    rung_at = models.DateTimeField(db_default=Now(), editable=False)
    started_at = models.DateTimeField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["study", "user", "stratum", "subtype", "therapy", "site", "arm"],
                condition=models.Q(kind=Waited.COHORT),
                name="interval_order_once",
            ),
            models.UniqueConstraint(
                fields=["study", "user", "tested", "reference"],
                condition=models.Q(kind=Waited.AGREEMENT),
                name="interval_order_once_of_methods",
            ),
            models.CheckConstraint(
                condition=models.Q(kind=Waited.COHORT, tested__isnull=True, reference__isnull=True)
                | models.Q(
                    kind=Waited.AGREEMENT,
                    tested__isnull=False,
                    reference__isnull=False,
                    **dict.fromkeys(("stratum", "subtype", "therapy", "site", "arm"), ""),
                ),
                name="interval_order_of_one_kind",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)
