import contextlib
from datetime import date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mldtrial.trial.sheets import cells
from mldtrial.trial.sheets.cells import DateOrder, DecimalSign, Formats
from mldtrial.trial.sheets.errors import CellError
from mldtrial.trial.sheets.table import Formula
from mldtrial.trial.sheets.targets import guess, targets

ISO = Formats()
DMY, MDY = Formats(DateOrder.DAY_FIRST), Formats(DateOrder.MONTH_FIRST)
COMMA = Formats(decimal_sign=DecimalSign.COMMA)
DAYS = st.dates(date(1900, 1, 1), date(2100, 1, 1))
ANY_CELL = st.one_of(
    st.text(max_size=40), st.integers(), st.floats(), st.booleans(), st.dates(), st.datetimes(),
    st.times(), st.just(Formula()), st.decimals().map(str),
    st.from_regex(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}", fullmatch=True),
)  # fmt: skip


@given(DAYS)
def test_a_day_is_read_as_it_was_written(day):
    assert cells.day(day.isoformat(), ISO) == day
    assert cells.day(datetime.combine(day, time()), ISO) == day
    assert cells.day(f"{day.day}.{day.month}.{day.year}", DMY) == day
    assert cells.day(f"{day.month}/{day.day}/{day.year}", MDY) == day


@given(DAYS)
def test_a_day_in_the_order_that_was_not_declared_is_never_taken_for_another(day):
    written = f"{day.day:02}/{day.month:02}/{day.year}"
    with pytest.raises(CellError):
        cells.day(written, ISO)
    if day.day > 12:
        with pytest.raises(CellError, match="may be exchanged"):
            cells.day(written, MDY)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("2021-24-03", "no month 24"),
        ("2021-02-30", "no such day"),
        ("2021-00-10", "no such day"),
        ("03/04/2021", "day or month first"),
        ("03.04.21", "two digits"),
        (20212403, "year, day and month"),
        ("20210304", "YYYYDDMM"),
        (44000, "a number, not a day"),
        (44000.5, "a number, not a day"),
        ("March 2021", "expected a day"),
        (datetime(2021, 3, 4, 10, 30), "with a time"),  # noqa: DTZ001 - as a workbook has it
        (True, "expected a day"),
        (Formula(), "a formula"),
        ("#REF!", "an error of the spreadsheet"),
        ("1899-12-31", "a day before 1900"),
    ],
)
def test_a_doubtful_day_is_refused_in_words(written, words):
    with pytest.raises(CellError, match=words):
        cells.day(written, ISO)


@pytest.mark.parametrize(
    ("written", "month"),
    [("2020-03", 3), ("03.2020", 3), ("3/2020", 3), ("2020-03-09", 3)],
)
def test_a_month_is_kept_without_its_day(written, month):
    assert cells.month(written, ISO) == date(2020, month, 1)


def test_a_month_that_is_none_is_refused():
    with pytest.raises(CellError, match="no month 13"):
        cells.month("2020-13", ISO)


@pytest.mark.parametrize(
    ("cell", "formats", "number"),
    [
        ("3.5", ISO, "3.5"),
        ("3,5", COMMA, "3.5"),
        (3.5, COMMA, "3.5"),
        (7, ISO, "7"),
        ("-1", ISO, "-1"),
    ],
)
def test_a_number_is_read_as_declared(cell, formats, number):
    assert cells.decimal(cell, formats) == Decimal(number)


@pytest.mark.parametrize(
    ("cell", "formats", "words"),
    [
        ("3,5", ISO, "decimal comma"),
        ("3.5", COMMA, "decimal point"),
        ("1.234,5", COMMA, "thousands"),
        ("1 234", ISO, "thousands"),
        ("3.5 mL", ISO, "without unit"),
        ("", ISO, "expected a number"),
        (float("nan"), ISO, "expected a number"),
        (True, ISO, "expected a number"),
        ("1e3", ISO, "expected a number"),
        ("²", ISO, "expected a number"),
    ],
)
def test_a_doubtful_number_is_refused_in_words(cell, formats, words):
    with pytest.raises(CellError, match=words):
        cells.decimal(cell, formats)


@given(st.sampled_from(sorted(targets())), ANY_CELL, st.sampled_from([ISO, DMY, MDY, COMMA]))
def test_no_cell_raises_anything_but_its_own_family(key, cell, formats):
    with contextlib.suppress(CellError):
        targets()[key].read(cell, formats)


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ("Geburtsdatum", "birth_month"),
        ("Untersuchungsdatum", "visit_date"),
        ("GMFC", "gmfc_level"),
        ("GMFC-MLD", "gmfc_level"),
        ("ELFC", "elfc_level"),
        ("Geschlecht", "sex"),
        ("Patienten-Code", "subject_code"),
        ("SUBJECT", "subject_code"),
        ("Datum", "visit_date"),
        ("Total", "mri_total"),
        ("MLDS01", "mri_frontal_p"),
        ("Thalamus", "mri_thal"),
        ("Alter bei Erstsymptom", "onset_age_months"),
        ("Therapiebeginn", "treatment_started_on"),
        ("shoe size", ""),
        ("", ""),
    ],
)
def test_a_header_is_guessed_from_its_name(header, target):
    assert guess(header) == target
