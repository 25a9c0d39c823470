"""Read a workbook (.xlsx) that may have been made to do harm."""

from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import openpyxl
from openpyxl.cell.read_only import EMPTY_CELL

from mldtrial.trial.sheets.errors import SheetError
from mldtrial.trial.sheets.table import MAX_COLUMNS, MAX_ROWS, Cell, Formula, Table, make_table

MAX_PARTS = 2000
MAX_UNPACKED_BYTES = 300 * 1024**2
MACROS = ("vbaproject.bin", ".bin.vba")
BROKEN = "The workbook is damaged. Open it in a spreadsheet and save it again as .xlsx."
ROWS_READ = MAX_ROWS + 100
"""One hundred more than are kept, so that empty rows below the table do no harm."""


def read_xlsx(content: bytes) -> Table:
    """Return the table on the first sheet of a workbook.

    Nothing in the workbook is computed or followed: a formula is a cell without a value.

    Raises
    ------
    SheetError
        If it is damaged, holds macros, would unpack to too much, or has no sheet.
    """
    _check_archive(content)
    try:
        book = openpyxl.load_workbook(
            BytesIO(content), read_only=True, data_only=False, keep_links=False
        )
        if not book.worksheets:
            raise SheetError("The workbook holds no sheet with cells.")
        sheet = book.worksheets[0]
        notes = [f"Read the sheet “{sheet.title}”."]
        if len(book.worksheets) > 1:
            notes.append(f"The other {len(book.worksheets) - 1} sheets are not read.")
        return make_table(_rows(sheet), notes)
    except SheetError:
        raise
    # The reader raises whatever its XML parser and its own code meet in a damaged file.
    except Exception as error:
        raise SheetError(BROKEN) from error


def _check_archive(content: bytes) -> None:
    try:
        with ZipFile(BytesIO(content)) as archive:
            _check_parts(archive)
    except SheetError:
        raise
    # zlib, lzma and zipfile each have errors of their own.
    except Exception as error:
        raise SheetError(BROKEN) from error


def _check_parts(archive: ZipFile) -> None:
    parts = archive.infolist()
    # A part never unpacks to more than its directory says: zipfile stops there.
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
        raise SheetError("The workbook unpacks to too much. Keep the table only.")
    if any(part.filename.lower().endswith(MACROS) for part in parts):
        raise SheetError("The workbook holds macros. Save it as .xlsx, without macros.")
    if any(part.flag_bits & 1 for part in parts):
        raise SheetError("The workbook is protected by a password. Save it without one.")
    for part in parts:
        if part.filename.lower().endswith((".xml", ".rels")):
            _check_xml(archive, part.filename)


def _check_xml(archive: ZipFile, name: str) -> None:
    with archive.open(name) as part:
        head = part.read(4096)
    # No workbook declares a document type; entities that grow without end begin with one.
    if b"<!DOCTYPE" in head or b"<!ENTITY" in head or b"\0" in head:
        raise SheetError(BROKEN)


def _rows(sheet: Any) -> Iterator[tuple[int, Sequence[Cell]]]:
    # A sheet says itself how large it is, and may say anything.
    sheet.reset_dimensions()
    found = sheet.iter_rows(max_row=ROWS_READ, max_col=MAX_COLUMNS + 1)
    for number, row in enumerate(found, start=1):
        yield number, [_cell(cell) for cell in row[: _width(row)]]


def _width(row: Sequence[Any]) -> int:
    """Return how many cells the file holds of a row: the reader fills every row up."""
    width = len(row)
    while width and row[width - 1] is EMPTY_CELL:
        width -= 1
    return width


def _cell(cell: Any) -> Cell:
    if cell.data_type == "f":
        return Formula()
    value = cell.value
    if cell.data_type == "e":
        return str(value)
    return value if value is None or isinstance(value, Cell) else str(value)
