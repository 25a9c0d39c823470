"""Who came in, who was refused, who saw and who took what: the log beside the history."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from mldtrial.audit.belonging import never_locked
from mldtrial.audit.tracking import Chain, Guard, refuse_truncate


class AccessAction(models.TextChoices):
    """What is logged although it changes no record."""

    SIGN_IN = "SIGN_IN", "signed in"
    SIGN_IN_FAILED = "SIGN_IN_FAILED", "sign-in refused"
    CONFIRM_FAILED = "CONFIRM_FAILED", "re-authentication refused"
    LINK_ASKED = "LINK_ASKED", "link for a new password sent"
    PASSWORD_SET = "PASSWORD_SET", "new password by a link"
    SIGN_OUT = "SIGN_OUT", "signed out"
    ROLE_GRANTED = "ROLE_GRANTED", "role granted"
    ROLE_ENDED = "ROLE_ENDED", "role ended"
    LOGIN_CLOSED = "LOGIN_CLOSED", "login deactivated"
    LOGIN_OPENED = "LOGIN_OPENED", "login reactivated"
    EXPORT_BEGUN = "EXPORT_BEGUN", "export begun"
    EXPORT_DONE = "EXPORT_DONE", "export complete"
    VIEW_SENSITIVE = "VIEW_SENSITIVE", "blinded data viewed"
    ALLOCATION = "ALLOCATION", "allocation taken in"
    VERIFY = "VERIFY", "audit trail verified"
    REDACT = "REDACT", "audit event redacted"


@never_locked("It records what people do, locked or not.")
class AccessEvent(models.Model):
    """One entry of the access log: append-only, and a link of the hash chain.

    Study and site are ids without a foreign key: what belongs to the trial lies above this
    package. Details never hold a patient's data.
    """

    at = models.DateTimeField(db_default=Now(), editable=False)
    action = models.CharField(max_length=16, choices=AccessAction)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True
    )
    user_name = models.CharField(max_length=200, blank=True, help_text="As it was then.")
    roles = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    study_id = models.UUIDField(null=True, blank=True)
    site_id = models.UUIDField(null=True, blank=True)
    subject = models.CharField(max_length=100, blank=True, help_text="A subject code, or a name.")
    address = models.CharField(max_length=64, blank=True)
    origin = models.CharField(max_length=120, blank=True)
    details = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(action__in=AccessAction.values), name="access_action_known"
            ),
        ]
        indexes = [models.Index(fields=["study_id", "-id"], name="access_of_study")]
        triggers = [
            refuse_truncate(),
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            Guard(),
            Chain(key="id"),
        ]

    def __str__(self) -> str:
        return self.action
