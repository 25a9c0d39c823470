"""The MRI severity score: who reads which case, the reads, and what they come to."""

import uuid

import pgtrigger
from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models

from mldtrial.audit.belonging import belongs_to
from mldtrial.audit.tracking import ClinicalModel, tracked
from mldtrial.trial.models.patient import Visit


class ReadRole(models.TextChoices):
    """The part that a person plays in a case."""

    FIRST = "FIRST", "reader 1"
    SECOND = "SECOND", "reader 2"
    ADJUDICATOR = "ADJUDICATOR", "adjudicator"


class AssignmentState(models.TextChoices):
    """How far an assignment has come."""

    ASSIGNED = "ASSIGNED", "to read"
    SIGNED = "SIGNED", "signed"
    WITHDRAWN = "WITHDRAWN", "withdrawn"


IN_FORCE = (AssignmentState.ASSIGNED, AssignmentState.SIGNED)


@belongs_to("visit", "visit_id")
@tracked()
class ReadAssignment(ClinicalModel):
    """A case given to a reader or an adjudicator.

    The reader knows it by its `reading_id`, which is drawn at random for each assignment: it
    says nothing about patient, visit or site, and two readers cannot compare theirs.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reading_id = models.CharField(max_length=16, unique=True)
    visit = models.ForeignKey(Visit, models.PROTECT, related_name="read_assignments")
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    role = models.CharField(max_length=12, choices=ReadRole)
    state = models.CharField(
        max_length=12, choices=AssignmentState, default=AssignmentState.ASSIGNED
    )

    class Meta(ClinicalModel.Meta):
        ordering = ["reading_id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(role__in=ReadRole.values), name="read_assignment_role_known"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=AssignmentState.values),
                name="read_assignment_state_known",
            ),
            models.UniqueConstraint(
                fields=["visit", "role"],
                condition=~models.Q(state=AssignmentState.WITHDRAWN),
                name="read_assignment_role_once",
            ),
            models.UniqueConstraint(
                fields=["visit", "reader"],
                condition=~models.Q(state=AssignmentState.WITHDRAWN),
                name="read_assignment_person_once",
            ),
        ]
        triggers = [
            *ClinicalModel.Meta.triggers,
            pgtrigger.FSM(
                name="declared_steps",
                field="state",
                transitions=[
                    (AssignmentState.ASSIGNED, AssignmentState.SIGNED),
                    (AssignmentState.ASSIGNED, AssignmentState.WITHDRAWN),
                ],
            ),
        ]

    def __str__(self) -> str:
        return self.reading_id


class ReadState(models.TextChoices):
    """Whether a read counts."""

    DRAFT = "DRAFT", "draft"
    SIGNED = "SIGNED", "signed"
    SUPERSEDED = "SUPERSEDED", "replaced by a newer version"


@belongs_to("visit", "visit_id", signed={"state": ReadState.SIGNED})
@tracked()
class MriSeverityRead(ClinicalModel):
    """One reader's MLD MRI severity score, 0 to 34 (Eichler 2009), in one version.

    `items` maps each item key of the instrument file to a value or null (not evaluable); a
    draft lacks the items without an answer. The total is computed on the server and is null
    when an item is. A read without an assignment was entered from an earlier record.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    visit = models.ForeignKey(Visit, models.PROTECT, related_name="mri_severity_reads")
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    assignment = models.ForeignKey(
        ReadAssignment, models.PROTECT, related_name="reads", null=True, blank=True
    )
    version = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1)])
    state = models.CharField(max_length=12, choices=ReadState, default=ReadState.SIGNED)
    instrument_version = models.CharField(max_length=32)
    items = models.JSONField()
    asymmetric = models.JSONField(
        default=list, blank=True, help_text="Keys of items whose worse side was scored."
    )
    total = models.PositiveSmallIntegerField(null=True, blank=True)
    read_on = models.DateField()
    signed_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(
        max_length=300, blank=True, help_text="Why a signed read was corrected."
    )

    class Meta(ClinicalModel.Meta):
        ordering = ["created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(total__isnull=True) | models.Q(total__lte=34),
                name="mri_severity_total_0_to_34",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=ReadState.values), name="mri_severity_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(version=1) | ~models.Q(reason=""),
                name="mri_severity_correction_has_a_reason",
            ),
            models.UniqueConstraint(
                fields=["visit", "reader"],
                condition=models.Q(state=ReadState.SIGNED),
                name="mri_severity_one_read_per_reader",
            ),
            models.UniqueConstraint(
                fields=["assignment"],
                condition=models.Q(state=ReadState.DRAFT),
                name="mri_severity_one_draft_per_reader",
            ),
            models.UniqueConstraint(
                fields=["assignment", "version"], name="mri_severity_version_once"
            ),
        ]
        triggers = [
            *ClinicalModel.Meta.triggers,
            pgtrigger.FSM(
                name="declared_steps",
                field="state",
                transitions=[
                    (ReadState.DRAFT, ReadState.SIGNED),
                    (ReadState.SIGNED, ReadState.SUPERSEDED),
                ],
            ),
            pgtrigger.Protect(
                name="signed_read_stays",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    # A read from an earlier record is corrected with that record.
                    "OLD.state <> 'DRAFT' AND OLD.assignment_id IS NOT NULL"
                    " AND (OLD.items, OLD.asymmetric, OLD.total, OLD.visit_id,"
                    " OLD.reader_id, OLD.read_on, OLD.instrument_version) IS DISTINCT FROM"
                    " (NEW.items, NEW.asymmetric, NEW.total, NEW.visit_id, NEW.reader_id,"
                    " NEW.read_on, NEW.instrument_version)"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"MRI severity {self.total}"


class FinalStatus(models.TextChoices):
    """Whether the reads of a case came to a score."""

    DONE = "DONE", "done"
    NOT_EVALUABLE = "NOT_EVALUABLE", "not evaluable"
    ADJUDICATION = "ADJUDICATION", "waits for an adjudicator"


class FinalBasis(models.TextChoices):
    """How the final score came about."""

    MEAN = "MEAN", "mean of two readers"
    FIRST_READER = "FIRST_READER", "reader 1, confirmed by reader 2"
    ADJUDICATED = "ADJUDICATED", "settled by the adjudicator"
    EARLIER_READS = "EARLIER_READS", "mean of reads from earlier records"


@belongs_to("visit", "visit_id")
@tracked()
class MriSeverityFinal(ClinicalModel):
    """The MRI severity score of a visit that charts and tables use, with the reads behind it.

    The items are those of the basis, or their means, and add to the total.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    visit = models.OneToOneField(Visit, models.PROTECT, related_name="mri_severity_final")
    status = models.CharField(max_length=16, choices=FinalStatus)
    basis = models.CharField(max_length=16, choices=FinalBasis, blank=True)
    total = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)
    items = models.JSONField(default=dict, blank=True)
    instrument_version = models.CharField(max_length=32)
    first_read = models.ForeignKey(
        MriSeverityRead, models.PROTECT, related_name="+", null=True, blank=True
    )
    second_read = models.ForeignKey(
        MriSeverityRead, models.PROTECT, related_name="+", null=True, blank=True
    )
    adjudication = models.ForeignKey(
        MriSeverityRead, models.PROTECT, related_name="+", null=True, blank=True
    )
    tolerance = models.PositiveSmallIntegerField(null=True, blank=True)
    read_on = models.DateField(help_text="Day of the last read behind it.")

    class Meta(ClinicalModel.Meta):
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status=FinalStatus.DONE, total__isnull=False)
                | models.Q(
                    status__in=[FinalStatus.NOT_EVALUABLE, FinalStatus.ADJUDICATION],
                    total__isnull=True,
                ),
                name="mri_severity_final_total_where_done",
            ),
            models.CheckConstraint(
                condition=models.Q(basis="") | models.Q(basis__in=FinalBasis.values),
                name="mri_severity_final_basis_known",
            ),
            models.CheckConstraint(
                condition=models.Q(total__isnull=True) | models.Q(total__gte=0, total__lte=34),
                name="mri_severity_final_0_to_34",
            ),
        ]

    def __str__(self) -> str:
        return f"MRI severity {self.total}"
