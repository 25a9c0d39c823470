"""What is read by way of a file before is what pydicom reads, value by value, or it reads it."""

import io
import struct
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import pydicom
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydicom import Dataset, dcmwrite
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.sequence import Sequence

from segmentation.imaging.dicom.alike import MOST_ELEMENTS, Reader
from segmentation.imaging.dicom.reading import PARSE_ERRORS
from segmentation.imaging.errors import ImageError
from tests.support.dicom import changed, make_series

SLICES = 3
IMPLICIT = "1.2.840.10008.1.2"
REPRESENTATIONS = (b"SQ", b"UN", b"OB", b"DS", b"IS", b"LO", b"UI", b"FD", b"US", b"\0\0", b"XX")


@pytest.fixture(autouse=True)
def _silence() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def furnish(index: int, image: Dataset) -> None:
    """Give an image what real ones have: sequences of both kinds, private blocks, empty values."""
    item = Dataset()
    item.CodeValue, item.CodeMeaning = "T-A0100", "Brain"
    image.ProcedureCodeSequence = Sequence([item])
    image["ProcedureCodeSequence"].is_undefined_length = True
    image.AnatomicRegionSequence = Sequence([item])
    image.AcquisitionComments, image.SpecificCharacterSet = "", "ISO_IR 100"
    block = image.private_block(0x2005, "Philips MR Imaging DD 001", create=True)
    block.add_new(0x0D, "FL", 1.5)
    block.add_new(0x30, "SH", f"slice {index}")


@cache
def seeds(*, implicit: bool) -> tuple[bytes, ...]:
    contents = []
    for image in changed(make_series(slices=SLICES), furnish):
        buffer = io.BytesIO()
        if implicit:
            image.file_meta.TransferSyntaxUID = IMPLICIT
        dcmwrite(buffer, image, implicit_vr=implicit, enforce_file_format=True)
        contents.append(buffer.getvalue())
    return tuple(contents)


def read(reader: Reader, content: bytes, folder: Path) -> Any:
    path = folder / "image"
    path.write_bytes(content)
    try:
        return reader.read(path)
    except ImageError as error:
        return error.code, error.message


def facts(image: Any) -> Any:
    """Return all that can be told of a data set, each value decoded; a refusal as it is."""
    if not isinstance(image, Dataset):
        return image
    meta = image.file_meta
    return (
        image.preamble,
        [(one.original_encoding, one.original_character_set) for one in (meta, image)],
        [_element(one, tag) for one in (meta, image) for tag in list(one.keys())],
    )


def _element(image: Dataset, tag: Any) -> Any:
    raw = image.get_item(tag, keep_deferred=True)
    length = raw.length if isinstance(raw, RawDataElement) else None
    try:
        found = image[tag]
    except PARSE_ERRORS as error:
        return int(tag), length, type(error)
    assert isinstance(found, DataElement)
    return int(tag), found.VR, type(found.value), repr(found.value), found.is_undefined_length


def check(contents: list[bytes], folder: Path) -> int:
    """Read files one after another, and each by itself; return how many pydicom did not read."""
    together, without_pydicom = Reader(), 0
    for content in contents:
        with mock.patch.object(pydicom, "dcmread", wraps=pydicom.dcmread) as parse:
            found = read(together, content, folder)
        without_pydicom += isinstance(found, Dataset) and not parse.called
        alone = read(Reader(), content, folder)
        assert facts(found) == facts(alone)
    return without_pydicom


@pytest.mark.parametrize("implicit", [False, True])
def test_a_series_is_read_once_and_then_by_what_differs(implicit: bool, tmp_path: Path):
    assert check(list(seeds(implicit=implicit)), tmp_path) == SLICES - 1


@pytest.mark.parametrize("implicit", [False, True])
def test_a_value_of_another_length_is_read(implicit: bool, tmp_path: Path):
    first, second = seeds(implicit=implicit)[:2]
    short = struct.pack("<I" if implicit else "<H", 7 + 1)
    other = second.replace(short + b"slice 1 ", struct.pack("<I" if implicit else "<H", 0))
    assert len(other) < len(second)
    assert check([first, other], tmp_path) == 1


@pytest.mark.parametrize(
    ("found", "put"),
    [
        (b"ISO_IR 100", b"ISO_IR 192"),
        (b"\x08\x00\x08\x00CS", b"\x08\x00\x08\x00LO"),
        (b"\xe0\x7f\x10\x00OW", b"\xe0\x7f\x12\x00OW"),
        (b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.5\0"),
    ],
)
def test_a_file_of_another_kind_is_left_to_pydicom(found: bytes, put: bytes, tmp_path: Path):
    first, second, third = seeds(implicit=False)
    assert check([first, second.replace(found, put), third], tmp_path) == 1


def test_a_file_that_goes_on_is_left_to_pydicom(tmp_path: Path):
    first, second, _ = seeds(implicit=False)
    more = struct.pack("<HH2sHI", 0xFFFC, 0xFFFC, b"OB", 0, 2) + b"\0\0"
    assert check([first, second + more, second[:-1]], tmp_path) == 0


@st.composite
def damage(draw: st.DrawFn) -> tuple[str, int, bytes]:
    """Draw what to do with a file, where, and with which bytes."""
    kind = draw(st.sampled_from(["put", "insert", "delete", "representation"]))
    size = 2 if kind == "representation" else draw(st.integers(1, 6))
    fill = st.sampled_from(REPRESENTATIONS) if size == 2 else st.nothing()
    return kind, draw(st.integers(0, 1500)), draw(fill | st.binary(min_size=size, max_size=size))


def damaged(content: bytes, kind: str, place: int, fill: bytes) -> bytes:
    place = 128 + place
    if kind == "insert":
        return content[:place] + fill + content[place:]
    if kind == "delete":
        return content[:place] + content[place + len(fill) :]
    if kind == "representation":
        found = [content.find(vr, place) for vr in (b"DS", b"LO", b"CS", b"UI", b"US", b"SQ")]
        place = min((spot for spot in found if spot > 0), default=place)
    return content[:place] + fill + content[place + len(fill) :]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    implicit=st.booleans(),
    changes=st.lists(st.tuples(st.integers(0, 2), damage()), min_size=1, max_size=3),
)
@example(implicit=False, changes=[(1, ("put", 30, b"\x02"))])
@example(implicit=True, changes=[(0, ("insert", 400, b"\xfe\xff\x0d\xe0\0\0"))])
def test_whatever_a_file_holds_it_is_read_as_by_itself(
    implicit: bool, changes: list[tuple[int, tuple[str, int, bytes]]], tmp_path: Path
) -> None:
    contents = list(seeds(implicit=implicit))
    for index, change in changes:
        contents[index] = damaged(contents[index], *change)
    check([contents[0], *contents], tmp_path)


def test_a_header_of_countless_elements_is_read_but_not_remembered(tmp_path: Path) -> None:
    image = make_series()[0]
    for element in range(MOST_ELEMENTS):
        image.add_new(0x00111000 + element, "LO", "")
    dcmwrite(tmp_path / "many", image, enforce_file_format=True)
    reader = Reader()
    assert len(reader.read(tmp_path / "many")) > MOST_ELEMENTS
    assert not reader._before
