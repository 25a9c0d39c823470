"""Write a zip archive that holds nothing but its files: no times, no owners.

`zipfile` compresses with zlib alone; the archive is otherwise the one that it writes.

References
----------
.. [1] PKWARE. APPNOTE.TXT, .ZIP File Format Specification, version 6.3.10. 2022.
"""

import struct
import zlib
from collections.abc import Iterable
from pathlib import Path

from segmentation.imaging.deflate import deflated

MOST_BYTES = 2**32 - 1
MOST_FILES = 2**16 - 1

_VERSION, _UNIX, _DEFLATED = 20, 3, 8
_DATE = 1 << 5 | 1
"""The first of January 1980, the earliest that the format knows."""
_OWNER_ONLY = 0o600 << 16
_ENTRY = struct.Struct("<5H3I2H")
"""What the header of a file and its line in the directory share."""
_END = struct.Struct("<4s4H2IH")


def write_zip(files: Iterable[tuple[str, bytes]], target: Path) -> Path:
    """Write named files in the order given; the same files give the same bytes.

    Parameters
    ----------
    files : iterable of (str, bytes)
        Name, in ASCII, and content.

    Raises
    ------
    ValueError
        For more than the format holds without its extension: 65,535 files or 4 GiB.
    """
    directory: list[bytes] = []
    with target.open("wb") as archive:
        for name, content in files:
            packed, offset = deflated(content), archive.tell()
            if offset + len(packed) > MOST_BYTES or len(directory) == MOST_FILES:
                raise ValueError("More than a zip archive without extensions can hold.")
            sizes = zlib.crc32(content), len(packed), len(content)
            entry = _ENTRY.pack(_VERSION, 0, _DEFLATED, 0, _DATE, *sizes, len(name), 0)
            path = name.encode("ascii")
            archive.write(b"PK\x03\x04" + entry + path)
            archive.write(packed)
            directory.append(
                b"PK\x01\x02" + bytes((_VERSION, _UNIX)) + entry
                + struct.pack("<3H2I", 0, 0, 0, _OWNER_ONLY, offset) + path
            )  # fmt: skip
        start = archive.tell()
        archive.writelines(directory)
        size, count = archive.tell() - start, len(directory)
        archive.write(_END.pack(b"PK\x05\x06", 0, 0, count, count, size, start, 0))
    return target
