"""How a person hears of waiting work outside of the pages."""

import uuid

from django.conf import settings
from django.db import models

from mldtrial.audit.belonging import never_locked
from mldtrial.audit.tracking import ClinicalModel, tracked


@never_locked("How a person hears of work is no data of the trial.")
@tracked()
class Notices(ClinicalModel):
    """A person's calendar link and e-mail digest.

    The address of the calendar is its own key, so only its hash is kept; an empty one means
    that there is no link.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.PROTECT, related_name="notices")
    wants_digest = models.BooleanField(default=True)
    calendar_sha256 = models.CharField(max_length=64, blank=True)

    class Meta(ClinicalModel.Meta):
        verbose_name_plural = "notices"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(calendar_sha256__regex=r"^([0-9a-f]{64})?$"),
                name="notices_calendar_is_a_hash",
            ),
            models.UniqueConstraint(
                fields=["calendar_sha256"],
                condition=~models.Q(calendar_sha256=""),
                name="notices_calendar_once",
            ),
        ]

    def __str__(self) -> str:
        return f"notices of {self.user_id}"
