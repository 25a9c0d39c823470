import contextlib
import zipfile
from datetime import datetime
from io import BytesIO

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mldtrial.trial.sheets import report, table
from mldtrial.trial.sheets.errors import SheetError
from mldtrial.trial.sheets.layout import Layout, check, guessed
from mldtrial.trial.sheets.reading import read_table
from mldtrial.trial.sheets.rows import read_rows
from mldtrial.trial.sheets.table import Formula
from tests.support.sheets import HEADER, ITEMS, as_csv, xlsx

ROW = ("A-010", "A", "w", "2019-07-20", 20, "2023-01-10", "3")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_encoding_and_separator_are_found_and_said(encoding, separator):
    content = as_csv(("subject", "Größe"), ("A-001", "ä, b; c"), separator=separator,
                     encoding=encoding)  # fmt: skip
    found = read_table(content)
    assert found.header == ("subject", "Größe")
    assert found.rows[0].cells == ("A-001", "ä, b; c")
    assert "separated by" in found.notes[0]


def test_a_workbook_keeps_days_numbers_and_texts_apart():
    day = datetime(2023, 1, 10)  # noqa: DTZ001 - as a workbook has it
    found = read_table(xlsx(("a", "b", "c", "d"), (day, 3, "3", None), (None, None, None, "=1+1")))
    assert found.rows[0].cells == (day, 3, "3", None)
    assert found.rows[1].cells == (None, None, None, Formula())


def test_rows_have_the_numbers_of_the_file():
    content = as_csv((), ("subject", "site"), (), ("A-1", "A"), (), ("A-2", "A"))
    assert [row.number for row in read_table(content).rows] == [4, 6]


def workbook_with(name: str, content: bytes) -> bytes:
    out = BytesIO(xlsx(HEADER, ROW))
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr(name, content)
    return out.getvalue()


def two_sheets() -> bytes:
    book = openpyxl.Workbook()
    book.active.append(["a", "b"])
    book.active.append([1, 2])
    book.create_sheet("notes").append(["x"])
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def test_other_sheets_are_named_not_read():
    assert "The other 1 sheets are not read." in read_table(two_sheets()).notes


def bomb() -> bytes:
    out = BytesIO(xlsx(HEADER, ROW))
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        for number in range(4):
            archive.writestr(f"xl/media/{number}.bin", b"\0" * (100 * 1024**2))
    return out.getvalue()


def with_doctype() -> bytes:
    lol = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'
    return workbook_with("xl/evil.xml", lol)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"  \n ", "empty"),
        (b"a,b\n", "no row below"),
        (b"a,a\n1,2\n", "named 'a'"),
        (b'a,b\n"1,2\n', "quotation marks"),
        (b"\xff\xfea", "like UTF-16"),
        (b"a,b\n\x81\x8d,1\n", "like Windows-1252"),
        (b"x" * (table.MAX_BYTES + 1), "larger than"),
        (b"PK\x03\x04", "damaged"),
        (xlsx(HEADER, ROW)[:-200], "damaged"),
        (xlsx(HEADER), "no row below"),
        (workbook_with("xl/vbaProject.bin", b"x"), "macros"),
        (bomb(), "unpacks to too much"),
        (with_doctype(), "damaged"),
        (b",".join(b"c%d" % n for n in range(300)) + b"\n1\n", "at most 200"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_table_is_refused_in_words(content, words):
    with pytest.raises(SheetError, match=words):
        read_table(content)


def test_too_many_rows_are_refused(monkeypatch):
    monkeypatch.setattr(table, "MAX_ROWS", 2)
    with pytest.raises(SheetError, match="more than 2 rows"):
        read_table(as_csv(("a", "b"), (1, 2), (1, 2), (1, 2)))


def test_a_row_with_more_cells_than_the_header_is_refused_alone():
    found = read_table(b"subject,site\nA-1,A\nA-2,A,extra\n")
    assert [row.problem for row in found.rows] == ["", "The row has 3 cells, the header 2."]


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400), st.sampled_from([b"", b"PK\x03\x04", b"\xff\xfe", b"\xef\xbb\xbf"]))
def test_no_bytes_raise_anything_but_the_family(content, start):
    with contextlib.suppress(SheetError):
        read_table(start + content)


WHOLE = xlsx(HEADER, ROW)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255), st.integers(0, 40))
def test_no_damaged_workbook_raises_anything_but_the_family(place, flip, cut):
    damaged = bytearray(WHOLE)
    damaged[place] ^= flip
    with contextlib.suppress(SheetError):
        found = read_table(bytes(damaged[: len(damaged) - cut]))
        list(read_rows(found, Layout(guessed(found.header, {}))))


CELLS = st.one_of(st.none(), st.text(max_size=20), st.integers(0, 10**9), st.dates().map(str))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(CELLS, min_size=len(HEADER), max_size=len(HEADER)), max_size=4))
def test_any_table_is_read_row_by_row_and_each_empty_reading_says_why(rows):
    with contextlib.suppress(SheetError):
        found = read_table(as_csv(HEADER, *rows))
        layout = Layout(guessed(found.header, {}))
        check(layout)
        readings = list(read_rows(found, layout))
        assert len(readings) == len(found.rows)
        assert all(reading.subject_code or reading.faults for reading in readings)


def test_the_layout_of_the_field_is_guessed_whole():
    header = ("subject", "date", *ITEMS, "GMFC", "total")
    assert len(guessed(header, {})) == len(header)


def test_no_target_is_guessed_twice():
    found = guessed(("Datum", "MRT-Datum", "subject"), {})
    assert found == {"Datum": "visit_date", "subject": "subject_code"}


@given(st.text(max_size=20))
def test_a_report_holds_no_formula(text):
    assert report.guarded(text)[:1] not in ("=", "+", "-", "@", "|", "%", "\t", "\r", "\n")
