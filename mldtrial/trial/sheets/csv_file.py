"""Read a CSV file whose encoding and separator nobody has declared."""

import codecs
import csv
from collections.abc import Iterator, Sequence
from io import StringIO

from mldtrial.trial.sheets.errors import SheetError
from mldtrial.trial.sheets.table import Table, make_table

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab"}
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)


def read_csv(content: bytes) -> Table:
    """Return the table of a CSV file in UTF-8, UTF-16 or Windows-1252.

    Raises
    ------
    SheetError
        If it is no text, has one column only, or its quotation marks do not match.
    """
    text, encoding = _decode(content)
    separator = _separator(text)
    notes = [f"Read as {encoding} text, separated by {SEPARATORS[separator]}."]
    if encoding == "Windows-1252":
        notes.append("Please check that umlauts and accents are right.")
    return make_table(_rows(text, separator), notes)


def _decode(content: bytes) -> tuple[str, str]:
    for mark, codec, name in MARKS:
        if content.startswith(mark):
            return _decoded(content, codec, name), name
    if b"\0" in content:
        raise SheetError(
            "The file is neither a workbook (.xlsx) nor plain text. Save it as .xlsx or .csv."
        )
    try:
        return content.decode("utf-8"), "UTF-8"
    except UnicodeDecodeError:
        return _decoded(content, "cp1252", "Windows-1252"), "Windows-1252"


def _decoded(content: bytes, codec: str, name: str) -> str:
    try:
        return content.decode(codec)
    except UnicodeDecodeError as error:
        raise SheetError(
            f"The file begins like {name} text but does not go on so. Save it as CSV UTF-8."
        ) from error


def _separator(text: str) -> str:
    first = next((line for line in text.splitlines() if line.strip()), "")
    counts = {sign: len(_first_row(first, sign)) for sign in SEPARATORS}
    best = max(counts, key=lambda sign: counts[sign])
    if counts[best] < 2:
        raise SheetError(
            "The first row has one column only. Expected columns separated by comma, semicolon "
            "or tab."
        )
    return best


def _first_row(line: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return []


def _rows(text: str, separator: str) -> Iterator[tuple[int, Sequence[str]]]:
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error as error:
        raise SheetError(
            f"Line {reader.line_num} cannot be read: its quotation marks do not match, or a cell "
            "is too long."
        ) from error
