"""Files out of a zip archive or a folder that somebody sent, without trusting it.

Names in an archive are never used on disk: files are numbered. Every byte is counted while it is
inflated, and an archive that turns out to be forged leaves nothing behind.
"""

import os
import stat
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from segmentation.imaging.content import ARCHIVES, HEAD_BYTES, Content, recognise
from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.gzip_stream import CHUNK_BYTES, GZIP_WINDOW
from segmentation.imaging.zip_directory import (
    DEFLATED,
    MAX_ENTRIES,
    MAX_TOTAL_BYTES,
    ZipEntry,
    is_clutter,
    read_directory,
)

_RAW_DEFLATE = -15


def unpack(source: Path, into: Path) -> list[Path]:
    """Return the files of a zip archive, or of a folder.

    Parameters
    ----------
    source : Path
        A zip archive, judged by its content, or a folder.
    into : Path
        Folder for what is unpacked, made if it is missing. A folder as `source` is not copied.

    Returns
    -------
    list of Path
        In the order of the archive, named ``00000``, ``00001`` and so on; for a folder its own
        files in order of path. Empty files are listed, folders and the clutter of operating
        systems are not. An empty list means that there was no file at all; whether any is an
        image is for the caller to find out (see `content_of`).

    Raises
    ------
    ImageError
        EMPTY, BAD_ARCHIVE, UNSAFE_ARCHIVE, TOO_LARGE or CHECKSUM; then nothing that was unpacked
        stays.
    """
    if source.is_dir():
        return _files_of_folder(source)
    content = content_of(source)
    if content is Content.EMPTY:
        raise ImageError(FailureCode.EMPTY, "The archive is empty (0 bytes). Send it again.")
    if content is not Content.ZIP:
        raise ImageError(
            FailureCode.BAD_ARCHIVE,
            f"Expected a zip archive, but this file is {content}. Send the images as a zip file.",
        )
    into.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    try:
        with source.open("rb") as file:
            entries = [e for e in read_directory(file) if not (e.is_directory or e.is_clutter)]
            for index, entry in enumerate(entries):
                written.append(into / f"{index:05d}")
                _unpack_entry(file, entry, written[-1])
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        raise
    return written


def content_of(path: Path) -> Content:
    """Return what a file is by its content; for gzip, what it holds where that is known."""
    with path.open("rb") as file:
        return _content_of_head(file.read(HEAD_BYTES))


def _content_of_head(head: bytes) -> Content:
    content = recognise(head)
    if content is not Content.GZIP:
        return content
    try:
        inside = recognise(zlib.decompressobj(GZIP_WINDOW).decompress(head, HEAD_BYTES))
    except zlib.error:
        return Content.GZIP
    return Content.GZIP if inside in (Content.UNKNOWN, Content.EMPTY) else inside


def _unpack_entry(file: IO[bytes], entry: ZipEntry, target: Path) -> None:
    crc32, size, head = 0, 0, b""
    with target.open("xb") as output:
        for chunk in _entry_chunks(file, entry):
            size += len(chunk)
            if size > entry.size_bytes:
                raise _forged("more")
            if len(head) < HEAD_BYTES:
                head += chunk[:HEAD_BYTES]
            crc32 = zlib.crc32(chunk, crc32)
            output.write(chunk)
    if size < entry.size_bytes:
        raise _forged("fewer")
    if crc32 != entry.crc32:
        raise _damaged()
    _refuse_nested(_content_of_head(head))


def _entry_chunks(file: IO[bytes], entry: ZipEntry) -> Iterator[bytes]:
    file.seek(entry.data_offset)
    stored = _stored_chunks(file, entry.stored_bytes)
    if entry.method != DEFLATED:
        yield from stored
        return
    inflater = zlib.decompressobj(_RAW_DEFLATE)
    try:
        for packed in stored:
            pending = packed
            while pending:
                yield inflater.decompress(pending, CHUNK_BYTES)
                if inflater.unused_data:
                    raise _forged("more")
                pending = inflater.unconsumed_tail
        while chunk := inflater.decompress(b"", CHUNK_BYTES):
            yield chunk
    except zlib.error as error:
        raise _damaged() from error
    if not inflater.eof:
        raise _forged("fewer")


def _stored_chunks(file: IO[bytes], length: int) -> Iterator[bytes]:
    while length and (chunk := file.read(min(CHUNK_BYTES, length))):
        length -= len(chunk)
        yield chunk


def _files_of_folder(folder: Path) -> list[Path]:
    files: list[Path] = []
    total = 0
    for path, status in _walk(folder):
        if is_clutter(path.name):
            continue
        if not stat.S_ISREG(status.st_mode):
            raise ImageError(
                FailureCode.UNSAFE_ARCHIVE,
                "Expected a folder of plain files, found a link or a device. Copy the images "
                "into a folder of their own.",
            )
        files.append(path)
        total += status.st_size
        if len(files) > MAX_ENTRIES or total > MAX_TOTAL_BYTES:
            raise ImageError(
                FailureCode.TOO_LARGE,
                f"Expected at most {MAX_ENTRIES:,} files and 8 GB in the folder, found more. "
                "Send one visit at a time.",
            )
        _refuse_nested(content_of(path))
    return files


def _walk(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield everything below a folder that is not a folder, in order of path; no link is followed.

    Goes down one level per open folder and not by recursion, so that depth costs nothing.
    """
    waiting = [folder]
    while waiting:
        path = waiting.pop()
        status = path.lstat()
        if path != folder and not stat.S_ISDIR(status.st_mode):
            yield path, status
        else:
            waiting.extend(sorted(path.iterdir(), reverse=True))


def _refuse_nested(content: Content) -> None:
    if content in ARCHIVES:
        raise ImageError(
            FailureCode.UNSAFE_ARCHIVE,
            f"Expected image files, found {content} among them. "
            "Unpack it and send the images in one archive.",
        )


def _forged(amount: str) -> ImageError:
    return ImageError(
        FailureCode.UNSAFE_ARCHIVE,
        f"The archive contradicts itself: a file holds {amount} bytes than its archive states. "
        "Make the archive again and send it.",
    )


def _damaged() -> ImageError:
    return ImageError(
        FailureCode.CHECKSUM,
        "The archive is damaged: a file in it does not match its checksum. Send it again.",
    )
