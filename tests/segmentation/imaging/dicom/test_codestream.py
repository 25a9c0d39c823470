"""Compressed pixels keep their image data and lose every comment."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom import Dataset
from pydicom.encaps import encapsulate, generate_frames

from segmentation.imaging.dicom.codestream import without_text
from segmentation.imaging.dicom.intake import (
    ConvertedSeries,
    DeidentificationKey,
    RefusedSeries,
    TrialIdentity,
    read_series,
)
from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.nifti import read_volume
from tests.support.dicom import changed, files_below, make_series, write_series

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


def to_jpeg_2000(_index: int, image: Dataset) -> None:
    buffer = io.BytesIO()
    picture = Image.fromarray(image.pixel_array.astype(np.uint16))
    picture.save(buffer, "JPEG2000", irreversible=False, no_jp2=True, num_resolutions=3)
    image.PixelData = encapsulate([buffer.getvalue()])
    image["PixelData"].VR, image["PixelData"].is_undefined_length = "OB", True
    image.BitsStored, image.HighBit = 16, 15
    image.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.90"


def test_lossless_jpeg_2000_gives_the_same_voxels_and_loses_its_comment(tmp_path: Path) -> None:
    volumes = []
    plain = make_series(slices=10)
    packed = changed(make_series(slices=10), to_jpeg_2000)
    for name, images in (("plain", plain), ("packed", packed)):
        (result,) = read_series(
            write_series(images, tmp_path / name / "in"),
            into=tmp_path / name / "out",
            key=DeidentificationKey(b"k" * 32),
            identity=TrialIdentity("STUDY", "S01", "MLD-S01-0001", "Baseline"),
        )
        assert isinstance(result, ConvertedSeries)
        volumes.append(read_volume(result.nifti))
    assert np.array_equal(volumes[0].data, volumes[1].data)
    assert np.array_equal(volumes[0].affine, volumes[1].affine)
    comment = b"Created by OpenJPEG"
    assert any(comment in content for _, content in files_below(tmp_path / "packed" / "in"))
    assert not any(comment in content for _, content in files_below(tmp_path / "packed" / "out"))


@pytest.mark.parametrize("apart", [True, False])
def test_a_second_image_in_the_fragments_is_refused_and_not_cut_off(
    apart: bool, tmp_path: Path
) -> None:
    def two(index: int, image: Dataset) -> None:
        to_jpeg_2000(index, image)
        if index == 4:
            (stream,) = generate_frames(image.PixelData, number_of_frames=1)
            both = [stream, stream] if apart else [stream + stream]
            image.PixelData = encapsulate(both, has_bot=False)

    (result,) = read_series(
        write_series(changed(make_series(slices=10), two), tmp_path / "in"),
        into=tmp_path / "out",
        key=DeidentificationKey(b"k" * 32),
        identity=TrialIdentity("STUDY", "S01", "MLD-S01-0001", "Baseline"),
    )
    assert isinstance(result, RefusedSeries)
    told = "found 2 compressed images where 1 frames" if apart else "found a broken code stream"
    assert told in result.message
