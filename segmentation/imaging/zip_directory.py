"""The directory of a zip archive, read and judged before anything is unpacked.

Written against the format itself instead of on top of `zipfile`, which reads a directory of any
length into memory before it can be asked how many entries there are, and which accepted
overlapping entries until Python 3.11.8 (CVE-2024-0450).

References
----------
.. [1] PKWARE. APPNOTE.TXT, .ZIP File Format Specification, version 6.3.10. 2022.
"""

import os
import stat
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

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

MAX_DIRECTORY_BYTES = 32 * 2**20
STORED, DEFLATED = 0, 8

_END = struct.Struct("<4s4H2IH")
_END64 = struct.Struct("<4sQ2H2I4Q")
_LOCATOR64 = struct.Struct("<4sIQI")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_LOCAL = struct.Struct("<4s5H3I2H")
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_UTF8 = 0x800
_ALL_ONES = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class ZipEntry:
    """One file of an archive, by place and size; its name is judged and then forgotten."""

    is_directory: bool
    is_clutter: bool
    method: int
    crc32: int
    stored_bytes: int
    size_bytes: int
    header_offset: int
    data_offset: int

    @property
    def end_offset(self) -> int:
        """Return where the stored bytes end."""
        return self.data_offset + self.stored_bytes


@dataclass(frozen=True, slots=True)
class _End:
    entries: int
    directory_bytes: int
    directory_offset: int
    position: int


def read_directory(file: IO[bytes]) -> list[ZipEntry]:
    """Return the entries of an archive, in the order of its directory.

    Parameters
    ----------
    file : binary file
        The archive, seekable.

    Returns
    -------
    list of ZipEntry
        Empty for an archive without entries.

    Raises
    ------
    ImageError
        BAD_ARCHIVE for an archive that contradicts itself, UNSAFE_ARCHIVE for one that could do
        harm, TOO_LARGE for one beyond the limits.
    """
    end = _read_end(file)
    if end.entries > MAX_ENTRIES:
        raise too_large(f"{end.entries:,} files")
    if end.directory_bytes > MAX_DIRECTORY_BYTES:
        raise unsafe("a directory of more than 32 MB")
    if end.directory_offset + end.directory_bytes != end.position:
        raise _bad("a directory that does not end where its archive says")
    file.seek(end.directory_offset)
    directory = file.read(end.directory_bytes)
    entries = [
        _checked_entry(file, *found, end.directory_offset) for found in _central_entries(directory)
    ]
    if len(entries) != end.entries:
        raise _bad("another number of files than its archive states")
    _check_sizes(entries)
    _check_overlap(entries, end.directory_offset)
    return entries


def _read_end(file: IO[bytes]) -> _End:
    size = file.seek(0, os.SEEK_END)
    tail_start = max(0, size - _END.size - 0xFFFF)
    file.seek(tail_start)
    tail = file.read()
    place = tail.rfind(b"PK\x05\x06")
    while place >= 0:
        # The comment after a true end record reaches exactly to the end of the file.
        if place + _END.size <= len(tail):
            fields = _END.unpack_from(tail, place)
            if place + _END.size + fields[7] == len(tail):
                return _end_of(file, tail_start + place, fields)
        place = tail.rfind(b"PK\x05\x06", 0, place)
    raise _bad("no end (it was cut off, or something follows it)")


def _end_of(file: IO[bytes], position: int, fields: tuple[int, ...]) -> _End:
    _, disk, directory_disk, on_disk, entries, directory_bytes, directory_offset, _ = fields
    end64 = _read_end64(file, position)
    if end64 is not None:
        short = (entries, directory_bytes, directory_offset)
        long = (end64.entries, end64.directory_bytes, end64.directory_offset)
        for stated, true, unset in zip(short, long, (0xFFFF, _ALL_ONES, _ALL_ONES), strict=True):
            if stated not in (true, unset):
                raise _bad("two end records that differ")
        return end64
    if disk or directory_disk or on_disk != entries:
        raise _bad("one part of several")
    return _End(entries, directory_bytes, directory_offset, position)


def _read_end64(file: IO[bytes], end_position: int) -> _End | None:
    if end_position < _LOCATOR64.size:
        return None
    file.seek(end_position - _LOCATOR64.size)
    mark, disk, position, disks = _LOCATOR64.unpack(file.read(_LOCATOR64.size))
    if mark != b"PK\x06\x07":
        return None
    if position + _END64.size > end_position:
        raise _bad("an end record outside of it")
    file.seek(position)
    fields = _END64.unpack(file.read(_END64.size))
    record_end = position + 12 + fields[1]
    if fields[0] != b"PK\x06\x06" or record_end != end_position - _LOCATOR64.size:
        raise _bad("an end record of the wrong length")
    if disk or disks > 1 or fields[4] or fields[5] or fields[6] != fields[7]:
        raise _bad("one part of several")
    return _End(fields[7], fields[8], fields[9], position)


def _central_entries(directory: bytes) -> Iterator[tuple[tuple[int, ...], bytes, bytes]]:
    """Yield the fields, the name and the extra field of each entry of the directory."""
    position = 0
    while position < len(directory):
        if position + _CENTRAL.size > len(directory):
            raise _bad("a directory that is cut off")
        fields = _CENTRAL.unpack_from(directory, position)
        if fields[0] != b"PK\x01\x02":
            raise _bad("a damaged directory")
        name_start = position + _CENTRAL.size
        extra_start = name_start + fields[10]
        comment_start = extra_start + fields[11]
        position = comment_start + fields[12]
        if position > len(directory):
            raise _bad("a directory that is cut off")
        yield fields, directory[name_start:extra_start], directory[extra_start:comment_start]


def _checked_entry(
    file: IO[bytes], fields: tuple[int, ...], raw_name: bytes, extra: bytes, limit: int
) -> ZipEntry:
    flags, method, crc32 = fields[3], fields[4], fields[7]
    name = _checked_name(raw_name, flags)
    _check_kind(flags, method, fields[15] >> 16)
    stored, size, offset = _true_sizes(fields[8], fields[9], fields[16], extra)
    if offset + _LOCAL.size > limit:
        raise _bad("an entry outside of it")
    file.seek(offset)
    local = _LOCAL.unpack(file.read(_LOCAL.size))
    local_name = file.read(local[9])
    if local[0] != b"PK\x03\x04" or local[3] != method or local_name != raw_name:
        raise _bad("a directory that does not fit its entries")
    if local[2] & _ENCRYPTED:
        raise unsafe("encrypted files")
    data_offset = offset + _LOCAL.size + local[9] + local[10]
    is_directory = name.endswith(("/", "\\"))
    if is_directory and size:
        raise _bad("a folder with content of its own")
    return ZipEntry(
        is_directory, is_clutter(name), method, crc32, stored, size, offset, data_offset
    )


def _checked_name(raw_name: bytes, flags: int) -> str:
    name = raw_name.decode("utf-8" if flags & _UTF8 else "cp437", "replace")
    return check_name(name, len(raw_name))


def _check_kind(flags: int, method: int, unix_mode: int) -> None:
    if flags & _ENCRYPTED:
        raise unsafe("encrypted files")
    if method not in (STORED, DEFLATED):
        raise unsafe(f"files compressed by method {method}")
    if stat.S_IFMT(unix_mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise unsafe("a link or a device")


def _true_sizes(stored: int, size: int, offset: int, extra: bytes) -> tuple[int, int, int]:
    """Return the sizes and the offset, taken from the zip64 field where the short ones are full."""
    wanted = [value == _ALL_ONES for value in (size, stored, offset)]
    if not any(wanted):
        return stored, size, offset
    field = _zip64_field(extra)
    if len(field) < 8 * sum(wanted):
        raise _bad("an entry without a size")
    values = iter(struct.unpack_from(f"<{sum(wanted)}Q", field))
    size, stored, offset = (
        next(values) if is_wanted else short
        for is_wanted, short in zip(wanted, (size, stored, offset), strict=True)
    )
    return stored, size, offset


def _zip64_field(extra: bytes) -> bytes:
    position = 0
    while position + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, position)
        if kind == 1:
            return extra[position + 4 : position + 4 + length]
        position += 4 + length
    return b""


def _check_sizes(entries: list[ZipEntry]) -> None:
    total = sum(entry.size_bytes for entry in entries)
    if total > MAX_TOTAL_BYTES:
        raise too_large(f"{total / 2**30:,.1f} GB")
    stored = sum(entry.stored_bytes for entry in entries)
    check_ratio(total, stored)
    for entry in entries:
        check_ratio(entry.size_bytes, entry.stored_bytes)


def _check_overlap(entries: list[ZipEntry], directory_offset: int) -> None:
    previous_end = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        if entry.header_offset < previous_end:
            raise unsafe("files that overlap")
        previous_end = entry.end_offset
    if previous_end > directory_offset:
        raise _bad("an entry that is cut off")


def _bad(found: str) -> ImageError:
    return bad(found, "zip")
