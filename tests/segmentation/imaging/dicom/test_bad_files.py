"""A file that is not what it claims ends in one clear refusal, whatever its bytes."""

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydicom import Dataset, filereader
from pydicom.uid import RLELossless

from segmentation.imaging.dicom import reading
from segmentation.imaging.dicom.alike import Reader
from segmentation.imaging.dicom.intake import (
    ConvertedSeries,
    DeidentificationKey,
    RefusedSeries,
    TrialIdentity,
    read_series,
)
from segmentation.imaging.dicom.reading import parse_instance, read_content
from segmentation.imaging.errors import FailureCode, ImageError
from tests.support.dicom import changed, make_series, write_series

KEY = DeidentificationKey(b"k" * 32)
IDENTITY = TrialIdentity("STUDY", "S01", "MLD-S01-0001", "Baseline")
DEFLATED = b"1.2.840.10008.1.2.1.99"


def outcome(files: list[Path], into: Path) -> FailureCode | None:
    """Return why an upload was refused, or None if it gave an image."""
    try:
        (result,) = read_series(files, into=into, key=KEY, identity=IDENTITY)
    except ImageError as error:
        check_message(error.message)
        return error.code
    if isinstance(result, ConvertedSeries):
        return None
    check_message(result.message)
    assert list(into.iterdir()) == []
    return result.code


def check_message(message: str) -> None:
    assert message.endswith(".")
    assert not any(word in message for word in ("Doe", "MRN-", "00000", "Traceback"))


def written(tmp_path: Path) -> list[Path]:
    return write_series(make_series(slices=10), tmp_path / "in")


def rewrite(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(change(path.read_bytes()))


@pytest.mark.parametrize(
    "start",
    [b"MZ\x90", b"\x7fELF", b"PK\x03\x04", b"II*\0", b"MM\0*", b"<html>", b" \n<?xml"],
)
def test_a_preamble_that_is_something_else_is_refused(start: bytes, tmp_path: Path) -> None:
    files = written(tmp_path)
    rewrite(files[0], lambda content: start + content[len(start) :])
    assert outcome(files, tmp_path / "out") == FailureCode.BAD_DICOM


def test_a_deflated_file_is_refused_and_never_inflated(tmp_path: Path) -> None:
    files = written(tmp_path)
    bomb = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = b"".join(bomb.compress(bytes(2**20)) for _ in range(200)) + bomb.flush()
    syntax = struct.pack("<HH2sH", 2, 0x10, b"UI", len(DEFLATED)) + DEFLATED
    length = struct.pack("<HH2sHI", 2, 0, b"UL", 4, len(syntax))
    files[0].write_bytes(bytes(128) + b"DICM" + length + syntax + body)
    assert outcome(files, tmp_path / "out") == FailureCode.UNSUPPORTED_DICOM


def test_a_deflated_file_without_the_mark_is_not_taken_for_dicom(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(struct.pack("<HH2sH", 2, 0x10, b"UI", len(DEFLATED)) + DEFLATED + bytes(200))
    assert read_content(path) is None


def test_a_data_set_without_preamble_and_mark_is_read(tmp_path: Path) -> None:
    files = written(tmp_path)
    for path in files:
        rewrite(path, without_file_header)
    assert outcome(files, tmp_path / "out") is None


def without_file_header(content: bytes) -> bytes:
    (length,) = struct.unpack_from("<I", content, 140)
    return content[144 + length :]


def test_a_data_set_in_big_endian_without_a_header_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(
        struct.pack(">HH2sH", 8, 0x16, b"UI", 26) + b"1.2.840.10008.5.1.4.1.1.4".ljust(300)
    )
    assert outcome([path], tmp_path / "out") == FailureCode.NO_IMAGES


@pytest.mark.parametrize("left", [0.2, 0.5, 0.9, 0.999])
def test_a_cut_off_file_is_refused(left: float, tmp_path: Path) -> None:
    files = written(tmp_path)
    rewrite(files[3], lambda content: content[: int(len(content) * left)])
    assert outcome(files, tmp_path / "out") is not None


def test_pixels_that_are_too_long_are_refused(tmp_path: Path) -> None:
    images = make_series(slices=10)
    images[2].PixelData += bytes(100)
    files = write_series(images, tmp_path / "in")
    assert outcome(files, tmp_path / "out") == FailureCode.TRAILING_DATA


def test_five_thousand_nested_sequences_do_no_harm(tmp_path: Path) -> None:
    files = written(tmp_path)
    begin = struct.pack("<HH2sHI", 0x0040, 0x0275, b"SQ", 0, 0xFFFFFFFF)
    begin += struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
    rewrite(files[0], lambda content: content + begin * 5000)
    assert outcome(files, tmp_path / "out") in (FailureCode.BAD_DICOM, None)


@pytest.mark.parametrize(
    ("keyword", "value", "code"),
    [
        ("BurnedInAnnotation", "YES", FailureCode.UNSUPPORTED_DICOM),
        ("ImageType", ["DERIVED", "SECONDARY"], FailureCode.UNSUPPORTED_DICOM),
        ("ImageType", ["DERIVED", "PRIMARY", "MPR"], FailureCode.UNSUPPORTED_DICOM),
        ("SOPClassUID", "1.2.840.10008.5.1.4.1.1.7", FailureCode.UNSUPPORTED_DICOM),
        ("SOPClassUID", "1.2.840.10008.5.1.4.1.1.4.1", FailureCode.UNSUPPORTED_DICOM),
        ("SamplesPerPixel", 3, FailureCode.BAD_DICOM),
        ("BitsAllocated", 12, FailureCode.BAD_DICOM),
        ("NumberOfFrames", 2**31 - 1, FailureCode.BAD_DICOM),
        ("Rows", 65535, FailureCode.BAD_DICOM),
        ("Rows", 100, FailureCode.TRUNCATED),
        ("ImageOrientationPatient", [1, 0, 0, 1, 0, 0], FailureCode.BAD_DICOM),
        ("ImageOrientationPatient", [1, 0, 0], FailureCode.BAD_DICOM),
        ("ImagePositionPatient", None, FailureCode.BAD_DICOM),
        ("PixelSpacing", None, FailureCode.BAD_DICOM),
    ],
)
def test_an_attribute_that_cannot_be_is_refused(
    keyword: str, value: Any, code: FailureCode, tmp_path: Path
) -> None:
    def change(_index: int, image: Dataset) -> None:
        setattr(image, keyword, value)

    files = write_series(changed(make_series(slices=10), change), tmp_path / "in")
    assert outcome(files, tmp_path / "out") == code


@pytest.mark.parametrize("text", [b"nan ", b"inf ", b"1e400 ", b"0x10", b"1,5 ", b"Doe "])
def test_a_spacing_that_is_no_number_is_refused(text: bytes, tmp_path: Path) -> None:
    files = written(tmp_path)
    tag = struct.pack("<HH", 0x0028, 0x0030) + b"DS"

    def overwrite(content: bytes) -> bytes:
        at = content.index(tag) + 6
        (length,) = struct.unpack_from("<H", content, at)
        value = text + b"\\2" + b" " * ((len(text) + 2) % 2)
        return content[:at] + struct.pack("<H", len(value)) + value + content[at + 2 + length :]

    for path in files:
        rewrite(path, overwrite)
    assert outcome(files, tmp_path / "out") == FailureCode.BAD_DICOM


def test_rle_is_read_and_kept_plain(tmp_path: Path) -> None:
    plain, packed = make_series(slices=10), make_series(slices=10)
    for image in packed:
        image.compress(RLELossless, generate_instance_uid=False)
    results = [
        read_series(
            write_series(images, tmp_path / name / "in"),
            into=tmp_path / name / "out",
            key=KEY,
            identity=IDENTITY,
        )[0]
        for name, images in (("plain", plain), ("packed", packed))
    ]
    first, second = results
    assert isinstance(first, ConvertedSeries)
    assert isinstance(second, ConvertedSeries)
    assert first.facts.sha256 == second.facts.sha256


def test_rle_that_claims_far_more_pixels_than_it_holds_is_refused(tmp_path: Path) -> None:
    images = make_series(slices=10)
    for image in images:
        image.compress(RLELossless, generate_instance_uid=False)
        image.Rows = image.Columns = 4096
    files = write_series(images, tmp_path / "in")
    assert outcome(files, tmp_path / "out") == FailureCode.TOO_LARGE


def test_neither_warnings_nor_logs_carry_a_value_of_the_header(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, recwarn: pytest.WarningsRecorder
) -> None:
    files = written(tmp_path)
    for path in files:
        rewrite(path, lambda content: content.replace(b"20230405", b"Doe,Jane"))
        rewrite(path, lambda content: content.replace(b"20180304", b"Doe,Jane"))
    assert outcome(files, tmp_path / "out") is None
    assert not caplog.records
    assert not list(recwarn)


def empty_elements(count: int, group: int = 0x0009) -> bytes:
    """Return so many elements without a value, as implicit little endian writes them."""
    tags = np.arange(0x1000, 0x1000 + count, dtype="<u8") % 0x10000
    groups = group + 2 * (np.arange(0x1000, 0x1000 + count) >> 16)
    both = np.stack([groups, tags, np.zeros(count), np.zeros(count)], axis=1)
    return both.astype("<u2").tobytes()


def header_of(elements: bytes) -> bytes:
    syntax = b"1.2.840.10008.1.2\0"
    meta = struct.pack("<HH2sH", 2, 0x10, b"UI", len(syntax)) + syntax
    return (
        bytes(128) + b"DICM" + struct.pack("<HH2sHI", 2, 0, b"UL", 4, len(meta)) + meta + elements
    )


def test_a_header_of_elements_without_number_is_refused_before_it_fills_the_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reading, "MAX_READS", 50_000)
    content = header_of(empty_elements(reading.MAX_HEADER_BYTES // 8 + 1))
    with pytest.raises(ImageError, match="16 MiB beside the pixels") as caught:
        parse_instance(content)
    check_message(caught.value.message)


@pytest.mark.parametrize("in_another", [False, True])
def test_a_sequence_too_large_to_be_taken_apart_is_refused(in_another: bool) -> None:
    item = struct.pack("<HHI", 0xFFFE, 0xE000, reading.MAX_HEADER_BYTES)
    item += bytes(reading.MAX_HEADER_BYTES)
    sequence = struct.pack("<HHI", 0x0008, 0x1140, len(item)) + item
    if in_another:
        unknown, end_of_item = 0xFFFFFFFF, struct.pack("<HHI", 0xFFFE, 0xE00D, 0)
        sequence = (
            struct.pack("<HHIHHI", 0x0008, 0x1111, unknown, 0xFFFE, 0xE000, unknown)
            + sequence + end_of_item + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
        )  # fmt: skip
    with pytest.raises(ImageError, match="16 MiB beside the pixels"):
        parse_instance(header_of(sequence))


def sequence_of(content: bytes, number: int = 0x1140, first: int = 0xE000) -> bytes:
    item = struct.pack("<HHI", 0xFFFE, first, len(content)) + content
    return struct.pack("<HHI", 0x0008, number, len(item)) + item


@pytest.mark.parametrize(
    "elements",
    [
        b"".join(sequence_of(bytes(800), 0x1110 + index) for index in range(20)),
        sequence_of(bytes(2000), first=0xE001),
    ],
)
def test_sequences_are_bound_in_all_and_whatever_they_begin_with(
    monkeypatch: pytest.MonkeyPatch, elements: bytes
) -> None:
    monkeypatch.setattr(reading, "MAX_HEADER_BYTES", 1000)
    with pytest.raises(ImageError, match="beside the pixels"):
        parse_instance(header_of(elements))


def test_a_sequence_in_the_file_header_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_HEADER_BYTES", 1000)
    monkeypatch.setattr(reading, "MAX_READS", 100)
    items, read_item = [], filereader.read_sequence_item

    def counted(*given: Any, **named: Any) -> Any:
        items.append(1)
        return read_item(*given, **named)

    monkeypatch.setattr(filereader, "read_sequence_item", counted)
    many = struct.pack("<HHI", 0xFFFE, 0xE000, 0) * 20_000 + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    inside = struct.pack("<HH2sHI", 2, 0x100, b"SQ", 0, 0xFFFFFFFF) + many
    with pytest.raises(ImageError):
        parse_instance(header_of(inside))
    assert 0 < len(items) <= 100


def test_a_file_like_another_is_bound_as_well(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(reading, "MAX_HEADER_BYTES", 1000)
    tail = struct.pack("<HHI", 0x10, 0x10, 2) + b"A "
    head = struct.pack("<HHI", 8, 5, 0)
    for name, size in (("1", 80), ("2", 8000)):
        (tmp_path / name).write_bytes(header_of(head + sequence_of(bytes(size)) + tail))
    reader = Reader()
    assert reader.read(tmp_path / "1") is not None
    with pytest.raises(ImageError, match="beside the pixels"):
        reader.read(tmp_path / "2")


def test_a_large_value_without_parts_is_read() -> None:
    value = bytes(reading.MAX_HEADER_BYTES + 2)
    dataset = parse_instance(header_of(struct.pack("<HHI", 0x7FE1, 0x1010, len(value)) + value))
    assert len(dataset.get_item(0x7FE11010).value) == len(value)


def test_files_that_are_no_dicom_are_passed_over_and_alone_refused(tmp_path: Path) -> None:
    files = written(tmp_path)
    text = tmp_path / "Doe.txt"
    text.write_text("Doe " * 100)
    assert outcome([*files, text], tmp_path / "out") is None
    assert outcome([text], tmp_path / "other") == FailureCode.NO_IMAGES


SEED = io.BytesIO()
make_series(slices=1)[0].save_as(SEED, enforce_file_format=True)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    at=st.integers(0, len(SEED.getvalue()) - 8),
    junk=st.binary(min_size=1, max_size=8),
    cut=st.booleans(),
)
@example(at=136, junk=b"\x01\0\0", cut=False)  # a file header of one byte
def test_any_damage_to_a_file_is_read_or_refused_in_words(
    at: int, junk: bytes, cut: bool, tmp_path: Path
) -> None:
    content = SEED.getvalue()
    path = tmp_path / "file"
    path.write_bytes(content[:at] + junk + (b"" if cut else content[at + len(junk) :]))
    if read_content(path) is None:
        return
    try:
        results = read_series([path], into=tmp_path / "out", key=KEY, identity=IDENTITY)
    except ImageError as error:
        check_message(error.message)
        return
    assert all(isinstance(result, RefusedSeries) for result in results)
