"""Take the pieces of a file that is on its way, one after another, whatever happens in between.

The row is the truth. A piece is written, made durable and only then counted in the row, so that
a crash at any place leaves a file that is at least as long as the row says; what is beyond is cut
off before more is written (decision 0019).
"""

import errno
import hashlib
import os
from datetime import timedelta
from io import FileIO
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Now

from mldtrial.audit.context import because
from mldtrial.trial.services import locking, participation
from segmentation.imaging.content import HEAD_BYTES
from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.models import Transfer, TransferState
from segmentation.services import receiving, running_hashes, store, transfers
from segmentation.services.failpoints import reach
from segmentation.tus.headers import Checksum

FileRefusal = ImageError | ValidationError


class Readable(Protocol):
    """What can be read once, from its begin to its end, such as the body of a request."""

    def read(self, size: int, /) -> bytes:
        """Return up to so many bytes; none at the end."""


def receive_piece(
    *,
    transfer: Transfer,
    offset_bytes: int,
    piece: Readable,
    size_bytes: int,
    checksum: Checksum | None = None,
    by: Any,
) -> Transfer:
    """Add a piece to a file; the last one makes it an upload and queues its intake.

    A piece counts as a whole or not at all. Nothing of one that is refused stays.

    Parameters
    ----------
    offset_bytes : int
        Where the sender believes that the piece begins.
    piece : readable
        Read once; it is all there, no line is waited for.
    size_bytes : int
        Of the piece.
    checksum : Checksum or None
        What the piece must add up to, where the sender says so.

    Returns
    -------
    Transfer
        As it is now.

    Raises
    ------
    TransferError
        One of its kinds, if the piece cannot be taken; the transfer stays as it was.
    PermissionDenied, ValidationError, ImageError
        If the person may no longer send it, or the visit is held: it can be continued once this is
        mended. If the file is refused, or the consent for images has ended, so has the transfer.
    """
    with transaction.atomic(), transfers.held(transfer.pk) as found:
        if found.state == TransferState.RECEIVED and (offset_bytes, size_bytes) == (
            found.size_bytes,
            0,
        ):
            return found
        _require_fitting(found, offset_bytes, size_bytes)
        refused = _end_without_consent(found)
        if refused is None:
            receiving.require_may_send(
                visit=found.visit, declared_acquired_on=found.declared_acquired_on, by=by
            )
            refused = _add(found, piece, size_bytes, checksum)
    if refused is not None:
        transfers.destroy(found.pk)
        raise refused
    reach("piece_after_commit")
    return found


def _require_fitting(transfer: Transfer, offset_bytes: int, size_bytes: int) -> None:
    if transfer.state != TransferState.RECEIVED:
        transfers.require_open(transfer)
    if offset_bytes != transfer.offset_bytes:
        raise transfers.WrongOffsetError(
            f"The piece begins at byte {offset_bytes}; {transfer.offset_bytes} bytes are here. "
            "Ask where to go on, and continue there."
        )
    if size_bytes > settings.TRANSFER_PIECE_BYTES:
        raise transfers.TooLargeError(
            f"A piece has at most {settings.TRANSFER_PIECE_BYTES // transfers.MIB} MiB."
        )
    if offset_bytes + size_bytes > transfer.size_bytes:
        raise transfers.TooLargeError(
            "The file is longer than was said when it was begun. Send it again."
        )


def _end_without_consent(transfer: Transfer) -> ValidationError | None:
    """End a transfer at once when the consent for images has: no more bytes, none kept."""
    try:
        participation.require_images_allowed(transfer.visit.patient)
    except ValidationError as error:
        transfers.end(
            transfer,
            TransferState.REFUSED,
            why="No consent for images",
            message=transfers.CONSENT_ENDED,
        )
        return error
    return None


def _add(
    transfer: Transfer, piece: Readable, size_bytes: int, checksum: Checksum | None
) -> FileRefusal | None:
    """Write a piece and count it; returns why the file was refused, if it was."""
    path = store.quarantine_path(transfer.pk)
    digest = running_hashes.up_to(transfer.pk, transfer.offset_bytes)
    try:
        _require_begun(path, transfer.offset_bytes)
        _write(path, transfer, piece, size_bytes, digest, checksum)
    except (ImageError, ValidationError) as error:
        return _refuse(transfer, error)
    transfer.offset_bytes += size_bytes
    if transfer.offset_bytes == transfer.size_bytes:
        if digest is None:
            return _finish(transfer, running_hashes.of_file(transfer.pk, path))
        return _finish(transfer, digest.hexdigest())
    Transfer.objects.filter(pk=transfer.pk).update(
        offset_bytes=transfer.offset_bytes,
        expires_at=Now() + timedelta(days=settings.TRANSFER_DAYS),
    )
    if digest is not None:
        # Not before the row is there: a piece that is rolled back would have been hashed.
        transaction.on_commit(
            lambda: running_hashes.keep(transfer.pk, transfer.offset_bytes, digest)
        )
    return None


def _require_begun(path: Path, offset_bytes: int) -> None:
    if not path.exists() or path.stat().st_size < offset_bytes:
        raise ImageError(
            FailureCode.TRUNCATED,
            "The part of this file that had arrived is no longer here. Send the file again, and "
            "tell the administrator.",
        )


def _write(
    path: Path,
    transfer: Transfer,
    piece: Readable,
    size_bytes: int,
    digest: Any | None,
    checksum: Checksum | None,
) -> None:
    """Put a piece behind the bytes that count, hash it on the way, and make it durable."""
    begin = transfer.offset_bytes
    with path.open("r+b", buffering=0) as file:
        file.truncate(begin)
        file.seek(begin)
        try:
            _copy(piece, file, transfer, digest, checksum)
            if file.tell() != begin + size_bytes:
                raise transfers.IncompleteError(
                    "The piece has not arrived as it was announced. Send it again."
                )
            reach("piece_after_write")
            os.fsync(file.fileno())
        except OSError as error:
            file.truncate(begin)
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise transfers.NoRoomError(
                "The server has no room left just now. What had arrived is kept for "
                f"{settings.TRANSFER_DAYS} days: tell the administrator, and continue later."
            ) from error
        except BaseException:
            file.truncate(begin)
            raise
    reach("piece_after_fsync")


def _copy(
    piece: Readable,
    file: FileIO,
    transfer: Transfer,
    digest: Any | None,
    checksum: Checksum | None,
) -> None:
    """Copy a piece, and compare it with its checksum."""
    of_piece = hashlib.new(checksum.algorithm, usedforsecurity=False) if checksum else None
    digests = [found for found in (digest, of_piece) if found is not None]
    beginning = b""
    while chunk := piece.read(store.CHUNK_BYTES):
        if file.tell() == 0:
            beginning = chunk
        for found in digests:
            found.update(chunk)
        left = memoryview(chunk)
        while left:
            left = left[file.write(left) :]
    if checksum and of_piece and of_piece.digest() != checksum.digest:
        raise transfers.WrongChecksumError(
            "The piece that arrived is not the one that was sent: the checksums differ. "
            "Send it again."
        )
    # Not before: what was damaged on its way says nothing of the file.
    if beginning:
        _check_beginning(transfer, beginning)


def _check_beginning(transfer: Transfer, chunk: bytes) -> None:
    """Refuse another kind of file at its first bytes, where there are enough of them to tell."""
    if len(chunk) >= min(HEAD_BYTES, transfer.size_bytes):
        receiving.check_kind(
            chunk[:HEAD_BYTES], transfer.declared_sequence, transfer.declared_acquired_on
        )


def _finish(transfer: Transfer, sha256: str) -> FileRefusal | None:
    """Make the whole file an upload, which is not copied for it; returns why not, if not."""
    try:
        with transaction.atomic():
            transfer.upload = receiving.accept(
                upload_id=transfer.pk,
                visit=transfer.visit,
                sha256=sha256,
                size_bytes=transfer.size_bytes,
                declared_sequence=transfer.declared_sequence,
                declared_acquired_on=transfer.declared_acquired_on,
                expected_sha256=transfer.expected_sha256,
                after_end_reason=transfer.after_end_reason,
                by=transfer.sent_by,
            )
            transfer.state = TransferState.RECEIVED
            with because("All of the file has arrived"):
                transfer.save(update_fields=["state", "offset_bytes", "upload"])
    except (ImageError, ValidationError) as error:
        # A lock that came meanwhile says nothing against the file: it waits with what it has.
        locking.require_open(transfer.visit)
        transfer.upload = None
        return _refuse(transfer, error)
    running_hashes.forget(transfer.pk)
    return None


def _refuse(transfer: Transfer, error: FileRefusal) -> FileRefusal:
    message = error.message if isinstance(error, ImageError) else " ".join(error.messages)
    transfers.end(transfer, TransferState.REFUSED, why="The file was refused", message=message)
    return error
