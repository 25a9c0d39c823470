"""A step that outlives a request: the row is the truth, the message a doorbell."""

import uuid

from django.db import models
from django.db.models.functions import Now

from mldtrial.trial.models import Site
from segmentation.imaging.errors import FailureCode


class JobState(models.TextChoices):
    """How far a job has come."""

    QUEUED = "QUEUED", "waiting"
    RUNNING = "RUNNING", "running"
    SUCCEEDED = "SUCCEEDED", "done"
    FAILED = "FAILED", "failed"
    REJECTED = "REJECTED", "refused"
    CANCELLED = "CANCELLED", "cancelled"


class Priority(models.IntegerChoices):
    """What is taken first; among equals the sites take turns."""

    BATCH = 0, "in the background"
    NORMAL = 1, "normal"
    URGENT = 2, "first"


ENDED_BADLY = (JobState.FAILED, JobState.REJECTED, JobState.CANCELLED)

WORTH_ANOTHER_TRY = models.Q(state=JobState.FAILED) | models.Q(
    failure_code=FailureCode.RECORD_LOCKED.value
)
"""Jobs that the same again may mend: those that failed, and those whose record was held."""

MACHINE_COLUMNS = [
    "lease_token",
    "lease_until",
    "progress_at",
    "progress",
    "progress_step",
    "worker",
    "turn",
    "rung_at",
    "claimed_at",
    "not_before",
]
"""Columns that move by themselves while a job runs; the history leaves them out."""

JOB_COLUMNS = (
    *MACHINE_COLUMNS,
    "state",
    "attempt",
    "finished_at",
    "failure_code",
    "message",
)
"""Columns that move while a job is unfinished; a job of a locked record can so end as refused."""


class Job(models.Model):
    """The columns of a claimable job: lease, heartbeat, fencing token, attempts.

    Times that decide about a lease are set by the database's clock, never by a worker's.
    """

    has_time_limit = True
    """False where the work grows with the study: it is given up only where it stalls."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=JobState, default=JobState.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=0)
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    progress_at = models.DateTimeField(null=True, blank=True)
    progress = models.FloatField(default=0.0)
    progress_step = models.CharField(max_length=80, blank=True)
    worker = models.CharField(max_length=120, blank=True)
    turn = models.BigIntegerField(default=0)
    queued_at = models.DateTimeField(db_default=Now(), editable=False)
    rung_at = models.DateTimeField(null=True, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    not_before = models.DateTimeField(
        null=True, blank=True, help_text="Earliest time of the next attempt after a passing fault."
    )
    priority = models.PositiveSmallIntegerField(choices=Priority, default=Priority.NORMAL)
    finished_at = models.DateTimeField(null=True, blank=True)
    failure_code = models.CharField(max_length=32, blank=True)
    message = models.TextField(blank=True, help_text="For people: what to do about a failure.")

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=JobState.values), name="%(class)s_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(state=JobState.RUNNING, lease_token__isnull=False)
                | (~models.Q(state=JobState.RUNNING) & models.Q(lease_token__isnull=True)),
                name="%(class)s_lease_while_running",
            ),
            models.CheckConstraint(
                condition=models.Q(priority__in=Priority.values), name="%(class)s_priority_known"
            ),
            models.CheckConstraint(
                condition=(models.Q(state__in=ENDED_BADLY) & ~models.Q(failure_code=""))
                | (~models.Q(state__in=ENDED_BADLY) & models.Q(failure_code="")),
                name="%(class)s_failure_has_a_code",
            ),
        ]
        indexes = [
            models.Index(
                fields=["-priority", "turn", "queued_at"],
                condition=models.Q(state="QUEUED"),
                name="%(class)s_queue",
            ),
            models.Index(
                fields=["lease_until"],
                condition=models.Q(state="RUNNING"),
                name="%(class)s_leases",
            ),
        ]

    @property
    def is_finished(self) -> bool:
        """True once nothing will happen by itself any more."""
        return self.state not in (JobState.QUEUED, JobState.RUNNING)

    @property
    def is_worth_another_try(self) -> bool:
        """True where the same job may succeed later; as `WORTH_ANOTHER_TRY` has it."""
        return self.state == JobState.FAILED or self.failure_code == FailureCode.RECORD_LOCKED
