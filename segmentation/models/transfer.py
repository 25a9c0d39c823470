"""A file that is on its way in pieces."""

import uuid

from django.conf import settings
from django.db import models

from mldtrial.audit.belonging import belongs_to
from mldtrial.audit.tracking import ClinicalModel, tracked
from mldtrial.trial.models import Sequence, Site, Visit
from segmentation.models.upload import Upload


class TransferState(models.TextChoices):
    """What has become of a file that somebody began to send."""

    OPEN = "OPEN", "on its way"
    RECEIVED = "RECEIVED", "received"
    REFUSED = "REFUSED", "refused"
    CANCELLED = "CANCELLED", "cancelled"
    EXPIRED = "EXPIRED", "left lying"


PROGRESS_COLUMNS = ["offset_bytes", "expires_at"]
"""Columns that move with every piece; the history leaves them out: it would tell of the line,
and a file of 1 GB would add more than a hundred links to the chain."""

COLUMNS_OF_AN_END = (*PROGRESS_COLUMNS, "state", "message")
"""Columns by which a transfer of a locked record goes on or ends. It becomes no upload by them."""


@belongs_to("visit", "visit_id", job_columns=COLUMNS_OF_AN_END)
@tracked(exclude=PROGRESS_COLUMNS)
class Transfer(ClinicalModel):
    """A file that arrives in pieces and becomes the upload of the same id.

    `offset_bytes` counts the bytes that are on the disk for certain. The row is the truth: the
    file in quarantine may be longer after a crash, and is cut to the offset before more is written.
    The name of the file is never kept: it may carry a patient's name.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    visit = models.ForeignKey(Visit, models.PROTECT, related_name="transfers")
    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    sent_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    size_bytes = models.BigIntegerField()
    offset_bytes = models.BigIntegerField(default=0)
    declared_sequence = models.CharField(
        max_length=8, choices=Sequence, blank=True, help_text="Given for NIfTI only."
    )
    declared_acquired_on = models.DateField(null=True, blank=True)
    after_end_reason = models.TextField(blank=True)
    expected_sha256 = models.CharField(
        max_length=64, blank=True, help_text="Of the whole file, where the sender gave it."
    )
    state = models.CharField(max_length=9, choices=TransferState, default=TransferState.OPEN)
    message = models.TextField(blank=True, help_text="For people: why it was refused.")
    upload = models.OneToOneField(
        Upload, models.PROTECT, related_name="transfer", null=True, blank=True
    )
    expires_at = models.DateTimeField()

    class Meta(ClinicalModel.Meta):
        ordering = ["created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=TransferState.values), name="transfer_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(offset_bytes__gte=0, offset_bytes__lte=models.F("size_bytes")),
                name="transfer_offset_within_the_file",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    state=TransferState.RECEIVED,
                    upload=models.F("id"),
                    offset_bytes=models.F("size_bytes"),
                )
                | (~models.Q(state=TransferState.RECEIVED) & models.Q(upload__isnull=True)),
                name="transfer_received_is_an_upload",
            ),
            models.CheckConstraint(
                condition=~models.Q(state=TransferState.REFUSED) | ~models.Q(message=""),
                name="transfer_refusal_has_a_message",
            ),
        ]
        indexes = [
            models.Index(
                fields=["sent_by", "visit"],
                condition=models.Q(state="OPEN"),
                name="transfer_open",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)
