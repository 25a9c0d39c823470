"""An enhanced object gives the same volumes as its classic images, or a refusal that says why."""

import io
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import Dataset

from segmentation.imaging.dicom import pixels
from segmentation.imaging.dicom.frames import unfold
from segmentation.imaging.dicom.intake import (
    ConvertedSeries,
    DeidentificationKey,
    RefusedSeries,
    TrialIdentity,
    read_series,
)
from segmentation.imaging.errors import FailureCode, ImageError
from tests.support.dicom import (
    COLUMNS,
    ROWS,
    T2W,
    compressed,
    files_below,
    make_enhanced,
    make_series,
    write_series,
)

KEY = DeidentificationKey(b"k" * 32)
IDENTITY = TrialIdentity("STUDY", "S01", "MLD-S01-0001", "Baseline")
SLICES = 10


def read(images: list[Dataset], folder: Path) -> list[ConvertedSeries | RefusedSeries]:
    files = write_series(images, folder / "in")
    return read_series(files, into=folder / "out", key=KEY, identity=IDENTITY)


def converted(images: list[Dataset], folder: Path) -> list[ConvertedSeries]:
    results = read(images, folder)
    assert all(isinstance(result, ConvertedSeries) for result in results), results
    return results  # type: ignore[return-value]


def refusal(enhanced: Dataset, folder: Path) -> RefusedSeries:
    (result,) = read([enhanced], folder)
    assert isinstance(result, RefusedSeries)
    assert result.message.endswith(".")
    assert not any(word in result.message for word in ("Doe", "MRN-", "Traceback"))
    return result


def series(**options: object) -> list[Dataset]:
    return make_series(slices=SLICES, **options)


def another(images: list[Dataset], **attributes: object) -> list[Dataset]:
    """Return a second volume at the places of the first."""
    found = series()
    for image, first in zip(found, images, strict=True):
        for keyword in ("ScanningSequence", "RepetitionTime"):
            setattr(image, keyword, first[keyword].value)
        for keyword, value in attributes.items():
            setattr(image, keyword, value)
        image.PixelData = bytes(reversed(first.PixelData))
        pixels_ = np.frombuffer(image.PixelData, "<u2") & 0x0FFF
        image.PixelData = pixels_.astype("<u2").tobytes()
    return found


def voxels(result: ConvertedSeries) -> tuple[np.ndarray, np.ndarray]:
    image = nibabel.load(result.nifti)
    return image.get_fdata(), image.affine


@pytest.mark.parametrize("encode", [lambda enhanced: enhanced, compressed], ids=["plain", "rle"])
def test_an_enhanced_object_is_the_volume_of_its_classic_images(
    encode: Callable[[Dataset], Dataset], tmp_path: Path
) -> None:
    images = series(attributes={"RescaleSlope": 2.5, "RescaleIntercept": 3})
    (classic,) = converted(images, tmp_path / "classic")
    (found,) = converted([encode(make_enhanced(images))], tmp_path / "enhanced")
    for one, other in zip(voxels(found), voxels(classic), strict=True):
        assert np.array_equal(one, other)
    assert (found.sequence, found.reason) == (classic.sequence, classic.reason)
    assert (
        found.acquisition.items()
        >= {
            name: value for name, value in classic.acquisition.items() if name != "SequenceVariant"
        }.items()
    )
    assert found.acquired_on == classic.acquired_on


def test_a_spin_echo_object_is_recognised_as_t2w(tmp_path: Path) -> None:
    images = series(attributes={**T2W, "InversionTime": None})
    (found,) = converted([make_enhanced(images)], tmp_path)
    assert found.sequence == "T2w"


def test_a_fluid_attenuated_object_is_recognised_as_flair(tmp_path: Path) -> None:
    flair = {"RepetitionTime": 9000, "EchoTime": 120, "InversionTime": 2500}
    (found,) = converted([make_enhanced(series(attributes={**T2W, **flair}))], tmp_path)
    assert found.sequence == "FLAIR"


def test_two_echoes_of_one_object_are_two_volumes_and_never_mixed(tmp_path: Path) -> None:
    late = series(attributes={**T2W, "InversionTime": None})
    early = another(late, EchoTime=12)
    found = converted([make_enhanced(late, early)], tmp_path / "enhanced")
    assert [result.sequence for result in found] == ["T2w", "other"]
    for result, images in zip(found, (late, early), strict=True):
        (classic,) = converted(images, tmp_path / result.sequence)
        assert np.array_equal(voxels(result)[0], voxels(classic)[0])


def test_magnitude_and_phase_of_one_object_are_two_volumes(tmp_path: Path) -> None:
    magnitude = series()
    phase = another(magnitude, ImageType=["ORIGINAL", "PRIMARY", "P", "ND"])
    found = converted([make_enhanced(magnitude, phase)], tmp_path)
    assert [result.sequence for result in found] == ["T1w", "other"]
    assert "phase" in found[1].reason


def test_time_points_of_one_object_are_volumes_of_their_own(tmp_path: Path) -> None:
    first = series()
    enhanced = make_enhanced(first, another(first))
    for index, frame in enumerate(enhanced.PerFrameFunctionalGroupsSequence):
        frame.FrameContentSequence[0].TemporalPositionIndex = index % 2 + 1
    one, two = converted([enhanced], tmp_path)
    assert one.facts.shape == two.facts.shape == (COLUMNS, ROWS, SLICES)
    assert not np.array_equal(voxels(one)[0], voxels(two)[0])


def test_frames_that_nothing_sets_apart_are_refused(tmp_path: Path) -> None:
    first = series()
    refused = refusal(make_enhanced(first, another(first)), tmp_path)
    assert refused.code == FailureCode.DUPLICATE_SLICES


def test_a_film_of_many_volumes_is_refused_by_name(tmp_path: Path) -> None:
    first = series()
    enhanced = make_enhanced(*[first] * 17)
    for index, frame in enumerate(enhanced.PerFrameFunctionalGroupsSequence):
        frame.FrameContentSequence[0].TemporalPositionIndex = index % 17 + 1
    refused = refusal(enhanced, tmp_path)
    assert refused.code == FailureCode.UNSUPPORTED_DICOM
    assert "17 volumes" in refused.message


def test_a_refused_object_leaves_the_rest_of_the_upload(tmp_path: Path) -> None:
    bad = make_enhanced(series())
    bad.NumberOfFrames = 3
    results = read([bad, *series()], tmp_path)
    assert {type(result) for result in results} == {ConvertedSeries, RefusedSeries}


def frame_of(enhanced: Dataset, index: int = 4) -> Dataset:
    frame: Dataset = enhanced.PerFrameFunctionalGroupsSequence[index]
    return frame


def without(keyword: str) -> Callable[[Dataset], None]:
    def change(enhanced: Dataset) -> None:
        delattr(enhanced, keyword)

    return change


def lose_an_end(enhanced: Dataset) -> None:
    size = enhanced.Rows * enhanced.Columns * 2
    del enhanced.PerFrameFunctionalGroupsSequence[0]
    enhanced.NumberOfFrames, enhanced.PixelData = SLICES - 1, enhanced.PixelData[size:]


def contradict_the_echo(enhanced: Dataset) -> None:
    other = Dataset()
    other.EffectiveEchoTime = 77.0
    enhanced.SharedFunctionalGroupsSequence[0].MREchoSequence = [other]


def differ_in_repetition(enhanced: Dataset) -> None:
    timing = Dataset()
    timing.RepetitionTime = 900
    del enhanced.SharedFunctionalGroupsSequence[0].MRTimingAndRelatedParametersSequence
    frame_of(enhanced).MRTimingAndRelatedParametersSequence = [timing]


def invert_twice(enhanced: Dataset) -> None:
    enhanced.SharedFunctionalGroupsSequence[0].MRModifierSequence[0].InversionTimes = [2500.0, 450]


def lose_the_inversion_time(enhanced: Dataset) -> None:
    enhanced.SharedFunctionalGroupsSequence[0].MRModifierSequence[0].InversionTimes = 0.0


def double_an_index(enhanced: Dataset) -> None:
    frame_of(enhanced).FrameContentSequence[0].DimensionIndexValues = [1, 1]


FAULTS: list[tuple[Callable[[Dataset], object], FailureCode]] = [
    (without("PerFrameFunctionalGroupsSequence"), FailureCode.UNSUPPORTED_DICOM),
    (without("SharedFunctionalGroupsSequence"), FailureCode.BAD_DICOM),
    (without("NumberOfFrames"), FailureCode.BAD_DICOM),
    (without("Rows"), FailureCode.BAD_DICOM),
    (lambda e: setattr(e, "NumberOfFrames", SLICES + 1), FailureCode.BAD_DICOM),
    (lambda e: setattr(e, "NumberOfFrames", -1), FailureCode.BAD_DICOM),
    (lambda e: setattr(e, "PixelData", e.PixelData[:-2]), FailureCode.TRUNCATED),
    (lambda e: setattr(e, "PixelData", e.PixelData + b"Doe^Jane"), FailureCode.TRAILING_DATA),
    (lambda e: delattr(frame_of(e), "PlanePositionSequence"), FailureCode.BAD_DICOM),
    (lambda e: frame_of(e).PlanePositionSequence.append(Dataset()), FailureCode.BAD_DICOM),
    (lambda e: delattr(frame_of(e), "FrameContentSequence"), FailureCode.BAD_DICOM),
    (lambda e: setattr(e, "InConcatenationTotalNumber", 2), FailureCode.UNSUPPORTED_DICOM),
    (lambda e: setattr(e, "ImageType", ["DERIVED", "PRIMARY"]), FailureCode.UNSUPPORTED_DICOM),
    (lambda e: setattr(e, "BurnedInAnnotation", "YES"), FailureCode.UNSUPPORTED_DICOM),
    (lose_an_end, FailureCode.MISSING_SLICES),
    (contradict_the_echo, FailureCode.BAD_DICOM),
    (differ_in_repetition, FailureCode.MIXED_SERIES),
    (lose_the_inversion_time, FailureCode.BAD_DICOM),
    (invert_twice, FailureCode.UNSUPPORTED_DICOM),
    (double_an_index, FailureCode.BAD_DICOM),
]


@pytest.mark.parametrize(("change", "code"), FAULTS)
def test_an_object_with_a_fault_is_refused(
    change: Callable[[Dataset], object], code: FailureCode, tmp_path: Path
) -> None:
    enhanced = make_enhanced(series())
    change(enhanced)
    assert refusal(enhanced, tmp_path).code == code


def test_a_size_too_large_is_refused_before_anything_is_expanded() -> None:
    enhanced = compressed(make_enhanced(series()))
    enhanced.Rows = enhanced.Columns = 4096
    enhanced.NumberOfFrames = 40
    with pytest.raises(ImageError) as caught:
        pixels.frame_pixels(enhanced)
    assert caught.value.code == FailureCode.TOO_LARGE


def test_compressed_frames_fewer_than_announced_are_refused(tmp_path: Path) -> None:
    enhanced = compressed(make_enhanced(series()))
    enhanced.NumberOfFrames = SLICES + 1
    enhanced.PerFrameFunctionalGroupsSequence.append(frame_of(make_enhanced(series())))
    assert refusal(enhanced, tmp_path).code == FailureCode.BAD_DICOM


def test_the_same_object_twice_is_one_volume(tmp_path: Path) -> None:
    enhanced = make_enhanced(series())
    assert len(converted([enhanced, enhanced], tmp_path)) == 1


def test_two_objects_of_one_series_stay_apart(tmp_path: Path) -> None:
    one, two = make_enhanced(series()), make_enhanced(series())
    for keyword in ("SeriesInstanceUID", "StudyInstanceUID"):
        setattr(two, keyword, one[keyword].value)
    assert len(converted([one, two], tmp_path)) == 2


def test_no_identifier_of_an_object_is_left(tmp_path: Path) -> None:
    enhanced = make_enhanced(series())
    frame_of(enhanced).FrameContentSequence[0].FrameComments = "Doe^Jane"
    converted([enhanced], tmp_path)
    for value in ("Doe", "MRN-0012345", "20180304", str(enhanced.SOPInstanceUID)):
        left = [
            content for _, content in files_below(tmp_path / "out") if value.encode() in content
        ]
        assert left == []


@pytest.mark.filterwarnings("ignore:The value length")
def test_the_object_is_not_changed_and_images_have_their_own_identifiers() -> None:
    enhanced = make_enhanced(series())
    before = enhanced.to_json()
    (images,) = unfold(enhanced)
    assert enhanced.to_json() == before
    assert len({image.SOPInstanceUID for image in images}) == SLICES
    assert [image.InstanceNumber for image in images] == list(range(1, SLICES + 1))


def content_of(enhanced: Dataset) -> bytes:
    buffer = io.BytesIO()
    enhanced.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


CONTENT = content_of(make_enhanced(series()))
HEADER_BYTES = len(CONTENT) - SLICES * ROWS * COLUMNS * 2


@pytest.mark.filterwarnings("ignore::UserWarning")
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    places=st.lists(st.integers(132, HEADER_BYTES), min_size=1, max_size=4),
    values=st.binary(min_size=4, max_size=4),
)
def test_nothing_but_a_refusal_comes_of_damaged_bytes(places: list[int], values: bytes) -> None:
    broken = bytearray(CONTENT)
    for place, value in zip(places, values, strict=False):
        broken[place] = value
    try:
        enhanced = pydicom.dcmread(io.BytesIO(bytes(broken)), force=True)
    except Exception:  # noqa: BLE001 - the reader has tests of its own
        return
    assert frames_or_refusal(enhanced) in (SLICES, "refused")


def frames_or_refusal(enhanced: Dataset) -> int | str:
    try:
        return sum(len(images) for images in unfold(enhanced))
    except ImageError:
        return "refused"
