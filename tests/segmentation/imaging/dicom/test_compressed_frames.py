"""A compressed enhanced object gives the voxels of the plain one, however its frames are laid."""

import copy
import itertools
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom import Dataset
from pydicom.encaps import encapsulate, generate_frames

from segmentation.imaging.dicom.frames import unfold
from segmentation.imaging.dicom.intake import (
    ConvertedSeries,
    DeidentificationKey,
    RefusedSeries,
    TrialIdentity,
    read_series,
)
from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.nifti import Volume, read_volume
from tests.support.compressed import ENCODERS, PIXEL_DATA, encoded_frames, packed
from tests.support.dicom import make_enhanced, make_series

SLICES = 10
LAYOUTS = ("bare", "basic", "bare_fragments", "basic_fragments", "extended")
KEY = DeidentificationKey(b"k" * 32)
IDENTITY = TrialIdentity("STUDY", "S01", "MLD-S01-0001", "Baseline")
PHILIPS = "dicom_small_multivendor_dicom2nifti_mit/philips_enhanced/001"


@pytest.fixture(scope="module")
def plain() -> Dataset:
    return make_enhanced(make_series(slices=SLICES))


def result_of(enhanced: Dataset, folder: Path) -> ConvertedSeries | RefusedSeries:
    folder.mkdir(parents=True, exist_ok=True)
    enhanced.save_as(folder / "image", enforce_file_format=True)
    (result,) = read_series([folder / "image"], into=folder / "out", key=KEY, identity=IDENTITY)
    return result


def volume_of(enhanced: Dataset, folder: Path) -> Volume:
    result = result_of(enhanced, folder)
    assert isinstance(result, ConvertedSeries), result
    return read_volume(result.nifti)


def stream_of(image: Dataset) -> bytes:
    (stream,) = generate_frames(image.PixelData, number_of_frames=1)
    return stream.rstrip(b"\0")


@pytest.mark.filterwarnings("ignore:The value length")
@pytest.mark.parametrize(
    ("coding", "layout"),
    [
        pair
        for pair in itertools.product(ENCODERS, LAYOUTS)
        if pair[0] != "rle" or not pair[1].endswith("_fragments")
    ],
)
def test_every_frame_keeps_its_own_stream_however_the_fragments_are_laid(
    coding: str, layout: str, plain: Dataset, tmp_path: Path
) -> None:
    streams = encoded_frames(plain, coding, tmp_path)
    (images,) = unfold(packed(copy.deepcopy(plain), coding, layout, tmp_path))
    assert [stream_of(image) for image in images] == [stream.rstrip(b"\0") for stream in streams]


@pytest.mark.parametrize(
    ("coding", "layout"),
    [
        ("rle", "extended"), ("jpeg", "bare_fragments"), ("jpeg_sv1", "basic_fragments"),
        ("jpeg_ls", "basic"), ("jpeg_ls", "bare_fragments"), ("jpeg_2000", "extended"),
        ("jpeg_2000", "basic_fragments"),
    ],
)  # fmt: skip
def test_compressed_frames_are_the_voxels_of_the_plain_object(
    coding: str, layout: str, plain: Dataset, tmp_path: Path
) -> None:
    expected = volume_of(copy.deepcopy(plain), tmp_path / "plain")
    found = volume_of(packed(copy.deepcopy(plain), coding, layout, tmp_path), tmp_path / "packed")
    assert np.array_equal(found.data, expected.data)
    assert np.array_equal(found.affine, expected.affine)


@pytest.mark.parametrize("coding", ["jpeg_sv1", "jpeg_2000"])
def test_a_real_enhanced_object_keeps_its_voxels_when_compressed(
    coding: str, test_data: Path, tmp_path: Path
) -> None:
    (path,) = (test_data / PHILIPS).iterdir()
    expected = volume_of(pydicom.dcmread(path), tmp_path / "plain")
    enhanced = packed(pydicom.dcmread(path), coding, "bare_fragments", tmp_path)
    found = volume_of(enhanced, tmp_path / "packed")
    assert np.array_equal(found.data, expected.data)
    assert np.array_equal(found.affine, expected.affine)


def one_stream_more(enhanced: Dataset, streams: list[bytes]) -> None:
    """Hide a second image in the fragments of the last frame; only the table tells the frames."""
    content = encapsulate([*streams, streams[0]], has_bot=True)
    (length,) = struct.unpack_from("<I", content, 4)
    shorter = content[8 : 8 + length - 4]
    enhanced[PIXEL_DATA].value = (
        content[:4] + struct.pack("<I", length - 4) + shorter + content[8 + length :]
    )


def one_stream_less(enhanced: Dataset, streams: list[bytes]) -> None:
    enhanced[PIXEL_DATA].value = encapsulate(streams[:-1], fragments_per_frame=2, has_bot=False)


def a_stream_in_two_frames(enhanced: Dataset, streams: list[bytes]) -> None:
    """Give the first stream in two fragments, and leave one frame out: as many as announced."""
    half = len(streams[0]) // 4 * 2
    parts = [streams[0][:half], streams[0][half:], *streams[1:-1]]
    enhanced[PIXEL_DATA].value = encapsulate(parts, has_bot=False)


def test_a_frame_in_two_fragments_and_one_left_out_is_refused(
    plain: Dataset, tmp_path: Path
) -> None:
    enhanced = packed(copy.deepcopy(plain), "jpeg_ls", "bare", tmp_path)
    a_stream_in_two_frames(enhanced, encoded_frames(plain, "jpeg_ls", tmp_path))
    with pytest.raises(ImageError, match="9 compressed images where 10 frames are announced"):
        unfold(enhanced)


def a_table_that_points_elsewhere(enhanced: Dataset, streams: list[bytes]) -> None:
    content = bytearray(encapsulate(streams, has_bot=True))
    content[12:16] = struct.pack("<I", 2)
    enhanced[PIXEL_DATA].value = bytes(content)


def an_extended_table_in_another_order(enhanced: Dataset, streams: list[bytes]) -> None:
    enhanced[PIXEL_DATA].value = encapsulate(streams, has_bot=False)
    enhanced.ExtendedOffsetTable = struct.pack(f"<{SLICES}Q", *reversed(range(SLICES)))


def an_extended_table_cut_off(enhanced: Dataset, streams: list[bytes]) -> None:
    enhanced[PIXEL_DATA].value = encapsulate(streams, has_bot=False)
    enhanced.ExtendedOffsetTable = b"\0" * 12


@pytest.mark.filterwarnings("ignore:The value length")
@pytest.mark.parametrize("coding", ["rle", "jpeg_ls", "jpeg_2000"])
@pytest.mark.parametrize(
    "change",
    [
        one_stream_more, one_stream_less, a_table_that_points_elsewhere,
        an_extended_table_in_another_order, an_extended_table_cut_off,
    ],
)  # fmt: skip
def test_frames_and_tables_that_contradict_each_other_are_refused(
    change: Callable[[Dataset, list[bytes]], None], coding: str, plain: Dataset, tmp_path: Path
) -> None:
    streams = encoded_frames(plain, coding, tmp_path)
    enhanced = packed(copy.deepcopy(plain), coding, "basic", tmp_path)
    change(enhanced, streams)
    with pytest.raises(ImageError) as caught:
        unfold(enhanced)
    assert caught.value.code == FailureCode.BAD_DICOM
    assert caught.value.message.endswith("Export the series uncompressed.")


def test_a_frame_of_rle_in_two_fragments_is_refused(plain: Dataset, tmp_path: Path) -> None:
    enhanced = packed(copy.deepcopy(plain), "rle", "bare", tmp_path)
    a_stream_in_two_frames(enhanced, encoded_frames(plain, "rle", tmp_path))
    refused = result_of(enhanced, tmp_path)
    assert isinstance(refused, RefusedSeries)
    assert refused.code == FailureCode.BAD_DICOM
