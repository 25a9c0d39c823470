"""What a study asks of its images: versions of its rules, what was checked, what was found."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from mldtrial.audit.belonging import belongs_to
from mldtrial.audit.tracking import ClinicalModel, tracked
from mldtrial.trial.models import ProtocolDeviation, Scan, Sequence, Study, Visit
from segmentation.imaging.protocol.evaluation import Outcome
from segmentation.imaging.protocol.rules import NAMES, Quantity, Severity


class VersionState(models.TextChoices):
    """Where a version of the rules stands."""

    DRAFT = "DRAFT", "draft"
    IN_FORCE = "IN_FORCE", "in force"
    SUPERSEDED = "SUPERSEDED", "superseded"
    DISCARDED = "DISCARDED", "discarded"


@belongs_to("study", "study_id")
@tracked()
class ProtocolVersion(ClinicalModel):
    """One version of a study's rules for its images; once in force, its rules never change.

    `rules` are those of `segmentation.imaging.protocol` as JSON, in the order of the page.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, models.PROTECT, related_name="protocol_versions")
    number = models.PositiveIntegerField(
        null=True, blank=True, help_text="Given when it comes into force."
    )
    state = models.CharField(max_length=10, choices=VersionState, default=VersionState.DRAFT)
    rules = models.JSONField(default=list, blank=True)
    based_on = models.ForeignKey("self", models.PROTECT, related_name="+", null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    put_in_force_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True
    )
    in_force_since = models.DateTimeField(null=True, blank=True)

    class Meta(ClinicalModel.Meta):
        verbose_name = "version of the protocol rules"
        verbose_name_plural = "versions of the protocol rules"
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=VersionState.values),
                name="protocol_version_state_known",
            ),
            models.UniqueConstraint(
                fields=["study"],
                condition=models.Q(state="DRAFT"),
                name="protocol_one_draft",
            ),
            models.UniqueConstraint(
                fields=["study"],
                condition=models.Q(state="IN_FORCE"),
                name="protocol_one_in_force",
            ),
            models.UniqueConstraint(fields=["study", "number"], name="protocol_number_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=["DRAFT", "DISCARDED"], number__isnull=True)
                | models.Q(
                    ~models.Q(reason=""),
                    state__in=["IN_FORCE", "SUPERSEDED"],
                    number__isnull=False,
                    in_force_since__isnull=False,
                ),
                name="protocol_in_force_has_number_and_reason",
            ),
        ]

    def __str__(self) -> str:
        return "draft" if self.number is None else f"version {self.number}"


@belongs_to("visit", "visit_id")
@tracked()
class ProtocolCheck(ClinicalModel):
    """What was last looked at when the scans of a visit were asked the rules.

    Where version, scans or declarations differ from those that hold now, the check is out of
    date and is made again. A locked visit keeps the check it was locked with.
    """

    visit = models.OneToOneField(
        Visit, models.PROTECT, primary_key=True, related_name="protocol_check"
    )
    version = models.ForeignKey(ProtocolVersion, models.PROTECT, related_name="checks")
    scan_ids = ArrayField(models.UUIDField(), verbose_name="scans")
    not_done = ArrayField(models.CharField(max_length=8), verbose_name="declared not done")
    met = models.PositiveIntegerField()
    not_met = models.PositiveIntegerField()
    unknown = models.PositiveIntegerField()
    checked_at = models.DateTimeField(db_default=Now())

    class Meta(ClinicalModel.Meta):
        verbose_name = "protocol check"

    def __str__(self) -> str:
        return str(self.version)


class FindingOutcome(models.TextChoices):
    """Outcomes that are kept."""

    NOT_MET = Outcome.NOT_MET.value, "not met"
    CANNOT_TELL = Outcome.CANNOT_TELL.value, "cannot be told"


class FindingSeverity(models.TextChoices):
    """What follows from a finding, gravest last."""

    NOTE = Severity.NOTE.value, "note"
    DEVIATION = Severity.DEVIATION.value, "deviation"
    EXCLUDE = Severity.EXCLUDE.value, "exclude"


class FindingDecision(models.TextChoices):
    """What a person decided about a finding."""

    DISMISSED = "DISMISSED", "no deviation"
    ACCEPTED = "ACCEPTED", "used all the same"


class FindingState(models.TextChoices):
    """What a finding waits for, or what became of it."""

    GONE = "GONE", "no longer found"
    UNKNOWN = "UNKNOWN", "cannot be told"
    NOTE = "NOTE", "note"
    PROPOSED = "PROPOSED", "deviation proposed"
    RECORDED = "RECORDED", "deviation recorded"
    DISMISSED = "DISMISSED", "no deviation"
    LEFT_OUT = "LEFT_OUT", "scan left out"
    LEFT_OUT_RECORDED = "LEFT_OUT_RECORDED", "scan left out, deviation recorded"
    ACCEPTED = "ACCEPTED", "used all the same"
    ACCEPTED_RECORDED = "ACCEPTED_RECORDED", "used all the same, deviation recorded"


@belongs_to("visit", "visit_id")
@tracked()
class ProtocolFinding(ClinicalModel):
    """A rule that a scan, or a visit, does not meet, or of which that cannot be told.

    One row per rule, visit and scan through all versions, so that what was decided or recorded
    about it outlives the next version. One that is no longer found is not current.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    visit = models.ForeignKey(Visit, models.PROTECT, related_name="protocol_findings")
    scan = models.ForeignKey(
        Scan, models.PROTECT, related_name="protocol_findings", null=True, blank=True
    )
    rule_key = models.CharField("rule", max_length=40)
    version = models.ForeignKey(ProtocolVersion, models.PROTECT, related_name="findings")
    sequence = models.CharField(max_length=8, choices=Sequence)
    quantity = models.CharField(
        max_length=24, choices=[(quantity.value, NAMES[quantity]) for quantity in Quantity]
    )
    outcome = models.CharField(max_length=12, choices=FindingOutcome)
    severity = models.CharField(max_length=10, choices=FindingSeverity)
    measured = models.CharField(max_length=80, blank=True)
    asked = models.CharField("protocol asks for", max_length=80)
    sentence = models.TextField("in words")
    is_current = models.BooleanField(default=True)
    deviation = models.ForeignKey(
        ProtocolDeviation,
        models.PROTECT,
        related_name="protocol_findings",
        null=True,
        blank=True,
    )
    decision = models.CharField(max_length=10, choices=FindingDecision, blank=True)
    decision_reason = models.CharField(max_length=300, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True
    )

    class Meta(ClinicalModel.Meta):
        verbose_name = "protocol finding"
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["visit", "scan", "rule_key"],
                name="protocol_finding_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=models.Q(outcome__in=FindingOutcome.values),
                name="protocol_finding_outcome_known",
            ),
            models.CheckConstraint(
                condition=models.Q(severity__in=FindingSeverity.values),
                name="protocol_finding_severity_known",
            ),
            models.CheckConstraint(
                condition=models.Q(decision="", decided_by__isnull=True)
                | models.Q(
                    ~models.Q(decision_reason=""),
                    decision__in=FindingDecision.values,
                    decided_by__isnull=False,
                ),
                name="protocol_decision_has_person_and_reason",
            ),
        ]
        indexes = [
            models.Index(
                fields=["scan"],
                condition=models.Q(is_current=True, severity="exclude"),
                name="protocol_finding_excludes",
            ),
        ]

    def __str__(self) -> str:
        return self.sentence

    @property
    def keeps_scan_out(self) -> bool:
        """True where the scan is used for no load; as `segmentation.selectors.findings` has it."""
        return self.scan_id is not None and self.state in (
            FindingState.LEFT_OUT,
            FindingState.LEFT_OUT_RECORDED,
        )

    @property
    def state(self) -> FindingState:
        """What the finding waits for, or what became of it."""
        if not self.is_current:
            return FindingState.GONE
        if self.outcome == FindingOutcome.CANNOT_TELL:
            return FindingState.UNKNOWN
        is_recorded = self.deviation_id is not None
        if self.severity == FindingSeverity.EXCLUDE:
            if self.decision == FindingDecision.ACCEPTED:
                return FindingState.ACCEPTED_RECORDED if is_recorded else FindingState.ACCEPTED
            return FindingState.LEFT_OUT_RECORDED if is_recorded else FindingState.LEFT_OUT
        if is_recorded:
            return FindingState.RECORDED
        if self.severity == FindingSeverity.NOTE:
            return FindingState.NOTE
        is_dismissed = self.decision == FindingDecision.DISMISSED
        return FindingState.DISMISSED if is_dismissed else FindingState.PROPOSED
