"""Take comments and application data out of JPEG, JPEG-LS and JPEG 2000 code streams.

Both families begin with marker segments: FF, a code, and a length of two bytes that counts itself
(ITU-T T.81 Annex B, T.87 Annex C, T.800 Annex A). Comments and application segments may carry
text; no decoder of grey images needs them.
"""

import struct

from segmentation.imaging.errors import FailureCode, ImageError

JPEG_START, JPEG_2000_START = b"\xff\xd8", b"\xff\x4f"
END = b"\xff\xd9"
JPEG_SCAN, JPEG_2000_TILE = 0xDA, 0x90
JPEG_TEXT = frozenset({0xFE, *range(0xE0, 0xF0)})
JPEG_2000_TEXT = frozenset({0x64})


def without_text(stream: bytes) -> bytes:
    """Return the code stream of one image without comments and without what follows its end.

    Raises
    ------
    ImageError
        BAD_DICOM if the markers do not lead from the start to the end of an image.
    """
    try:
        if stream.startswith(JPEG_START):
            return _jpeg(stream)
        if stream.startswith(JPEG_2000_START):
            return _jpeg_2000(stream)
    except struct.error:
        pass
    raise _broken()


def _jpeg(stream: bytes) -> bytes:
    header, scan = _header(stream, JPEG_SCAN, JPEG_TEXT)
    end = stream.find(END, scan)
    if end < 0:
        raise _broken()
    _refuse_another(stream[end + 2 :], JPEG_START)
    return header + stream[scan : end + 2]


def _jpeg_2000(stream: bytes) -> bytes:
    header, tile = _header(stream, JPEG_2000_TILE, JPEG_2000_TEXT)
    position = tile
    while stream[position : position + 2] == b"\xff\x90":
        (length,) = struct.unpack_from(">I", stream, position + 6)
        if length == 0:  # the last tile part reaches to the end marker
            raise _broken()
        position += length
    if stream[position : position + 2] != END:
        raise _broken()
    _refuse_another(stream[position + 2 :], JPEG_2000_START)
    return header + stream[tile : position + 2]


def _refuse_another(rest: bytes, start: bytes) -> None:
    """Refuse a second image behind the end of the first, which would be lost unseen."""
    if start + b"\xff" in rest:
        raise _broken()


def _header(stream: bytes, last: int, text: frozenset[int]) -> tuple[bytes, int]:
    """Return the kept marker segments before the image data, and where the data begin."""
    kept, position = bytearray(stream[:2]), 2
    while True:
        mark, code, length = struct.unpack_from(">BBH", stream, position)
        if mark != 0xFF:
            raise _broken()
        if code == last:
            return bytes(kept), position
        if code not in text:
            kept += stream[position : position + 2 + length]
        position += 2 + length


def _broken() -> ImageError:
    return ImageError(
        FailureCode.BAD_DICOM,
        "Expected sound compressed pixels in the DICOM files, found a broken code stream. "
        "Export the series uncompressed.",
    )
