"""Whatever stands in an attribute by which images are grouped, the answer is a series or a refusal.

The attribute is written behind the pixels of a sound file, with any value representation and any
bytes: the reader keeps the last of two, and `pydicom` itself would not write most of these.
"""

import io
import struct
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydicom import Dataset, dcmread
from pydicom.datadict import dictionary_VR, tag_for_keyword

from segmentation.imaging.dicom.series import Series, check_series, group_series, read_images
from segmentation.imaging.errors import FailureCode, ImageError
from tests.support.dicom import make_series

SLICES = 9
KEYWORDS = (
    "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "Rows", "Columns",
    "RescaleSlope", "RescaleIntercept", "InstanceNumber", "EchoTime", "SeriesInstanceUID",
    "StudyInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID", "SOPClassUID", "PatientID",
    "PatientName", "PatientBirthDate", "NumberOfFrames", "SliceThickness", "ImageType",
    "SpecificCharacterSet", "PixelData",
)  # fmt: skip
LONG = {"OB", "OW", "SQ", "UN", "UT"}
REPRESENTATIONS = ("DS", "IS", "UI", "LO", "PN", "US", "SS", "FD", "FL", "AT", "CS", *sorted(LONG))


def saved(image: Dataset) -> bytes:
    buffer = io.BytesIO()
    image.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


SEEDS = [saved(image) for image in make_series(slices=SLICES)]


def element(keyword: str, representation: str, value: bytes) -> bytes:
    tag = tag_for_keyword(keyword)
    assert tag is not None
    start = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, representation.encode())
    form = "<HI" if representation in LONG else "<H"
    lengths = (0, len(value)) if representation in LONG else (len(value),)
    return start + struct.pack(form, *lengths) + value


def without(content: bytes, keyword: str) -> bytes:
    image = dcmread(io.BytesIO(content))
    if keyword in image:
        del image[keyword]
    return saved(image)


def even(value: bytes) -> bytes:
    return value + b" " * (len(value) % 2)


NUMBERS = st.one_of(
    st.sampled_from(
        ["", "0", "-0", "1", "-1", "1e308", "-1e308", "1e-320", "1e400", "nan", "inf", "-inf"]
    ),
    st.sampled_from(["9" * 40, "9" * 5000, "1_0", "0x10", "1,5", "١", "Doe", " ", "\0", "1.2.3"]),
    st.floats().map(str),
    st.integers().map(str),
)
VALUES = st.one_of(
    st.lists(NUMBERS, max_size=7).map(lambda parts: "\\".join(parts).encode()),
    st.lists(st.floats(), max_size=7).map(lambda parts: struct.pack(f"<{len(parts)}d", *parts)),
    st.binary(max_size=40),
).map(even)


@st.composite
def damage(draw: st.DrawFn) -> tuple[str, str, bytes | None]:
    """Draw an attribute, a representation and its bytes; None takes the attribute away."""
    keyword = draw(st.sampled_from(KEYWORDS))
    proper = dictionary_VR(keyword)[:2]
    representation = draw(st.just(proper) | st.sampled_from(REPRESENTATIONS))
    return keyword, representation, draw(st.none() | VALUES)


def damaged(content: bytes, changes: list[tuple[str, str, bytes | None]]) -> bytes:
    for keyword, _, value in changes:
        content = content if value is not None else without(content, keyword)
    return content + b"".join(
        element(keyword, representation, value)
        for keyword, representation, value in changes
        if value is not None
    )


def written(contents: list[bytes], folder: Path) -> list[Path]:
    paths = [folder / f"{index:03d}" for index in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    return paths


def check_message(message: str) -> None:
    assert message.endswith(".")
    assert len(message) < 500
    assert not any(word in message for word in ("Doe", "MRN-", "20180304"))


def sound_series(files: list[Path]) -> Iterator[Series]:
    """Yield what passes; an error for people is the one way out besides."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for series in group_series(read_images(files)):
                check_series(series)
                yield series
    except ImageError as error:
        check_message(error.message)


def check_order(series: Series) -> None:
    """Check against the attributes themselves that the slices lie one behind the other."""
    corners = np.array([[float(x) for x in i.ImagePositionPatient] for i in series.images])
    steps = np.linalg.norm(np.diff(corners, axis=0), axis=1)
    assert len(corners) >= 8
    assert np.isfinite(corners).all()
    assert steps.min() > 0
    assert steps.max() < 2 * steps.min()


POSITION = "ImagePositionPatient"


@settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(damage(), min_size=1, max_size=3),
    places=st.just(range(SLICES)) | st.lists(st.integers(0, SLICES - 1), min_size=1, max_size=3),
)
@example(changes=[(POSITION, "DS", b"0\\0\\1e308 ")], places=[4])
@example(changes=[(POSITION, "DS", b"1e308\\0\\0 ")], places=range(SLICES))
@example(changes=[("InstanceNumber", "IS", b"9" * 4000)], places=[4])
@example(changes=[("InstanceNumber", "FD", struct.pack("<d", 1e308))], places=[4])
def test_any_value_of_any_attribute_gives_a_series_or_a_refusal_in_words(
    changes: list[tuple[str, str, bytes | None]], places: list[int], tmp_path: Path
) -> None:
    contents = list(SEEDS)
    for place in set(places):
        contents[place] = damaged(contents[place], changes)
    for series in sound_series(written(contents, tmp_path)):
        check_order(series)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    corners=st.lists(
        st.tuples(*[st.sampled_from(["0", "1", "2.5", "1e5", "-1e5", "1e154", "-1.5e308"])] * 3),
        min_size=SLICES,
        max_size=SLICES,
    )
)
def test_any_positions_of_the_slices_give_a_series_or_a_refusal(
    corners: list[tuple[str, ...]], tmp_path: Path
) -> None:
    contents = [
        content + element(POSITION, "DS", even("\\".join(corner).encode()))
        for content, corner in zip(SEEDS, corners, strict=True)
    ]
    for series in sound_series(written(contents, tmp_path)):
        check_order(series)


@pytest.mark.parametrize("spread", [1.0, 1e3, 1e150, 1.7e307])
def test_slices_outside_of_every_scanner_are_refused(spread: float, tmp_path: Path) -> None:
    contents = [
        content + element(POSITION, "DS", even(f"0\\0\\{1e5 + (index + 1) * spread:.9g}".encode()))
        for index, content in enumerate(SEEDS)
    ]
    (series,) = group_series(read_images(written(contents, tmp_path)))
    with pytest.raises(ImageError) as caught:
        check_series(series)
    assert caught.value.code is FailureCode.BAD_DICOM
    assert "100 m" in caught.value.message


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tail=st.binary(max_size=300), start=st.sampled_from([b"", SEEDS[0][:132], SEEDS[0][:340]]))
def test_any_bytes_give_a_refusal_in_words(tail: bytes, start: bytes, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(start + tail)
    assert list(sound_series([path])) == []
