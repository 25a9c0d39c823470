"""That somebody was told a treatment arm: who, when, why, and who may see it since."""

import uuid

import pgtrigger
from django.conf import settings
from django.db import models

from mldtrial.audit.belonging import never_locked
from mldtrial.audit.models import ApprovalRequest
from mldtrial.audit.tracking import ClinicalModel, tracked
from mldtrial.trial.models.patient import Patient
from mldtrial.trial.models.study import Study


class UnblindingKind(models.TextChoices):
    """Why an arm is told."""

    EMERGENCY = "EMERGENCY", "emergency: one patient, to the treating investigator"
    GRANT = "GRANT", "grant: the whole study, to one statistician"
    PLANNED = "PLANNED", "planned: the whole study, to every role that may see arms"


RULES = """
IF NEW.kind = 'EMERGENCY' THEN
    IF current_setting('pghistory.context_metadata', true)::jsonb ->> 'user'
        IS DISTINCT FROM NEW.requested_by_id::text
    THEN RAISE EXCEPTION 'Nobody unblinds for another person.'; END IF;
ELSIF NOT EXISTS (
    SELECT FROM audit_approvalrequest r WHERE r.id = NEW.request_id AND r.action = NEW.kind
    AND r.is_approved AND r.decided_by_id <> r.requested_by_id
    AND r.requested_by_id = NEW.requested_by_id
    AND CASE NEW.kind WHEN 'PLANNED' THEN r.subject_id = NEW.study_id ELSE EXISTS (
        SELECT FROM trial_membership m WHERE m.id = r.subject_id
        AND m.study_id = NEW.study_id AND m.user_id = NEW.entitled_id) END)
THEN RAISE EXCEPTION 'A whole study is unblinded by two people.'; END IF;
-- The arms are told only by a later transaction: what is told is on record.
NEW.written_in := pg_current_xact_id()::text::bigint;
RETURN NEW;
"""


@never_locked("Unblinding follows the lock, and changes nothing of the data.")
@tracked()
class UnblindingEvent(ClinicalModel):
    """One unblinding; the arms themselves are in a schema that no query reaches."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, models.PROTECT, related_name="unblinding_events")
    patient = models.ForeignKey(
        Patient, models.PROTECT, related_name="unblinding_events", null=True, blank=True
    )
    kind = models.CharField(max_length=12, choices=UnblindingKind)
    reason = models.CharField(max_length=300)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    entitled = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True
    )
    request = models.OneToOneField(
        ApprovalRequest, models.PROTECT, related_name="+", null=True, blank=True
    )
    written_in = models.BigIntegerField(default=0, editable=False)

    class Meta(ClinicalModel.Meta):
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=UnblindingKind.values), name="unblinding_kind_known"
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="unblinding_has_a_reason"),
            models.CheckConstraint(
                condition=models.Q(
                    kind=UnblindingKind.EMERGENCY,
                    patient__isnull=False,
                    entitled=models.F("requested_by"),
                    request__isnull=True,
                )
                | models.Q(
                    kind=UnblindingKind.GRANT,
                    patient__isnull=True,
                    entitled__isnull=False,
                    request__isnull=False,
                )
                | models.Q(
                    kind=UnblindingKind.PLANNED,
                    patient__isnull=True,
                    entitled__isnull=True,
                    request__isnull=False,
                ),
                name="unblinding_of_a_patient_or_of_a_study",
            ),
        ]
        triggers = [
            *ClinicalModel.Meta.triggers,
            pgtrigger.Protect(name="never_changed", operation=pgtrigger.Update),
            pgtrigger.Trigger(
                name="unblinding_rules",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=RULES,
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()
