"""What a cell says: days, months, numbers and words, each read strictly and never guessed."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from math import isfinite
from typing import Any
from unicodedata import normalize

from mldtrial.trial.sheets.errors import CellError
from mldtrial.trial.sheets.table import Cell, Formula


class DateOrder(StrEnum):
    """How days are written in a file; only a person can say it."""

    ISO = "ISO"
    DAY_FIRST = "DMY"
    MONTH_FIRST = "MDY"


class DecimalSign(StrEnum):
    """How decimals are written in a file."""

    POINT = "POINT"
    COMMA = "COMMA"


@dataclass(frozen=True, slots=True)
class Formats:
    """What was declared about a file."""

    date_order: DateOrder = DateOrder.ISO
    decimal_sign: DecimalSign = DecimalSign.POINT


Parser = Callable[[Cell, Formats], Any]

ISO_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
COMPACT_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})")
WRITTEN_DAY = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})")
SHORT_YEAR = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d{2}")
ERRORS = ("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!")
EARLIEST = date(1900, 1, 1)


def as_text(cell: Cell) -> str:
    """Return a cell as it is shown to people."""
    if cell is None:
        return ""
    if isinstance(cell, Formula):
        return "(formula)"
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date().isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def _plain(cell: Cell) -> str:
    if isinstance(cell, Formula):
        raise CellError("a formula; copy the column and paste it as values")
    text = as_text(cell)
    if text in ERRORS:
        raise CellError("an error of the spreadsheet, not a value")
    if "\0" in text:
        raise CellError("characters that no text holds")
    return text


def text(at_most: int) -> Parser:
    """Return a reader of free text."""

    def read(cell: Cell, _formats: Formats) -> str:
        found = _plain(cell)
        if len(found) > at_most:
            raise CellError(f"at most {at_most} characters are kept, found {len(found)}")
        return found

    return read


def choice(words: Mapping[str, Any]) -> Parser:
    """Return a reader of one of several words, in any case, with or without umlauts."""
    known = {folded(word): value for word, value in words.items()}
    listed = ", ".join(dict.fromkeys(str(value) for value in words.values()))

    def read(cell: Cell, _formats: Formats) -> Any:
        found = folded(_plain(cell))
        if found not in known:
            raise CellError(f"expected one of {listed}")
        return known[found]

    return read


def folded(word: str) -> str:
    """Return a word without case, accents, blanks and signs, umlauts written out."""
    for umlaut, written in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss")):
        word = word.lower().replace(umlaut, written)
    plain = normalize("NFKD", word).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9/+]", "", plain)


def whole(lowest: int, highest: int) -> Parser:
    """Return a reader of whole numbers within bounds."""

    def read(cell: Cell, formats: Formats) -> int:
        number = decimal(cell, formats)
        if number != number.to_integral_value():
            raise CellError("expected a whole number")
        if not lowest <= number <= highest:
            raise CellError(f"expected {lowest} to {highest}")
        return int(number)

    return read


def decimal(cell: Cell, formats: Formats) -> Decimal:
    """Return a number; the other decimal sign than the declared one is refused.

    Raises
    ------
    CellError
        If it is no number, or its decimal sign is not the declared one.
    """
    if isinstance(cell, bool) or not isinstance(cell, int | float | str):
        raise CellError("expected a number")
    if isinstance(cell, int | float):
        if not isfinite(cell):
            raise CellError("expected a number")
        return Decimal(str(cell))
    written = _plain(cell)
    if not re.fullmatch(r"[+-]?\d{1,12}([.,]\d{1,12})?", written):
        raise CellError("expected a number, without unit and without thousands separator")
    sign = "," if formats.decimal_sign is DecimalSign.COMMA else "."
    if sign not in written and ("," in written or "." in written):
        other = "comma" if sign == "." else "point"
        raise CellError(f"a decimal {other} where the other sign is declared")
    try:
        return Decimal(written.replace(",", "."))
    except InvalidOperation as error:
        raise CellError("expected a number") from error


def level(pattern: str, expected: str) -> Parser:
    """Return a reader of a level such as ``4`` or ``4a``, given as (number, sublevel)."""
    matcher = re.compile(pattern)

    def read(cell: Cell, _formats: Formats) -> tuple[int, str]:
        found = matcher.fullmatch(_plain(cell).lower())
        if found is None:
            raise CellError(f"expected {expected}")
        groups = found.groups()
        return int(groups[0]), (groups[1] or "") if len(groups) > 1 else ""

    return read


def day(cell: Cell, formats: Formats) -> date:
    """Return a day, written as declared or kept by the spreadsheet as a date.

    Raises
    ------
    CellError
        If it is written otherwise, could be two days, or is no day of the calendar.
    """
    if isinstance(cell, datetime):
        if cell.time() != time():
            raise CellError("a day with a time; expected a day alone")
        return _plausible(cell.date())
    if isinstance(cell, date):
        return _plausible(cell)
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        _refuse_number(as_text(cell))
    written = _plain(cell)
    if found := ISO_DAY.fullmatch(written):
        year, month, day_ = map(int, found.groups())
        return _made(year, month, day_)
    if SHORT_YEAR.fullmatch(written):
        raise CellError("a year of two digits; write all four")
    _refuse_number(written)
    return _written_day(written, formats)


def _written_day(written: str, formats: Formats) -> date:
    found = WRITTEN_DAY.fullmatch(written)
    if found is None:
        raise CellError("expected a day as YYYY-MM-DD, or as declared for the file")
    first, _, second, year = found.groups()
    if formats.date_order is DateOrder.ISO:
        raise CellError(
            "day or month first? Declare how the file writes its days, or write YYYY-MM-DD"
        )
    if formats.date_order is DateOrder.DAY_FIRST:
        return _made(int(year), int(second), int(first))
    return _made(int(year), int(first), int(second))


def _refuse_number(written: str) -> None:
    found = COMPACT_DAY.fullmatch(written)
    if found is not None:
        _, month, day_ = map(int, found.groups())
        if month > 12 >= day_ >= 1:
            raise CellError("year, day and month in this order? Write YYYY-MM-DD")
        raise CellError("eight digits may be YYYYMMDD or YYYYDDMM; write YYYY-MM-DD")
    if re.fullmatch(r"\d+(\.\d+)?", written):
        raise CellError("a number, not a day; format the column as date, or write YYYY-MM-DD")


def _made(year: int, month: int, day_: int) -> date:
    if month > 12 >= day_ >= 1:
        raise CellError(f"there is no month {month}: day and month may be exchanged")
    try:
        return _plausible(date(year, month, day_))
    except ValueError as error:
        if isinstance(error, CellError):
            raise
        raise CellError("there is no such day in the calendar") from error


def _plausible(found: date) -> date:
    if found < EARLIEST:
        raise CellError(f"a day before {EARLIEST.year}")
    return found


def month(cell: Cell, formats: Formats) -> date:
    """Return the first day of a month, written as YYYY-MM or MM.YYYY, or of a whole day.

    Raises
    ------
    CellError
        As `day`.
    """
    if isinstance(cell, str):
        found = re.fullmatch(r"(\d{4})-(\d{1,2})", cell)
        turned = re.fullmatch(r"(\d{1,2})[./](\d{4})", cell)
        if found or turned:
            year, number = (found[1], found[2]) if found else (turned[2], turned[1])  # type: ignore[index]
            if not 1 <= int(number) <= 12:
                raise CellError(f"there is no month {number}")
            return _plausible(date(int(year), int(number), 1))
    return day(cell, formats).replace(day=1)
