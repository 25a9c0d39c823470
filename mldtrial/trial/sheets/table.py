"""A table as read from a file, before anybody has said what its columns mean."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time

from mldtrial.trial.sheets.errors import SheetError

MAX_BYTES = 20 * 1024**2
MAX_ROWS = 50_000
MAX_COLUMNS = 200
MAX_CELL_CHARACTERS = 2000


@dataclass(frozen=True, slots=True)
class Formula:
    """A cell that computes; its value is not in the file for certain."""


Cell = str | int | float | bool | date | datetime | time | Formula | None


@dataclass(frozen=True, slots=True)
class Row:
    """A row with its number in the file; `problem` says why it cannot be read."""

    number: int
    cells: tuple[Cell, ...]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """The columns and rows of a file, and what the reader had to assume, in sentences."""

    header: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = field(default=())


def make_table(numbered: Iterable[tuple[int, Sequence[Cell]]], notes: Sequence[str]) -> Table:
    """Return the table of rows of cells, the first of which that holds something is the header.

    Parameters
    ----------
    numbered : iterable of (int, sequence)
        Rows with their number in the file.

    Raises
    ------
    SheetError
        If there is no header, a name stands twice, or the table is too large.
    """
    rows = _filled(numbered)
    first = next(rows, None)
    if first is None:
        raise SheetError("The file holds no row. Expected a header and rows below it.")
    header = _header(first[1])
    found = []
    for number, cells in rows:
        if len(found) >= MAX_ROWS:
            raise SheetError(f"The file holds more than {MAX_ROWS} rows. Divide it.")
        found.append(_row(number, cells, len(header)))
    if not found:
        raise SheetError("The file holds a header and no row below it.")
    return Table(header, tuple(found), tuple(notes))


def _filled(
    numbered: Iterable[tuple[int, Sequence[Cell]]],
) -> Iterator[tuple[int, tuple[Cell, ...]]]:
    for number, cells in numbered:
        cleaned = tuple(_clean(cell) for cell in cells)
        while cleaned and cleaned[-1] is None:
            cleaned = cleaned[:-1]
        if cleaned:
            yield number, cleaned


def _clean(cell: Cell) -> Cell:
    if not isinstance(cell, str):
        return cell
    return cell.replace("\u00a0", " ").strip() or None


def _header(cells: tuple[Cell, ...]) -> tuple[str, ...]:
    if len(cells) > MAX_COLUMNS:
        raise SheetError(f"The file has {len(cells)} columns; at most {MAX_COLUMNS} are read.")
    names = tuple(
        f"column {place}" if cell is None else str(cell)[:200]
        for place, cell in enumerate(cells, start=1)
    )
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SheetError(f"Two columns are named {twice[0]!r}. Give each column its own name.")
    return names


def _row(number: int, cells: tuple[Cell, ...], width: int) -> Row:
    if len(cells) > width:
        return Row(number, cells[:width], f"The row has {len(cells)} cells, the header {width}.")
    if any(isinstance(cell, str) and len(cell) > MAX_CELL_CHARACTERS for cell in cells):
        return Row(number, (None,) * width, f"A cell has over {MAX_CELL_CHARACTERS} characters.")
    return Row(number, cells + (None,) * (width - len(cells)))
