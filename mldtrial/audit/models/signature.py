"""An electronic signature, bound to the content it was given for."""

import uuid

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from mldtrial.audit.belonging import RecordKind, never_locked
from mldtrial.audit.tracking import ClinicalModel, tracked


class Meaning(models.TextChoices):
    """What a person says by signing (21 CFR 11.50)."""

    REVIEWED = (
        "REVIEWED",
        "I have reviewed this record and confirm that it is complete and accurate.",
    )
    APPROVED = "APPROVED", "I approve this record."


class SignedKind(models.TextChoices):
    """What a signature can stand under: what can be locked as a whole, and what counts for all."""

    VISIT = RecordKind.VISIT.value, "visit"
    PATIENT = RecordKind.PATIENT.value, "patient"
    STUDY = RecordKind.STUDY.value, "study"
    MODEL = "model", "promotion of a model"


FINAL = """
IF TG_OP = 'UPDATE' THEN
    IF OLD.voided_at IS NOT NULL OR NEW.voided_at IS NULL OR
        to_jsonb(NEW) - ARRAY['voided_at', 'void_reason'] <>
        to_jsonb(OLD) - ARRAY['voided_at', 'void_reason']
    THEN RAISE EXCEPTION 'A signature is voided once, and never changed.'; END IF;
    NEW.voided_at := clock_timestamp();
    RETURN NEW;
END IF;
IF EXISTS (SELECT FROM audit_signature WHERE record_sha256 = NEW.record_sha256
           AND record_id <> NEW.record_id)
THEN RAISE EXCEPTION 'A signature cannot be moved to another record.'; END IF;
IF current_setting('pghistory.context_metadata', true)::jsonb ->> 'user'
    IS DISTINCT FROM NEW.signed_by_id::text
THEN RAISE EXCEPTION 'Nobody signs for another person.'; END IF;
NEW.signed_at := clock_timestamp();
RETURN NEW;
"""


@never_locked("It stands beside the record; a lock does not keep anybody from signing it.")
@tracked()
class Signature(ClinicalModel):
    """A person's signature under a record, valid while the record is what was signed.

    The printed name is kept as it was. Times are set by the database's clock. The layout names
    the columns that were signed, so that a column added later voids nothing.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    record_kind = models.CharField(max_length=8, choices=SignedKind)
    record_id = models.UUIDField(db_index=True)
    record_sha256 = models.CharField(max_length=64, db_index=True)
    layout = models.JSONField()
    meaning = models.CharField(max_length=12, choices=Meaning)
    statement = models.TextField(help_text="The words that were shown and signed.")
    printed_name = models.CharField(max_length=200)
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    signed_at = models.DateTimeField(db_default=Now(), editable=False)
    voided_at = models.DateTimeField(null=True, blank=True)
    void_reason = models.CharField(max_length=300, blank=True)

    class Meta(ClinicalModel.Meta):
        ordering = ["-signed_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(record_kind__in=SignedKind.values), name="signature_kind_known"
            ),
            models.CheckConstraint(
                condition=models.Q(meaning__in=Meaning.values), name="signature_meaning_known"
            ),
            models.CheckConstraint(
                condition=models.Q(record_sha256__regex=r"^[0-9a-f]{64}$"),
                name="signature_sha256_is_hex",
            ),
            models.CheckConstraint(
                condition=~models.Q(printed_name=""), name="signature_has_a_name"
            ),
            models.CheckConstraint(
                condition=models.Q(voided_at__isnull=True, void_reason="")
                | (models.Q(voided_at__isnull=False) & ~models.Q(void_reason="")),
                name="signature_voided_with_a_reason",
            ),
        ]
        triggers = [
            *ClinicalModel.Meta.triggers,
            pgtrigger.Trigger(
                name="signature_is_final",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                func=FINAL,
            ),
        ]

    def __str__(self) -> str:
        return self.printed_name
