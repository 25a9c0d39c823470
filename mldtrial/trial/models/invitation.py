"""Invitations of people to a study."""

import uuid

from django.conf import settings
from django.db import models

from mldtrial.audit.belonging import never_locked
from mldtrial.audit.tracking import ClinicalModel, tracked
from mldtrial.trial.models.study import SITE_ROLES, Role, Site, Study


@never_locked("People come and go while the data stand still.")
@tracked(exclude=["token_sha256"])
class Invitation(ClinicalModel):
    """A role offered by e-mail; the link in it works once, and for seven days."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, models.PROTECT, related_name="invitations")
    site = models.ForeignKey(
        Site, models.PROTECT, related_name="invitations", null=True, blank=True
    )
    role = models.CharField(max_length=16, choices=Role)
    email = models.EmailField("e-mail address")
    token_sha256 = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True
    )
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta(ClinicalModel.Meta):
        ordering = ["created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values), name="invitation_role_known"
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=SITE_ROLES, site__isnull=False)
                | (~models.Q(role__in=SITE_ROLES) & models.Q(site__isnull=True)),
                name="invitation_site_roles_have_a_site",
            ),
            models.CheckConstraint(
                condition=models.Q(accepted_at__isnull=True) | models.Q(withdrawn_at__isnull=True),
                name="invitation_accepted_or_withdrawn",
            ),
            models.CheckConstraint(
                condition=models.Q(accepted_at__isnull=True, accepted_by__isnull=True)
                | models.Q(accepted_at__isnull=False, accepted_by__isnull=False),
                name="invitation_accepted_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} in {self.study_id}"
