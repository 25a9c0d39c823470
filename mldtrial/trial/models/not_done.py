"""What was declared not done, so that nobody is asked for it again."""

import uuid

from django.conf import settings
from django.db import models

from mldtrial.audit.belonging import belongs_to
from mldtrial.audit.tracking import ClinicalModel, tracked
from mldtrial.trial.models.patient import Patient, Visit
from mldtrial.trial.models.scan import Sequence
from mldtrial.trial.models.study import VisitDefinition


@belongs_to("visit", "visit_id", "patient_id", signed={"visit__isnull": False})
@tracked()
class NotDone(ClinicalModel):
    """A planned visit that did not take place, or a sequence that was not acquired at a visit.

    A score that was not taken says so itself, in its own record. A declaration that is taken
    back stays as a record that is not current.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="not_done")
    definition = models.ForeignKey(
        VisitDefinition, models.PROTECT, related_name="not_done", null=True, blank=True
    )
    visit = models.ForeignKey(Visit, models.PROTECT, related_name="not_done", null=True, blank=True)
    sequence = models.CharField(max_length=8, choices=Sequence, blank=True)
    reason = models.CharField(max_length=300)
    is_current = models.BooleanField(default=True)
    declared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True
    )

    class Meta(ClinicalModel.Meta):
        verbose_name_plural = "declarations of what was not done"
        ordering = ["created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(definition__isnull=False, visit__isnull=True, sequence="")
                | models.Q(
                    definition__isnull=True, visit__isnull=False, sequence__in=Sequence.values
                ),
                name="not_done_is_a_visit_or_a_sequence",
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="not_done_has_a_reason"),
            models.UniqueConstraint(
                fields=["patient", "definition", "visit", "sequence"],
                condition=models.Q(is_current=True),
                name="not_done_once",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        what = self.sequence or str(self.definition)
        return f"{what} not done"
