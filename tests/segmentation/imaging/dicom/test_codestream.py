"""Compressed pixels keep their image data and lose every comment."""

import struct

import pytest

from segmentation.imaging.dicom.codestream import without_text
from segmentation.imaging.errors import FailureCode, ImageError

SECRET = b"Doe^Jane"


def segment(code: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, code, len(content) + 2) + content


# Entropy-coded data: an FF inside is followed by a zero, so the first FF D9 is the end.
SCAN = segment(0xDA, b"\x01\x01\x11\0\0\0") + b"\x12\xff\x00\x34"
JPEG = b"\xff\xd8" + segment(0xC3, bytes(9)) + segment(0xC4, bytes(20)) + SCAN + b"\xff\xd9"
TILE = segment(0x90, struct.pack(">HIBB", 0, 18, 0, 1)) + b"\xff\x93\x01\x02\x03\x04"
JPEG_2000 = b"\xff\x4f" + segment(0x51, bytes(39)) + TILE + b"\xff\xd9"


@pytest.mark.parametrize(
    ("stream", "code"), [(JPEG, 0xFE), (JPEG, 0xE1), (JPEG, 0xEF), (JPEG_2000, 0x64)]
)
def test_comments_and_what_follows_the_end_are_taken_out(stream: bytes, code: int) -> None:
    planted = stream[:2] + segment(code, SECRET) + stream[2:] + SECRET
    assert without_text(planted) == stream


@pytest.mark.parametrize("stream", [JPEG, JPEG_2000])
def test_a_stream_without_comments_stays_as_it_is(stream: bytes) -> None:
    assert without_text(stream) == stream


@pytest.mark.parametrize("stream", [JPEG, JPEG_2000])
def test_every_cut_off_stream_is_refused(stream: bytes) -> None:
    for length in range(len(stream)):
        with pytest.raises(ImageError) as caught:
            without_text(stream[:length])
        assert caught.value.code == FailureCode.BAD_DICOM


@pytest.mark.parametrize("stream", [b"", b"GIF89a", SECRET, b"\xff\xd8" + SECRET])
def test_what_is_no_stream_is_refused(stream: bytes) -> None:
    with pytest.raises(ImageError, match="broken code stream"):
        without_text(stream)
