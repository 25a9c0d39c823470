"""Reading a plain or gzip-compressed file to its very end, in chunks of bounded size."""

import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn, Protocol

from segmentation.imaging.errors import FailureCode, ImageError

CHUNK_BYTES = 1 << 20
GZIP_MAGIC = b"\x1f\x8b"
GZIP_WINDOW = 31
"""zlib's code for the largest window with a gzip header and trailer, whose CRC it checks."""

Watcher = Callable[[bytes], None]


class Readable(Protocol):
    """A file, or what reads like one."""

    def read(self, n_bytes: int, /) -> bytes:
        """Return the next bytes: as many as asked for, fewer only at the end."""


def content_chunks(path: Path, *, watch: Watcher | None = None) -> Iterator[bytes]:
    """Yield the content of a file, inflated when it is gzip-compressed.

    The kind is judged by content, not by name. A gzip stream is drained, so that its checksum and
    length are compared before the last chunk is followed by the end. A reader that has seen
    enough bytes may stop early; nothing is inflated ahead of it.

    Parameters
    ----------
    path : Path
        The file.
    watch : callable, optional
        Given every chunk of the file as it lies on disk, for a checksum of the file.

    Yields
    ------
    bytes
        At most `CHUNK_BYTES` at a time, never empty.

    Raises
    ------
    ImageError
        EMPTY, TRUNCATED, CHECKSUM or TRAILING_DATA.
    """
    with path.open("rb") as file:
        yield from chunks_of(file, watch=watch)


def chunks_of(file: Readable, *, watch: Watcher | None = None) -> Iterator[bytes]:
    """Yield the content of an open file, as `content_chunks` does."""
    stored = _stored_chunks(file, watch)
    first = next(stored, b"")
    if not first:
        raise ImageError(FailureCode.EMPTY, "The file is empty. Send the file again.")
    if not first.startswith(GZIP_MAGIC):
        yield first
        yield from stored
    else:
        yield from _inflated(first, stored)


def _stored_chunks(file: Readable, watch: Watcher | None) -> Iterator[bytes]:
    while chunk := file.read(CHUNK_BYTES):
        if watch is not None:
            watch(chunk)
        yield chunk


def _inflated(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    inflater = zlib.decompressobj(GZIP_WINDOW)
    pending = first
    while not inflater.eof:
        chunk = _inflate(inflater, pending)
        if chunk:
            yield chunk
        pending = inflater.unconsumed_tail
        if not pending and not inflater.eof:
            # A full chunk may leave more inside the inflater without any input left over.
            if len(chunk) == CHUNK_BYTES:
                continue
            pending = next(rest, b"")
            if not pending:
                _refuse_truncated()
    if inflater.unused_data or next(rest, b""):
        raise ImageError(
            FailureCode.TRAILING_DATA,
            "Expected the file to end with its compressed data, found more after it. "
            "Compress the image again and send it.",
        )


def _inflate(inflater: "zlib._Decompress", pending: bytes) -> bytes:
    try:
        return inflater.decompress(pending, CHUNK_BYTES)
    except zlib.error as error:
        raise ImageError(
            FailureCode.CHECKSUM,
            "The compressed data are damaged: they do not match their own checksum. "
            "Send the file again from the original.",
        ) from error


def _refuse_truncated() -> NoReturn:
    raise ImageError(
        FailureCode.TRUNCATED,
        "The compressed data stop before their end: the file was cut off. Send the file again.",
    )
