"""What a person said of a scan: that it is used for no load, and perhaps that it is again."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from mldtrial.audit.belonging import belongs_to
from mldtrial.audit.tracking import ClinicalModel, tracked
from mldtrial.trial.models import Scan


class SetAsideCause(models.TextChoices):
    """Why a scan is of no use for a load."""

    MOVEMENT = "MOVEMENT", "movement"
    ARTEFACT = "ARTEFACT", "artefact"
    CUT_OFF = "CUT_OFF", "field of view cut off"
    WRONG_SETTINGS = "WRONG_SETTINGS", "wrong sequence or settings"
    OTHER = "OTHER", "other"


IS_OPEN = models.Q(
    taken_back_at__isnull=True, taken_back_by__isnull=True, taken_back_reason=""
)  # fmt: skip


@belongs_to("visit", "scan__visit_id")
@tracked()
class ScanSetAside(ClinicalModel):
    """A scan that a person set aside, until a person takes it back; one row each time.

    The row belongs to the scan and goes with it to another visit. Whether a load was known is
    kept as it was at that moment, since who chooses among repeats by their loads biases the trial.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    scan = models.ForeignKey(Scan, models.PROTECT, related_name="set_asides")
    cause = models.CharField(max_length=16, choices=SetAsideCause)
    reason = models.CharField(max_length=300)
    set_aside_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    is_load_known = models.BooleanField(
        "load known", help_text="A load of the scan had been measured by then."
    )
    is_by_who_sees_loads = models.BooleanField(
        "by who sees loads", help_text="Loads were shown to who set the scan aside."
    )
    taken_back_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True
    )
    taken_back_at = models.DateTimeField(null=True, blank=True)
    taken_back_reason = models.CharField(max_length=300, blank=True)

    class Meta(ClinicalModel.Meta):
        verbose_name = "scan set aside"
        verbose_name_plural = "scans set aside"
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(cause__in=SetAsideCause.values), name="set_aside_cause_known"
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="set_aside_for_a_reason"),
            models.CheckConstraint(
                condition=IS_OPEN
                | models.Q(
                    ~models.Q(taken_back_reason=""),
                    taken_back_at__isnull=False,
                    taken_back_by__isnull=False,
                ),
                name="set_aside_taken_back_by_whom_and_why",
            ),
            models.UniqueConstraint(
                fields=["scan"],
                condition=models.Q(taken_back_at__isnull=True),
                name="set_aside_once_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"set aside: {self.get_cause_display()}"

    @property
    def said(self) -> str:
        """That the scan is set aside and what is wrong with it, as pages and papers say it."""
        return f"{self.scan} is set aside: {self.get_cause_display()}."

    @property
    def by_words(self) -> str:
        """Who set it aside, when, and what was known of its load, as pages and papers say it."""
        day = timezone.localdate(self.created_at)
        return f"By {self.set_aside_by} on {day}. {self.known_words}"

    @property
    def known_words(self) -> str:
        """What was known of the scan's load when it was set aside, in words."""
        if not self.is_load_known:
            return "No load had been measured from it."
        if self.is_by_who_sees_loads:
            return "Its load had been measured, and loads are shown to who set it aside."
        return "Its load had been measured, but loads are not shown to who set it aside."
