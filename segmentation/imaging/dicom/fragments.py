"""Whether the fragments of compressed frames and the tables that point at them agree (PS3.5 A.4).

A frame of the JPEG family may come in several fragments, a frame of RLE in one. Tables of offsets
are optional; one that is there must say what the fragments say, or it is unknown which is right.
"""

import struct
from io import BytesIO
from typing import Any

from pydicom import Dataset
from pydicom.encaps import parse_basic_offsets, parse_fragments

from segmentation.imaging.dicom.reading import NATIVE, PARSE_ERRORS, RLE, syntax_of
from segmentation.imaging.errors import FailureCode, ImageError

ITEM_HEADER_BYTES = 8
STARTS = (b"\xff\xd8\xff", b"\xff\x4f\xff")
"""How an image in JPEG and JPEG-LS, and one in JPEG 2000, begins."""


def check_fragments(original: Dataset) -> None:
    """Refuse compressed frames that are not as many as announced, or not where tables say.

    Parameters
    ----------
    original : pydicom.Dataset
        One image or a multi-frame object, its pixel data still encoded.

    Raises
    ------
    ImageError
        BAD_DICOM if the fragments hold more or fewer images than the object has frames, or a basic
        or extended offset table points elsewhere than at the first fragment of each.
    """
    syntax, content = syntax_of(original), original.get("PixelData")
    if syntax in NATIVE or not isinstance(content, bytes) or not content:
        return
    basic, starts = _tables(content, syntax)
    announced = int(original.get("NumberOfFrames") or 1)
    if len(starts) != announced:
        raise _unsound(f"{len(starts)} compressed images where {announced} frames are announced")
    for table in (basic, _extended(original)):
        if table and table != starts:
            raise _unsound("a table of offsets that contradicts the compressed frames")


def _tables(content: bytes, syntax: str) -> tuple[list[int], list[int]]:
    """Return the basic offset table, and where the first fragment of each image begins."""
    buffer = BytesIO(content)
    try:
        basic = parse_basic_offsets(buffer)
        first = buffer.tell()
        _, fragments = parse_fragments(buffer)
    except PARSE_ERRORS:
        raise _unsound("compressed frames that cannot be taken apart") from None
    return basic, [
        place - first
        for place in fragments
        if syntax == RLE or content.startswith(STARTS, place + ITEM_HEADER_BYTES)
    ]


def _extended(original: Dataset) -> list[int]:
    table: Any = original.get("ExtendedOffsetTable") or b""
    if not isinstance(table, bytes) or len(table) % 8:
        raise _unsound("an extended table of offsets that cannot be read")
    return list(struct.unpack(f"<{len(table) // 8}Q", table))


def _unsound(found: str) -> ImageError:
    return ImageError(
        FailureCode.BAD_DICOM,
        f"Expected sound compressed pixels in a DICOM file, found {found}. "
        "Export the series uncompressed.",
    )
