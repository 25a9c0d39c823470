"""What was taken out of the history because it should never have come in."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from mldtrial.audit.belonging import never_locked
from mldtrial.audit.tracking import Chain, Guard, refuse_truncate


@never_locked("It takes personal data out of the history, also of a locked record.")
class Redaction(models.Model):
    """One value blanked in one event, by two people: append-only, and a link of the hash chain.

    The link of the event keeps the hash of what was recorded; the payload as it is since is named
    here by its hash, so that it cannot be changed a second time unseen.
    """

    at = models.DateTimeField(db_default=Now(), editable=False)
    link_seq = models.BigIntegerField()
    event_table = models.CharField(max_length=120)
    event_pk = models.BigIntegerField()
    field = models.CharField(max_length=200, help_text="Column, or column.key of a JSON column.")
    payload_sha256 = models.CharField(max_length=64)
    reason = models.CharField(max_length=300)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(reason=""), name="redaction_has_a_reason"),
            models.CheckConstraint(
                condition=~models.Q(requested_by=models.F("approved_by")),
                name="redaction_by_two_people",
            ),
            models.CheckConstraint(
                condition=models.Q(payload_sha256__regex=r"^[0-9a-f]{64}$"),
                name="redaction_sha256_is_hex",
            ),
        ]
        indexes = [models.Index(fields=["link_seq"], name="redaction_of_link")]
        triggers = [
            refuse_truncate(),
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            Guard(),
            Chain(key="id"),
        ]

    def __str__(self) -> str:
        return f"{self.field} of {self.event_table} {self.event_pk}"
