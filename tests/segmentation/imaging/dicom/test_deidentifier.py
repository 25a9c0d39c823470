"""What is remembered from slice to slice changes no byte of what is kept."""

import io
import warnings
from collections.abc import Iterator
from functools import cache
from typing import Any
from unittest import mock

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydicom import Dataset, dcmread
from pydicom.dataelem import RawDataElement, convert_raw_data_element
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.tag import Tag

from segmentation.imaging.dicom.deidentify import Deidentifier
from segmentation.imaging.dicom.plain_values import PlainValues
from segmentation.imaging.dicom.procedure import StudyOptions, current_procedure
from segmentation.imaging.dicom.reading import PARSE_ERRORS
from segmentation.imaging.dicom.secrets import DeidentificationKey, TrialIdentity
from segmentation.imaging.dicom.verification import SecondLook
from segmentation.imaging.errors import ImageError
from tests.support.dicom import make_series

KEY = DeidentificationKey(b"k" * 32)
IDENTITY = TrialIdentity("MLD-1", "S01", "S01-001", "Année 1", "M12", "Étude", "Fondation X")


@pytest.fixture(autouse=True)
def _silence() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


OPTIONS = [StudyOptions(), StudyOptions(retain_patient_characteristics=True)]


def stored(image: Dataset) -> bytes:
    buffer = io.BytesIO()
    image.save_as(buffer, implicit_vr=False, little_endian=True, enforce_file_format=True)
    return buffer.getvalue()


@cache
def files() -> list[bytes]:
    made = make_series(slices=6, attributes={"PatientAge": "018M", "PatientWeight": "11.50"})
    for index, image in enumerate(made):
        image.EchoTime = ["3", "3.0", "3.00", "3", "3.0", "4"][index]
    return [stored(image) for image in made]


def series() -> list[Dataset]:
    """Return images as they come from files: values lie there as bytes until they are read."""
    return [dcmread(io.BytesIO(content)) for content in files()]


@pytest.mark.parametrize("options", OPTIONS)
def test_a_series_is_kept_as_each_image_by_itself_is(options: StudyOptions):
    rules = current_procedure(options)
    together = Deidentifier(rules, KEY, IDENTITY)
    kept = [together.encode(image) for image in series()]
    alone = [stored(Deidentifier(rules, KEY, IDENTITY).clean(image)) for image in series()]
    assert kept == alone
    assert len(set(kept)) == 6


def test_a_value_that_was_read_before_is_kept_as_one_that_was_not():
    deidentifier = Deidentifier(current_procedure(), KEY, IDENTITY)
    fresh, read = series()[1], series()[1]
    for element in read:
        assert element.value is not None
    assert deidentifier.encode(read) == deidentifier.encode(fresh)


def test_a_value_that_passed_once_does_not_let_another_pass():
    rules = current_procedure()
    look = SecondLook({"MRN-0012345"}, IDENTITY, rules)
    deidentifier = Deidentifier(rules, KEY, IDENTITY)
    first, second = (deidentifier.clean(image) for image in series()[:2])
    look.verify(stored(first))
    second.PatientName = "MRN-0012345"
    with pytest.raises(ImageError, match="0010,0010"):
        look.verify(stored(second))


NUMBERS = st.sampled_from(
    ["0", "-0", "+1", "007", "1.50", "-2.5e-3", "1e5", "1E05", "1e400", "nan", "inf", ".5", "5.",
     "1_0", "0x10", "1,5", "", " 1", "1 ", "1.0", "123456789012.12345678901234", "9" * 40,
     "99999999", "2147483648", "\0", "٣"]
)  # fmt: skip
TEXTS = st.one_of(
    st.lists(NUMBERS | st.floats().map(str) | st.integers().map(str), max_size=4).map("\\".join),
    st.text("0123456789.\\ \0", max_size=70),
)
TAGS = ["SliceLocation", "ImagePositionPatient", "InstanceNumber", "SOPInstanceUID", "EchoNumbers"]


@settings(max_examples=150, deadline=None)
@given(
    keyword=st.sampled_from(TAGS),
    vr=st.sampled_from(["DS", "IS", "UI", "LO"]),
    text=TEXTS,
    padding=st.sampled_from(["", " ", "\0", "  "]),
    is_read=st.booleans(),
    implicit=st.booleans(),
)
@example("SOPInstanceUID", "UI", "1.2\\3.4", "", False, False)
@example("SliceLocation", "DS", "1.5", " ", True, False)
def test_a_value_written_without_pydicom_is_written_as_by_pydicom(
    keyword: str, vr: str, text: str, padding: str, is_read: bool, implicit: bool
) -> None:
    value = (text + padding).encode()
    tag = Tag(keyword)
    raw = RawDataElement(tag, None if implicit else vr, len(value), value, 0, implicit, True)
    written = PlainValues(current_procedure(), KEY).written(decoded(raw) if is_read else raw)
    if written is not None:
        image = series()[0]
        image[tag] = raw
        with mock.patch.object(PlainValues, "written", return_value=None):
            clean = Deidentifier(current_procedure(), KEY, IDENTITY).clean(image)
        alone = Dataset()
        alone.add(clean[tag])
        buffer = DicomBytesIO()
        buffer.is_implicit_VR, buffer.is_little_endian = False, True
        write_dataset(buffer, alone, "ISO_IR 192")
        assert written == buffer.getvalue()


def decoded(raw: RawDataElement) -> Any:
    try:
        return convert_raw_data_element(raw)
    except PARSE_ERRORS:
        return raw


def test_most_of_what_differs_between_slices_is_written_without_pydicom() -> None:
    plain = PlainValues(current_procedure(), KEY)
    image = series()[0]
    for keyword in ("SOPInstanceUID", "InstanceNumber", "ImagePositionPatient"):
        fresh = plain.written(image.get_item(Tag(keyword)))
        assert fresh is not None
        assert plain.written(image[keyword]) == fresh
