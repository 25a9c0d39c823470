"""The files of a tar archive, read from front to back and judged one by one.

Written against the format itself instead of on top of `tarfile`, which reads an extended header
of any length into memory, takes an archive that is cut off between two files for a whole one, and
makes links. An archive that lacks its end is refused here: a slice may be missing.

References
----------
.. [1] IEEE Std 1003.1-2017, pax, "ustar Interchange Format" and "pax Interchange Format".
.. [2] GNU tar manual 1.35, "Basic Tar Format" (long names, base-256 numbers).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from segmentation.imaging.archive_rules import (
    MAX_ENTRIES,
    MAX_TOTAL_BYTES,
    bad,
    check_name,
    check_ratio,
    is_clutter,
    too_large,
    unsafe,
)
from segmentation.imaging.errors import ImageError
from segmentation.imaging.gzip_stream import CHUNK_BYTES, content_chunks

BLOCK = 512
MAX_EXTENDED_BYTES = 64 * 1024
"""Of an extended header: a few names and numbers."""

_FILE, _FOLDER = frozenset({b"0", b"\0", b"7"}), b"5"
_LINKS, _DEVICES = frozenset({b"1", b"2"}), frozenset({b"3", b"4", b"6"})
_PAX, _PAX_OF_ALL, _LONG_NAME, _LONG_LINK = b"x", b"g", b"L", b"K"


@dataclass(frozen=True, slots=True)
class TarFile:
    """One file of an archive; its name is judged and then forgotten."""

    size_bytes: int
    is_clutter: bool


@dataclass(slots=True)
class _Said:
    """What extended headers say of the entry that follows."""

    name: bytes | None = None
    size_bytes: int | None = None


def tar_files(source: Path) -> Iterator[tuple[TarFile, Iterator[bytes]]]:
    """Yield the files of a tar archive, plain or gzip-compressed, each with its bytes.

    The bytes of one file are to be taken before the next file is asked for; what is not taken is
    passed over. After the last file the archive is read to its very end, so that a checksum of
    gzip counts.

    Yields
    ------
    tuple of TarFile and iterator of bytes
        In the order of the archive, folders left out.

    Raises
    ------
    ImageError
        BAD_ARCHIVE for an archive that contradicts itself or is cut off, UNSAFE_ARCHIVE for one
        that could do harm, TOO_LARGE beyond the limits; TRUNCATED or CHECKSUM of gzip.
    """
    stream = _Stream(source)
    said, entries, total = _Said(), 0, 0
    while (header := _header(stream)) is not None:
        entries += 1
        if entries > MAX_ENTRIES:
            raise too_large(f"more than {MAX_ENTRIES:,} files")
        kind, size = header[156:157], _number(header[124:136])
        if kind in (_PAX, _PAX_OF_ALL, _LONG_NAME, _LONG_LINK):
            _extend(said, kind, _extended(stream, size))
            continue
        size = size if said.size_bytes is None else said.size_bytes
        name = _name(header) if said.name is None else said.name
        said = _Said()
        text = check_name(name.decode("utf-8", "replace"), len(name))
        _check_kind(kind, size)
        total += size
        if total > MAX_TOTAL_BYTES:
            raise too_large(f"{total / 2**30:,.1f} GB or more")
        if kind == _FOLDER:
            continue
        content = stream.take(size)
        yield TarFile(size, is_clutter(text)), content
        for _ in content:  # What the caller left.
            pass
        stream.skip(-size % BLOCK)
    if said != _Said():
        raise _bad("an extended header that belongs to no file")
    stream.drain()


class _Stream:
    """The inflated bytes of an archive, of which a bounded part is in memory."""

    def __init__(self, source: Path):
        self._chunks = content_chunks(source, watch=self._watch)
        self._held = b""
        self._stored_bytes = 0
        self._inflated_bytes = 0

    def _watch(self, chunk: bytes) -> None:
        self._stored_bytes += len(chunk)

    def _more(self) -> bytes:
        chunk = next(self._chunks, b"")
        self._inflated_bytes += len(chunk)
        check_ratio(self._inflated_bytes, self._stored_bytes)
        return chunk

    def read(self, length: int) -> bytes:
        """Return so many bytes, or fewer at the end."""
        while len(self._held) < length and (chunk := self._more()):
            self._held += chunk
        found, self._held = self._held[:length], self._held[length:]
        return found

    def take(self, length: int) -> Iterator[bytes]:
        """Yield exactly so many bytes, a chunk at a time."""
        while length:
            chunk = self.read(min(length, CHUNK_BYTES))
            if not chunk:
                raise _cut_off()
            length -= len(chunk)
            yield chunk

    def skip(self, length: int) -> None:
        """Pass over what fills up a block."""
        if len(self.read(length)) < length:
            raise _cut_off()

    def drain(self) -> None:
        """Read to the end, where nothing but zeros may stand."""
        while chunk := self.read(CHUNK_BYTES):
            if chunk.strip(b"\0"):
                raise _bad("something behind its end")


def _header(stream: _Stream) -> bytes | None:
    """Return the next header; None at the end of the archive, which is two blocks of zeros."""
    header = stream.read(BLOCK)
    if len(header) < BLOCK:
        raise _cut_off()
    if not header.strip(b"\0"):
        if stream.read(BLOCK) != bytes(BLOCK):
            raise _bad("an end that is none")
        return None
    stated = _number(header[148:156])
    blanked = header[:148] + b" " * 8 + header[156:]
    # Early programs summed signed bytes.
    signed = sum(byte - 256 if byte > 127 else byte for byte in blanked)
    if stated not in (sum(blanked), signed):
        raise _bad("a damaged header")
    return header


def _number(field: bytes) -> int:
    """Return a number in octal digits, or in base 256 as GNU tar writes large ones."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    if field[0] > 0x80:
        raise _bad("a negative size")
    digits = field.split(b"\0", 1)[0].strip(b" ")
    if not digits:
        return 0
    if digits.strip(b"01234567"):
        raise _bad("a damaged header")
    return int(digits, 8)


def _name(header: bytes) -> bytes:
    name = header[:100].split(b"\0", 1)[0]
    prefix = header[345:500].split(b"\0", 1)[0]
    # GNU tar keeps other things where ustar keeps the first part of a long name.
    is_ustar = header[257:263] == b"ustar\0"
    return prefix + b"/" + name if is_ustar and prefix else name


def _check_kind(kind: bytes, size: int) -> None:
    if kind in _LINKS or kind in _DEVICES:
        raise unsafe("a link or a device")
    if kind == _FOLDER:
        if size:
            raise _bad("a folder with content of its own")
    elif kind not in _FILE:
        raise unsafe("an entry that is neither a file nor a folder")


def _extended(stream: _Stream, size: int) -> bytes:
    if size > MAX_EXTENDED_BYTES:
        raise unsafe("an extended header of more than 64 kB")
    content = stream.read(size)
    if len(content) < size:
        raise _cut_off()
    stream.skip(-size % BLOCK)
    return content


def _extend(said: _Said, kind: bytes, content: bytes) -> None:
    if kind == _LONG_NAME:
        said.name = content.split(b"\0", 1)[0]
    elif kind in (_PAX, _PAX_OF_ALL):
        for key, value in _records(content):
            _extend_by(said, kind, key, value)


def _extend_by(said: _Said, kind: bytes, key: bytes, value: bytes) -> None:
    if key.startswith(b"GNU.sparse"):
        raise unsafe("a file with holes")
    if key not in (b"path", b"size"):
        return
    if kind == _PAX_OF_ALL:
        raise unsafe("one name or size for all files")
    if key == b"path":
        said.name = value
    elif value.isdigit() and len(value) < 20:
        said.size_bytes = int(value)
    else:
        raise _bad("a damaged header")


def _records(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield key and value of each record, ``length key=value`` and a line feed."""
    position = 0
    while position < len(content):
        digits, space, _ = content[position : position + 12].partition(b" ")
        length = int(digits) if space and digits.isdigit() else 0
        record = content[position : position + length]
        key, equals, value = record[len(digits) + 1 : -1].partition(b"=")
        if length < 5 or len(record) < length or record[-1:] != b"\n" or not equals:
            raise _bad("a damaged header")
        yield key, value
        position += length


def _bad(found: str) -> ImageError:
    return bad(found, "tar")


def _cut_off() -> ImageError:
    return _bad("no end (it was cut off)")
