"""A series with a hole, a double or a stranger in it is refused, with a sentence that says so."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset

from segmentation.imaging.dicom.intake import (
    ConvertedSeries,
    DeidentificationKey,
    RefusedSeries,
    TrialIdentity,
    read_series,
)
from segmentation.imaging.errors import FailureCode
from tests.support.dicom import (
    COLUMNS,
    ROWS,
    SLICES,
    T2W,
    changed,
    make_series,
    write_series,
)

KEY = DeidentificationKey(b"k" * 32)
IDENTITY = TrialIdentity("STUDY", "S01", "MLD-S01-0001", "Baseline")


def read(images: list[Dataset], folder: Path) -> list[ConvertedSeries | RefusedSeries]:
    files = write_series(images, folder / "in")
    return read_series(files, into=folder / "out", key=KEY, identity=IDENTITY)


def refusal(images: list[Dataset], folder: Path) -> RefusedSeries:
    (result,) = read(images, folder)
    assert isinstance(result, RefusedSeries)
    assert list((folder / "out").iterdir()) == []
    return result


def test_a_sound_series_becomes_one_volume(tmp_path: Path) -> None:
    (result,) = read(make_series(), tmp_path)
    assert isinstance(result, ConvertedSeries)
    assert result.facts.shape == (COLUMNS, ROWS, SLICES)
    assert result.facts.voxel_size_mm == pytest.approx((2, 2, 2))
    assert (result.sequence, result.acq_stratum) == ("T1w", "2D")


def test_two_series_of_one_upload_stay_apart(tmp_path: Path) -> None:
    second = make_series(attributes={**T2W, "InversionTime": None})
    results = read([*make_series(), *second], tmp_path)
    assert {result.sequence for result in results} == {"T1w", "T2w"}


def test_two_echoes_of_one_series_become_two_volumes(tmp_path: Path) -> None:
    attributes = {**T2W, "InversionTime": None}
    late, early = make_series(attributes=attributes), make_series(attributes=attributes)

    def of_the_same_series(index: int, image: Dataset) -> None:
        for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID"):
            setattr(image, keyword, late[0][keyword].value)
        image.EchoTime, image.InstanceNumber = 12, SLICES + index + 1

    results = read([*late, *changed(early, of_the_same_series)], tmp_path)
    assert {result.sequence for result in results} == {"T2w", "other"}


@pytest.mark.parametrize("missing", [0, 1, 15, 30])
def test_one_missing_slice_is_refused(missing: int, tmp_path: Path) -> None:
    images = make_series()
    del images[missing]
    result = refusal(images, tmp_path)
    assert result.code == FailureCode.MISSING_SLICES
    assert "missing" in result.message
    assert result.n_files == SLICES - 1


def test_a_slice_that_is_missing_in_position_alone_is_refused(tmp_path: Path) -> None:
    def renumber(index: int, image: Dataset) -> None:
        image.InstanceNumber = index + 1

    images = make_series()
    del images[10]
    result = refusal(changed(images, renumber), tmp_path)
    assert result.code == FailureCode.MISSING_SLICES
    assert "1 slice(s) are missing after slice 10" in result.message
    assert "4.00 mm" in result.message


def test_a_copy_of_an_image_is_dropped(tmp_path: Path) -> None:
    images = make_series()
    (result,) = read([*images, images[3]], tmp_path)
    assert isinstance(result, ConvertedSeries)
    assert result.facts.shape == (COLUMNS, ROWS, SLICES)


def test_an_upload_of_two_equal_folders_is_one_volume(tmp_path: Path) -> None:
    images = make_series()
    files = [*write_series(images, tmp_path / "a"), *write_series(images, tmp_path / "b")]
    (result,) = read_series(files, into=tmp_path / "out", key=KEY, identity=IDENTITY)
    assert isinstance(result, ConvertedSeries)
    assert len(list((tmp_path / "out" / "series000" / "dicom").iterdir())) == SLICES


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("PixelData", bytes(ROWS * COLUMNS * 2)),
        ("ImagePositionPatient", [-20, -24, 8.5]),
        ("RescaleSlope", 3),
        ("PixelRepresentation", 1),
    ],
)
def test_another_image_with_the_same_identifier_is_refused(
    keyword: str, value: Any, tmp_path: Path
) -> None:
    images = make_series()
    other = deepcopy(images[3])
    setattr(other, keyword, value)
    refused = refusal([*images, other], tmp_path)
    assert refused.code == FailureCode.DUPLICATE_SLICES
    assert "SOPInstanceUID" in refused.message


def test_two_images_at_one_position_are_refused(tmp_path: Path) -> None:
    images = make_series()
    images[4].ImagePositionPatient = images[5].ImagePositionPatient
    assert refusal(images, tmp_path).code == FailureCode.DUPLICATE_SLICES


def test_a_slice_of_another_patient_is_refused(tmp_path: Path) -> None:
    images = make_series()
    images[4].PatientID = "SOMEONE-ELSE"
    refused = refusal(images, tmp_path)
    assert refused.code == FailureCode.MIXED_SERIES
    assert "one person and one session" in refused.message
    assert "SOMEONE" not in refused.message


def test_an_echo_of_another_patient_under_the_same_series_is_refused(tmp_path: Path) -> None:
    first, second = make_series(slices=10), make_series(slices=10, patient="Roe^Richard")

    def of_the_same_series(_index: int, image: Dataset) -> None:
        for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID"):
            setattr(image, keyword, first[0][keyword].value)
        image.EchoTime = 12

    results = read([*first, *changed(second, of_the_same_series)], tmp_path)
    assert {type(result) for result in results} == {RefusedSeries}
    assert {result.code for result in results} == {FailureCode.MIXED_SERIES}


def test_two_patients_and_two_sessions_of_one_upload_stay_apart(tmp_path: Path) -> None:
    series = [
        make_series(slices=10, study_date="20230405"),
        make_series(slices=10, study_date="20240406"),
        make_series(slices=10, patient="Roe^Richard", patient_id="MRN-2"),
    ]
    results = read([image for images in zip(*series, strict=True) for image in images], tmp_path)
    assert all(isinstance(result, ConvertedSeries) for result in results)
    headers = [result.header for result in results if isinstance(result, ConvertedSeries)]
    assert len({header.session for header in headers}) == 3
    assert len({header.person for header in headers}) == 2
    assert [r.facts.shape for r in results if isinstance(r, ConvertedSeries)] == [
        (COLUMNS, ROWS, 10)
    ] * 3


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("ImageOrientationPatient", [0, 1, 0, -1, 0, 0]),
        ("PixelSpacing", [2, 2.2]),
        ("FrameOfReferenceUID", "1.2.3.4"),
        ("RescaleSlope", 3),
        ("ImagePositionPatient", [5, -24, 8]),
    ],
)
def test_a_slice_unlike_the_others_is_refused(keyword: str, value: Any, tmp_path: Path) -> None:
    images = make_series()
    setattr(images[4], keyword, value)
    assert refusal(images, tmp_path).code == FailureCode.MIXED_SERIES


def test_a_slice_of_another_size_is_refused(tmp_path: Path) -> None:
    images = make_series()
    images[4].Rows, images[4].PixelData = ROWS - 2, images[4].PixelData[: (ROWS - 2) * COLUMNS * 2]
    assert refusal(images, tmp_path).code == FailureCode.MIXED_SERIES


@pytest.mark.parametrize(("jitter_mm", "accepted"), [(0.09, True), (0.11, False)])
def test_spacing_may_jitter_by_a_tenth_of_a_millimetre(
    jitter_mm: float, accepted: bool, tmp_path: Path
) -> None:
    images = make_series()
    images[-1].ImagePositionPatient = [-20, -24, (SLICES - 1) * 2 + jitter_mm]
    (result,) = read(images, tmp_path)
    assert isinstance(result, ConvertedSeries) == accepted


def test_a_series_of_few_slices_is_refused(tmp_path: Path) -> None:
    assert refusal(make_series(slices=4), tmp_path).code == FailureCode.MISSING_SLICES
