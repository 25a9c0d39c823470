"""Files out of an archive or a folder that somebody sent, without trusting it.

Names in an archive are never used on disk: files are numbered. Every byte is counted while it is
inflated, and an archive that turns out to be forged leaves nothing behind.
"""

import os
import stat
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import takewhile
from pathlib import Path
from threading import Event
from typing import IO

from segmentation.imaging.archive_rules import MAX_ENTRIES, MAX_TOTAL_BYTES, is_clutter
from segmentation.imaging.content import ARCHIVES, HEAD_BYTES, Content, recognise
from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.gzip_stream import CHUNK_BYTES, GZIP_WINDOW
from segmentation.imaging.tar_files import tar_files
from segmentation.imaging.zip_directory import DEFLATED, ZipEntry, read_directory

LOOKED_AT_BYTES = 256 * 2**20
UNPACKING_THREADS = 2
_RAW_DEFLATE = -15


def unpack(source: Path, into: Path) -> list[Path]:
    """Return the files of a zip or tar archive, or of a folder.

    Parameters
    ----------
    source : Path
        A zip archive or a tar archive, plain or gzip-compressed, judged by its content; or a
        folder.
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
        EMPTY, BAD_ARCHIVE, UNSAFE_ARCHIVE, TOO_LARGE, TRUNCATED or CHECKSUM; then nothing that
        was unpacked stays.
    """
    if source.is_dir():
        return _files_of_folder(source)
    content = _archive_of(source)
    into.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    try:
        if content is Content.ZIP:
            _unpack_zip(source, into, written)
        else:
            for index, (_, chunks) in enumerate(_contents(source, content)):
                written.append(into / f"{index:05d}")
                _write(chunks, written[-1])
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        raise
    return written


def _unpack_zip(source: Path, into: Path, written: list[Path]) -> None:
    """Unpack the entries of a zip archive on two processors; inflating releases the interpreter.

    The first fault in the order of the archive is the one that is raised.
    """
    with source.open("rb") as file:
        entries = [
            entry for entry in read_directory(file) if not (entry.is_directory or entry.is_clutter)
        ]
    written += [into / f"{index:05d}" for index in range(len(entries))]
    pool = ThreadPoolExecutor(max_workers=UNPACKING_THREADS)
    is_refused = Event()
    try:
        for _ in pool.map(partial(_unpack_entry, source, is_refused), entries, written):
            pass
    finally:
        is_refused.set()  # or all is done: what is under way elsewhere is for nothing
        pool.shutdown(cancel_futures=True)


def _unpack_entry(source: Path, is_refused: Event, entry: ZipEntry, target: Path) -> None:
    with source.open("rb") as file:
        chunks = _checked_chunks(file, entry, CHUNK_BYTES)
        _write(takewhile(lambda _: not is_refused.is_set(), chunks), target)


def may_hold(source: Path, wanted: Content) -> bool:
    """Return whether an archive holds a file of a kind, or may hold one behind what was looked at.

    Reads no further than the first such file, and at most `LOOKED_AT_BYTES`: a person waits.

    Raises
    ------
    ImageError
        EMPTY for an archive without files, or as for `unpack`, as far as it was read.
    """
    looked_at = 0
    for cost_bytes, chunks in _contents(source, _archive_of(source), chunk_bytes=HEAD_BYTES):
        head = next(chunks, b"")[:HEAD_BYTES]
        looked_at += cost_bytes + HEAD_BYTES
        if content_of_head(head) == wanted or looked_at > LOOKED_AT_BYTES:
            return True
    if not looked_at:
        raise ImageError(
            FailureCode.EMPTY, "The archive holds no file. Choose the folder of the scan again."
        )
    return False


def is_archive(content: Content) -> bool:
    """Return whether `unpack` reads a file of this kind."""
    return content in (Content.ZIP, Content.TAR)


def _archive_of(source: Path) -> Content:
    content = content_of(source)
    if content is Content.EMPTY:
        raise ImageError(FailureCode.EMPTY, "The archive is empty (0 bytes). Send it again.")
    if not is_archive(content):
        raise ImageError(
            FailureCode.BAD_ARCHIVE,
            f"Expected a zip or tar archive, but this file is {content}. "
            "Send the images as a zip file.",
        )
    return content


def _contents(
    source: Path, content: Content, *, chunk_bytes: int = CHUNK_BYTES
) -> Iterator[tuple[int, Iterator[bytes]]]:
    """Yield the bytes of each file of an archive, without folders and clutter.

    With them comes how many bytes have to be read to pass over the file.
    """
    if content is Content.TAR:
        for found, chunks in tar_files(source):
            if not found.is_clutter:
                yield found.size_bytes, chunks
        return
    with source.open("rb") as file:
        for entry in read_directory(file):
            if not (entry.is_directory or entry.is_clutter):
                yield 0, _checked_chunks(file, entry, chunk_bytes)


def _write(chunks: Iterator[bytes], target: Path) -> None:
    head = b""
    with target.open("xb") as output:
        for chunk in chunks:
            if len(head) < HEAD_BYTES:
                head += chunk[:HEAD_BYTES]
            output.write(chunk)
    _refuse_nested(content_of_head(head))


def content_of(path: Path) -> Content:
    """Return what a file is by its content; for gzip, what it holds where that is known."""
    with path.open("rb") as file:
        return content_of_head(file.read(HEAD_BYTES))


def content_of_head(head: bytes) -> Content:
    """Return what a file is by its first `HEAD_BYTES` bytes, as `content_of` does."""
    content = recognise(head)
    if content is not Content.GZIP:
        return content
    try:
        inside = recognise(zlib.decompressobj(GZIP_WINDOW).decompress(head, HEAD_BYTES))
    except zlib.error:
        return Content.GZIP
    return Content.GZIP if inside in (Content.UNKNOWN, Content.EMPTY) else inside


def _checked_chunks(file: IO[bytes], entry: ZipEntry, chunk_bytes: int) -> Iterator[bytes]:
    """Yield the bytes of an entry; what they add up to is compared before the end."""
    crc32, size = 0, 0
    for chunk in _entry_chunks(file, entry, chunk_bytes):
        size += len(chunk)
        if size > entry.size_bytes:
            raise _forged("more")
        crc32 = zlib.crc32(chunk, crc32)
        yield chunk
    if size < entry.size_bytes:
        raise _forged("fewer")
    if crc32 != entry.crc32:
        raise _damaged()


def _entry_chunks(file: IO[bytes], entry: ZipEntry, chunk_bytes: int) -> Iterator[bytes]:
    file.seek(entry.data_offset)
    stored = _stored_chunks(file, entry.stored_bytes, chunk_bytes)
    if entry.method != DEFLATED:
        yield from stored
        return
    inflater = zlib.decompressobj(_RAW_DEFLATE)
    try:
        for packed in stored:
            pending = packed
            while pending:
                yield inflater.decompress(pending, chunk_bytes)
                if inflater.unused_data:
                    raise _forged("more")
                pending = inflater.unconsumed_tail
        while chunk := inflater.decompress(b"", chunk_bytes):
            yield chunk
    except zlib.error as error:
        raise _damaged() from error
    if not inflater.eof:
        raise _forged("fewer")


def _stored_chunks(file: IO[bytes], length: int, chunk_bytes: int) -> Iterator[bytes]:
    while length and (chunk := file.read(min(chunk_bytes, length))):
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
