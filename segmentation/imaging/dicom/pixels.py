"""Pixel data: exactly as long as the geometry says, and nothing beside them."""

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydicom import DataElement
from pydicom.encaps import encapsulate, generate_frames
from pydicom.pixels import pixel_array

from segmentation.imaging.dicom.attributes import value_of
from segmentation.imaging.dicom.codestream import without_text
from segmentation.imaging.dicom.fragments import check_fragments
from segmentation.imaging.dicom.reading import (
    JPEG_FAMILY,
    MAX_SIDE,
    NATIVE,
    PARSE_ERRORS,
    PIXEL_DATA,
    RLE,
    syntax_of,
)
from segmentation.imaging.errors import FailureCode, ImageError

EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
MAX_RLE_RATIO = 64
_HEAD = struct.Struct("<HH2sHI")
MAX_OBJECT_BYTES = 2**30
"""Largest uncompressed size that one multi-frame object may announce."""


@dataclass(frozen=True, slots=True)
class CleanPixels:
    """Pixel data as they are kept, and the transfer syntax they are kept in."""

    vr: str
    content: bytes
    syntax: str

    def element(self) -> DataElement:
        """Return the attribute of a data set."""
        element = DataElement(PIXEL_DATA, self.vr, self.content)
        element.is_undefined_length = self.syntax != EXPLICIT_LITTLE_ENDIAN
        return element

    def encoded(self) -> bytes | None:
        """Return plain pixels as they lie in a file; None for compressed ones."""
        if self.syntax != EXPLICIT_LITTLE_ENDIAN:
            return None
        return _HEAD.pack(0x7FE0, 0x0010, self.vr.encode(), 0, len(self.content)) + self.content


def clean_pixels(original: Any) -> CleanPixels:
    """Return the pixel data of an image as they are kept.

    Plain and RLE data are kept plain. Losslessly compressed data stay as they are, without the
    comments and application data that a code stream may carry and without what follows its end.

    Raises
    ------
    ImageError
        TRUNCATED if pixels are missing, TRAILING_DATA if there are more than one image holds,
        BAD_DICOM if the layout is not that of one grey image, or compressed data hold another
        number of images than one.
    """
    expected = _expected_bytes(original)
    content = original.get("PixelData")
    if not isinstance(content, bytes) or not content:
        raise _truncated(0, expected)
    syntax = syntax_of(original)
    if syntax in NATIVE:
        _check_length(len(content), expected)
        return _plain(original, content[:expected])
    # A second image in the fragments would be cut off with what follows the end of the first.
    check_fragments(original)
    frames = _frames(content, 1)
    if syntax == RLE:
        return _plain(original, _from_rle(original, frames[0], expected))
    if syntax not in JPEG_FAMILY:
        raise _bad_layout()
    return CleanPixels("OB", encapsulate([without_text(frames[0])]), syntax)


def frame_pixels(original: Any) -> list[bytes]:
    """Return the pixel data of each frame of a multi-frame object, encoded as they are.

    The size that rows, columns and frames announce is checked before anything is taken apart.

    Raises
    ------
    ImageError
        TOO_LARGE for more than memory should hold, TRUNCATED, TRAILING_DATA or BAD_DICOM if the
        pixel data are not those of as many frames as announced.
    """
    n_bytes, n_frames = _layout(original)
    if n_bytes * n_frames > MAX_OBJECT_BYTES:
        raise ImageError(
            FailureCode.TOO_LARGE,
            f"Expected at most {MAX_OBJECT_BYTES // 2**20} MiB of pixels in one multi-frame "
            "object, found more announced. Export the series as single images.",
        )
    content = original.get("PixelData")
    if not isinstance(content, bytes) or not content:
        raise _truncated(0, n_bytes * n_frames)
    if syntax_of(original) in NATIVE:
        _check_length(len(content), n_bytes * n_frames)
        return [content[n_bytes * index : n_bytes * (index + 1)] for index in range(n_frames)]
    return _frames(content, n_frames)


def _expected_bytes(original: Any) -> int:
    n_bytes, n_frames = _layout(original)
    if n_frames != 1:
        raise _bad_layout()
    return n_bytes


def _layout(original: Any) -> tuple[int, int]:
    """Return the bytes of one plain frame, and the number of frames."""
    try:
        rows, columns = int(value_of(original, "Rows")), int(value_of(original, "Columns"))
        bits = int(value_of(original, "BitsAllocated"))
        samples = int(value_of(original, "SamplesPerPixel", 1))
        frames = int(value_of(original, "NumberOfFrames") or 1)
    except PARSE_ERRORS:
        raise _bad_layout() from None
    if not (0 < rows <= MAX_SIDE and 0 < columns <= MAX_SIDE) or bits not in (8, 16):
        raise _bad_layout()
    if samples != 1 or frames < 1:
        raise _bad_layout()
    return rows * columns * bits // 8, frames


def _check_length(found: int, expected: int) -> None:
    if found < expected:
        raise _truncated(found, expected)
    if found > expected + expected % 2:
        raise ImageError(
            FailureCode.TRAILING_DATA,
            f"Expected {expected} bytes of pixels in a DICOM file, found {found}. "
            "Export the series again.",
        )


def _plain(original: Any, content: bytes) -> CleanPixels:
    """Return plain pixels; bits above those that count are cleared, they may hold an overlay."""
    bits = int(value_of(original, "BitsAllocated"))
    stored = int(value_of(original, "BitsStored", 0) or 0)
    if bits == 16 and 0 < stored < 16 and not _is_signed(original):
        high = int(value_of(original, "HighBit", stored - 1))
        if high == stored - 1:
            content = (np.frombuffer(content, "<u2") & ((1 << stored) - 1)).tobytes()
    content += b"\0" * (len(content) % 2)
    return CleanPixels("OW" if bits == 16 else "OB", content, EXPLICIT_LITTLE_ENDIAN)


def _is_signed(original: Any) -> bool:
    return bool(int(value_of(original, "PixelRepresentation", 0) or 0))


def _frames(content: bytes, expected: int) -> list[bytes]:
    try:
        frames = list(generate_frames(content, number_of_frames=expected))
    except PARSE_ERRORS:
        raise _bad_layout() from None
    if len(frames) != expected:
        raise _bad_layout()
    return frames


def _from_rle(original: Any, frame: bytes, expected: int) -> bytes:
    if expected > MAX_RLE_RATIO * len(frame):
        raise ImageError(
            FailureCode.TOO_LARGE,
            f"Expected RLE data that expand at most {MAX_RLE_RATIO}-fold, found more. "
            "Export the series uncompressed.",
        )
    try:
        pixels = pixel_array(original)
    except (*PARSE_ERRORS, RuntimeError):
        raise _bad_layout() from None
    content: bytes = pixels.astype(pixels.dtype.newbyteorder("<")).tobytes()
    _check_length(len(content), expected)
    return content


def _truncated(found: int, expected: int) -> ImageError:
    return ImageError(
        FailureCode.TRUNCATED,
        f"A DICOM file is cut off: expected {expected} bytes of pixels, found {found}. "
        "Export the series again.",
    )


def _bad_layout() -> ImageError:
    return ImageError(
        FailureCode.BAD_DICOM,
        "Expected one grey image of 8 or 16 bits per DICOM file, at most "
        f"{MAX_SIDE} x {MAX_SIDE}, found another layout. Export the series again.",
    )
