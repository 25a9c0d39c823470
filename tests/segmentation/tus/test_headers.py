"""The headers of the upload protocol are read as it has them, and anything else is refused."""

from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation.tus.headers import (
    DIGEST_BYTES,
    KEYS,
    MAX_METADATA_CHARACTERS,
    Checksum,
    Declaration,
    HeaderError,
    format_metadata,
    parse_checksum,
    parse_count,
    parse_metadata,
)


def pair(key: str, text: str) -> str:
    return f"{key} {b64encode(text.encode()).decode()}"


def test_the_declaration_of_a_file_is_read():
    header = ",".join(
        [
            pair("head", b64encode(b"\x1f\x8b\x00").decode()),
            pair("sequence", "T1w"),
            pair("acquired_on", "2023-05-10"),
            pair("after_end_reason", "Scan für später"),
            pair("sha256", "AB" * 32),
        ]
    )
    assert parse_metadata(header) == Declaration(
        head=b"\x1f\x8b\x00",
        sequence="T1w",
        acquired_on=date(2023, 5, 10),
        after_end_reason="Scan für später",
        sha256="ab" * 32,
    )


def test_the_example_of_the_protocol_is_read_and_its_file_name_is_not():
    # From the section "Upload-Metadata" of the specification.
    header = "filename d29ybGRfZG9taW5hdGlvbl9wbGFuLnBkZg==,is_confidential"
    assert parse_metadata(header) == Declaration()
    assert "filename" not in KEYS


def test_nothing_declared_is_an_empty_declaration():
    assert parse_metadata("") == parse_metadata("  ") == Declaration()
    assert parse_metadata("sequence,head") == Declaration()


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("sequence %%%", "sequence in Upload-Metadata is not base64"),
        ("sequence VDF", "not base64"),
        ("sequence VDF3 VDF3", "not base64"),
        ("sequence " + b64encode(b"\xff").decode(), "not text in UTF-8"),
        (pair("sequence", "T1w\x00"), "control characters"),
        (pair("head", "not base64!"), "head in Upload-Metadata is not base64"),
        (pair("acquired_on", "10/05/2023"), "no day like 2026-03-31"),
        (pair("acquired_on", "2023-02-30"), "no day like"),
        (pair("acquired_on", "20230210"), "no day like"),
        (pair("acquired_on", "２０２３-02-10"), "no day like"),
        (pair("sha256", "abc"), "64 hexadecimal digits"),
        (pair("after_end_reason", "x" * 1001), "at most 1000"),
        (f"{pair('sequence', 'T1w')},{pair('sequence', 'T2w')}", "names sequence twice"),
        (f"{pair('sequence', 'T1w')},", "pair without a key"),
        (",", "pair without a key"),
        ("x" * (MAX_METADATA_CHARACTERS + 1), "longer than 8192"),
    ],
)
def test_damaged_metadata_are_refused_in_words(header: str, said: str):
    with pytest.raises(HeaderError, match=said):
        parse_metadata(header)


def test_a_refusal_repeats_no_value():
    with pytest.raises(HeaderError) as refused:
        parse_metadata(pair("acquired_on", "Jane Doe"))
    assert "Jane" not in refused.value.message


HEADERS = st.one_of(
    st.text(),
    st.lists(
        st.tuples(
            st.sampled_from([*sorted(KEYS), "filename", ""]),
            st.one_of(
                st.text(),
                st.binary().map(lambda content: b64encode(content).decode()),
                st.text().map(lambda text: b64encode(text.encode("utf-8", "replace")).decode()),
            ),
        ).map(" ".join)
    ).map(",".join),
)


def read_or_refused(parse: Callable[[str], Any], header: str) -> Any:
    """Return what is read, or the sentence of the refusal; any other error fails the test."""
    try:
        return parse(header)
    except HeaderError as error:
        return error.message


@given(HEADERS)
def test_any_metadata_are_read_or_refused_in_words(header: str):
    assert read_or_refused(parse_metadata, header)


TEXTS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=50)


@given(st.dictionaries(st.sampled_from(["sequence", "after_end_reason"]), TEXTS))
def test_what_is_written_is_read_again(values: dict[str, str]):
    declared = parse_metadata(format_metadata(values))
    read = {"sequence": declared.sequence, "after_end_reason": declared.after_end_reason}
    assert {key: text for key, text in read.items() if text} == values


@pytest.mark.parametrize(("value", "count"), [("0", 0), ("00", 0), ("1073741824", 2**30)])
def test_a_count_of_bytes_is_read(value: str, count: int):
    assert parse_count(value, name="Upload-Length") == count


@pytest.mark.parametrize("value", ["", "-1", "1.0", "1e3", "0x10", " 1", "１", "9" * 16, "1,2"])
def test_what_counts_no_bytes_is_refused(value: str):
    with pytest.raises(HeaderError, match="Upload-Length has to be a whole number"):
        parse_count(value, name="Upload-Length")


@given(st.text())
def test_any_count_is_read_or_refused_in_words(value: str):
    found = read_or_refused(lambda text: parse_count(text, name="Upload-Offset"), value)
    assert str(found).startswith("Upload-Offset") or found >= 0


def test_a_checksum_is_read():
    # The digest of the example in the section "Upload-Checksum" of the specification.
    example = "Kq5sNclPz7QV2+lfQIuc6R7oRu0="
    assert parse_checksum(f"sha1 {example}") == Checksum("sha1", b64decode(example))
    assert parse_checksum("") is None


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("md5 abc", "names no algorithm that is understood: sha256, sha1"),
        ("sha1", "has 0 bytes; expected 20"),
        ("sha256 Kq5sNclPz7QV2+lfQIuc6R7oRu0=", "has 20 bytes; expected 32"),
        ("sha1 ???", "not base64"),
    ],
)
def test_a_damaged_checksum_is_refused_in_words(header: str, said: str):
    with pytest.raises(HeaderError, match=said):
        parse_checksum(header)


@given(st.one_of(st.text(), st.text().map(lambda text: f"sha256 {text}")))
def test_any_checksum_is_read_or_refused_in_words(header: str):
    found = read_or_refused(parse_checksum, header)
    if isinstance(found, Checksum):
        assert len(found.digest) == DIGEST_BYTES[found.algorithm]
    else:
        assert found or header == ""
