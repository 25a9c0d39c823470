"""Locks on visits, patients and studies, and what takes two people."""

import uuid

import pgtrigger
from django.conf import settings
from django.db import models

from mldtrial.audit.belonging import RecordKind, never_locked
from mldtrial.audit.guards import FROZEN, GATE, LOCKED
from mldtrial.audit.tracking import ClinicalModel, tracked


class LockLevel(models.IntegerChoices):
    """How firmly a record is held."""

    FROZEN = FROZEN, "frozen"
    LOCKED = LOCKED, "locked"


LOCK_RULES = f"""
IF TG_OP = 'INSERT' THEN
    -- Alone in here: every change under way ends first, and later ones see this lock.
    PERFORM pg_advisory_xact_lock({GATE});
    RETURN NEW;
END IF;
IF OLD.lifted_at IS NOT NULL OR NEW.lifted_at IS NULL OR
    to_jsonb(NEW) - ARRAY['lifted_at', 'lifted_by_id', 'lift_reason'] <>
    to_jsonb(OLD) - ARRAY['lifted_at', 'lifted_by_id', 'lift_reason']
THEN RAISE EXCEPTION 'A lock is lifted once, and never changed.'; END IF;
IF OLD.level = {LOCKED} AND NOT EXISTS (
    SELECT FROM audit_approvalrequest WHERE action = 'UNLOCK' AND subject_id = OLD.id
    AND is_approved AND decided_by_id <> requested_by_id)
THEN RAISE EXCEPTION 'A lock is lifted by two people.'; END IF;
NEW.lifted_at := clock_timestamp();
RETURN NEW;
"""


@never_locked("It is the lock.")
@tracked()
class Lock(ClinicalModel):
    """A freeze or a lock that somebody has set on a record and all that belongs to it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    record_kind = models.CharField(max_length=8, choices=RecordKind)
    record_id = models.UUIDField()
    level = models.PositiveSmallIntegerField(choices=LockLevel)
    reason = models.CharField(max_length=300)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True
    )
    lift_reason = models.CharField(max_length=300, blank=True)

    class Meta(ClinicalModel.Meta):
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(record_kind__in=RecordKind.values), name="lock_kind_known"
            ),
            models.CheckConstraint(
                condition=models.Q(level__in=LockLevel.values), name="lock_level_known"
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="lock_has_a_reason"),
            models.CheckConstraint(
                condition=models.Q(lifted_at__isnull=True, lifted_by__isnull=True, lift_reason="")
                | (
                    models.Q(lifted_at__isnull=False, lifted_by__isnull=False)
                    & ~models.Q(lift_reason="")
                ),
                name="lock_lifted_by_somebody_with_a_reason",
            ),
            models.UniqueConstraint(
                fields=["record_id"],
                condition=models.Q(lifted_at__isnull=True),
                name="lock_once_per_record",
            ),
        ]
        triggers = [
            *ClinicalModel.Meta.triggers,
            pgtrigger.Trigger(
                name="lock_rules",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                func=LOCK_RULES,
            ),
        ]

    def __str__(self) -> str:
        return self.get_level_display()


class LockedRecord(models.Model):
    """A record that a lock holds: itself and, of a patient or a study, everything below.

    The database keeps this table by a trigger on the locks, and lets nobody else write to it:
    every change of a record takes one look here.
    """

    lock = models.ForeignKey(Lock, models.PROTECT, related_name="records")
    record_id = models.UUIDField()
    level = models.PositiveSmallIntegerField(choices=LockLevel)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(level__in=LockLevel.values), name="locked_record_level_known"
            ),
            models.UniqueConstraint(
                fields=["record_id", "lock"], include=["level"], name="locked_record_once"
            ),
        ]

    def __str__(self) -> str:
        return self.get_level_display()


class Action(models.TextChoices):
    """What one person asks for and another must approve."""

    UNLOCK = "UNLOCK", "unlock"
    PLANNED = "PLANNED", "unblinding of the whole study"
    GRANT = "GRANT", "telling the arms to one statistician"
    PROMOTE = "PROMOTE", "promotion of a model"


REQUEST_RULES = """
IF TG_OP = 'UPDATE' AND (OLD.decided_by_id IS NOT NULL OR NEW.decided_by_id IS NULL OR
    to_jsonb(NEW) - ARRAY['decided_at', 'decided_by_id', 'is_approved', 'decision_reason'] <>
    to_jsonb(OLD) - ARRAY['decided_at', 'decided_by_id', 'is_approved', 'decision_reason'])
THEN RAISE EXCEPTION 'A request is decided once, and never changed.'; END IF;
IF current_setting('pghistory.context_metadata', true)::jsonb ->> 'user' IS DISTINCT FROM
    (CASE TG_OP WHEN 'INSERT' THEN NEW.requested_by_id ELSE NEW.decided_by_id END)::text
THEN RAISE EXCEPTION 'Nobody acts for another person.'; END IF;
IF TG_OP = 'INSERT' AND NEW.decided_by_id IS NOT NULL
THEN RAISE EXCEPTION 'A request is not born decided.'; END IF;
IF TG_OP = 'UPDATE' THEN NEW.decided_at := clock_timestamp(); END IF;
RETURN NEW;
"""


@never_locked("It asks for the end of a lock.")
@tracked()
class ApprovalRequest(ClinicalModel):
    """Something that one person asks for, and that takes effect when another one approves."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    action = models.CharField(max_length=16, choices=Action)
    subject_id = models.UUIDField(help_text="Of the lock, or of what else the action is about.")
    reason = models.CharField(max_length=300)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    is_approved = models.BooleanField(null=True, blank=True)
    decision_reason = models.CharField(max_length=300, blank=True)

    class Meta(ClinicalModel.Meta):
        ordering = ["created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(action__in=Action.values), name="request_action_known"
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="request_has_a_reason"),
            models.CheckConstraint(
                condition=models.Q(
                    decided_by__isnull=True, decided_at__isnull=True, is_approved__isnull=True
                )
                | models.Q(
                    decided_by__isnull=False, decided_at__isnull=False, is_approved__isnull=False
                ),
                name="request_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=models.Q(decided_by__isnull=True)
                | models.Q(is_approved=False)
                | ~models.Q(decided_by=models.F("requested_by")),
                name="request_approved_by_another_person",
            ),
            models.UniqueConstraint(
                fields=["action", "subject_id"],
                condition=models.Q(decided_by__isnull=True),
                name="request_once_at_a_time",
            ),
        ]
        triggers = [
            *ClinicalModel.Meta.triggers,
            pgtrigger.Trigger(
                name="request_rules",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                func=REQUEST_RULES,
            ),
        ]

    def __str__(self) -> str:
        return self.get_action_display()
