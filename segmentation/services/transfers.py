"""Begin, cancel and clear away files that are sent in pieces; `pieces` takes the pieces.

A transfer is a row and a file in quarantine. It ends once: as an upload of the same id, or as
refused, cancelled or left lying, and then its bytes are destroyed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import OperationalError, transaction
from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import Now
from django.utils import timezone

from mldtrial.audit.context import because
from mldtrial.trial.models import Disposition, Sequence, Visit
from mldtrial.trial.selectors.consent import without_consent_for_images
from mldtrial.trial.services import participation
from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.models import Transfer, TransferState
from segmentation.services import receiving, running_hashes, store

MIB = 1024**2
CONSENT_ENDED = (
    "The consent for images was withdrawn, so what had arrived was destroyed. "
    "After a new consent, send the file again."
)


class TransferError(Exception):
    """What cannot be done with a transfer now, with a sentence for a person."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class TooLargeError(TransferError):
    """More bytes than are taken: of a file, of a piece, or beyond the end of a file."""


class TooManyError(TransferError):
    """As many files are on their way as may be."""


class NoRoomError(TransferError):
    """The volume has no room for the file."""


class EndedError(TransferError):
    """The transfer has come to its end; nothing is added to it."""


class BeingWrittenError(TransferError):
    """Another request is writing to the same transfer."""


class WrongOffsetError(TransferError):
    """The piece does not begin where the bytes that are here end."""


class IncompleteError(TransferError):
    """The piece has another length than its request said."""


class WrongChecksumError(TransferError):
    """The bytes that arrived are not those that were sent."""


def begin(
    *,
    visit: Visit,
    size_bytes: int,
    head: bytes = b"",
    declared_sequence: str = "",
    declared_acquired_on: date | None = None,
    expected_sha256: str = "",
    after_end_reason: str = "",
    by: Any,
) -> Transfer:
    """Make room for a file that will arrive in pieces; refuse it before its first byte if need be.

    Parameters
    ----------
    size_bytes : int
        Of the whole file.
    head : bytes
        Its first bytes, as far as the sender gives them: another kind of file is refused at once.
    declared_sequence, declared_acquired_on, expected_sha256, after_end_reason
        As for `receiving.receive_upload`.

    Raises
    ------
    PermissionDenied, ValidationError, ImageError
        As for `receiving.receive_upload`, as far as it can be known by now.
    TooLargeError, TooManyError, NoRoomError
        With the limit.
    """
    receiving.require_may_send(visit=visit, declared_acquired_on=declared_acquired_on, by=by)
    if declared_sequence and declared_sequence not in Sequence.values:
        raise ValidationError(f"The sequence is one of {', '.join(Sequence.values)}.")
    _check_size(size_bytes)
    if head:
        receiving.check_kind(head, declared_sequence, declared_acquired_on)
    if expected_sha256:
        receiving.refuse_known(visit, expected_sha256, declared_sequence)
    _require_turn(visit, by)
    _require_room(size_bytes)
    day = declared_acquired_on or visit.date
    with participation.entry(visit.patient, day, after_end_reason), transaction.atomic():
        transfer = Transfer(
            visit=visit,
            site=visit.patient.site,
            sent_by=by,
            size_bytes=size_bytes,
            declared_sequence=declared_sequence,
            declared_acquired_on=declared_acquired_on,
            expected_sha256=expected_sha256,
            after_end_reason=after_end_reason,
            expires_at=timezone.now() + timedelta(days=settings.TRANSFER_DAYS),
        )
        transfer.save(force_insert=True)
        store.create(store.quarantine_path(transfer.pk))
    return transfer


def cancel(*, transfer: Transfer) -> None:
    """End a transfer at the wish of its sender, who alone finds it, and destroy what has arrived.

    Raises
    ------
    EndedError, BeingWrittenError
        If it has ended already, or a piece is just being written.
    """
    with transaction.atomic(), held(transfer.pk) as found:
        if found.state == TransferState.RECEIVED:
            raise EndedError("The file has arrived as a whole and is being checked.")
        require_open(found)
        end(found, TransferState.CANCELLED, why="Cancelled by its sender")
    destroy(transfer.pk)


def end_overdue() -> int:
    """End the transfers that were left lying, or whose patient's consent for images has ended.

    Returns
    -------
    int
        How many; their bytes are destroyed. One that is being written waits for the next time.
    """
    refused = without_consent_for_images(Disposition.objects.all())
    without_consent = Q(visit__patient__in=refused)
    overdue = Transfer.objects.filter(state=TransferState.OPEN).filter(
        Q(expires_at__lt=Now()) | without_consent
    )
    ended = 0
    for transfer_id in list(overdue.values_list("pk", flat=True)):
        ended += _end_overdue(overdue.filter(pk=transfer_id), refused)
    return ended


def _end_overdue(overdue: QuerySet[Transfer], refused: set[UUID]) -> int:
    with transaction.atomic():
        found = overdue.select_for_update(skip_locked=True, of=("self",)).first()
        if found is None:
            return 0
        if found.visit.patient_id in refused:
            end(found, TransferState.REFUSED, why="No consent for images", message=CONSENT_ENDED)
        else:
            end(found, TransferState.EXPIRED, why="Left lying")
    destroy(found.pk)
    return 1


@contextmanager
def held(transfer_id: UUID) -> Iterator[Transfer]:
    """Give a transfer that no other request writes to; use it inside a transaction.

    Raises
    ------
    BeingWrittenError
        If another request holds it.
    """
    rows = Transfer.objects.select_related("visit__patient__study", "visit__patient__site")
    try:
        with transaction.atomic():
            found = rows.select_for_update(nowait=True, of=("self",)).get(pk=transfer_id)
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None) != "55P03":  # lock_not_available
            raise
        raise BeingWrittenError(
            "Another request is still writing to this file. Wait a moment, then continue."
        ) from error
    yield found


def require_open(transfer: Transfer) -> None:
    """Refuse what would add to a transfer that has ended.

    Raises
    ------
    EndedError
        With the reason.
    """
    if transfer.state == TransferState.REFUSED:
        raise EndedError(transfer.message)
    if transfer.state == TransferState.CANCELLED:
        raise EndedError("This upload was cancelled. Send the file again if it is wanted.")
    if transfer.state == TransferState.EXPIRED or transfer.expires_at <= timezone.now():
        raise EndedError(
            f"This upload lay untouched for {settings.TRANSFER_DAYS} days and has ended. "
            "Send the file again."
        )


def end(transfer: Transfer, state: str, *, why: str, message: str = "") -> None:
    """Mark a transfer, which is held, as ended without becoming an upload."""
    transfer.state, transfer.message = state, message
    with because(why):
        transfer.save(update_fields=["state", "message"])


def destroy(transfer_id: UUID) -> None:
    """Remove the bytes of a transfer whose end is committed; the sweep does it after a crash."""
    running_hashes.forget(transfer_id)
    store.quarantine_path(transfer_id).unlink(missing_ok=True)


def _check_size(size_bytes: int) -> None:
    limit = settings.UPLOAD_MAX_BYTES
    if size_bytes == 0:
        raise ImageError(FailureCode.EMPTY, "The file is empty. Choose it again.")
    if size_bytes > limit:
        raise TooLargeError(
            f"The file has {-(-size_bytes // MIB)} MiB; the limit is {limit // MIB} MiB. "
            "Send the images of one scan at a time."
        )


def _require_turn(visit: Visit, by: Any) -> None:
    """Hold the number of files on their way within limits; two at the same moment may both pass."""
    under_way = Transfer.objects.filter(state=TransferState.OPEN, expires_at__gt=Now())
    for limit, found, whose in (
        (settings.TRANSFERS_OF_PERSON, under_way.filter(sent_by=by), "You have"),
        (settings.TRANSFERS_OF_SITE, under_way.filter(site=visit.patient.site), "Your site has"),
    ):
        if found.count() >= limit:
            raise TooManyError(
                f"{whose} {limit} unfinished uploads, the most at a time. Finish or cancel some "
                "of them first."
            )


def room_bytes() -> int:
    """Return how much the volume can take beside the files that are on their way."""
    coming = Transfer.objects.filter(state=TransferState.OPEN, expires_at__gt=Now()).aggregate(
        left=Sum(F("size_bytes") - F("offset_bytes"))
    )["left"]
    return store.free_bytes() - (coming or 0) - settings.TRANSFER_KEEP_FREE_BYTES


def _require_room(size_bytes: int) -> None:
    """Refuse a file that the volume could not hold beside those that are on their way."""
    if size_bytes > room_bytes():
        raise NoRoomError(
            f"The server has no room for a file of {-(-size_bytes // MIB)} MiB just now. "
            "Tell the administrator, and try again later."
        )
