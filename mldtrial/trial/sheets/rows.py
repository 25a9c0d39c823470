"""What the rows of a table say under a layout, and what is wrong at which cell."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from mldtrial.trial.rules.severity import severity_instrument
from mldtrial.trial.sheets.cells import as_text
from mldtrial.trial.sheets.errors import CellError
from mldtrial.trial.sheets.layout import Layout
from mldtrial.trial.sheets.table import Cell, Row, Table
from mldtrial.trial.sheets.targets import SUBJECT, TOTAL, VISIT_DATE, Group, Target, targets


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a row is refused: the column (empty for the whole row), what stands there, the reason."""

    column: str
    shown: str
    reason: str


@dataclass(slots=True)
class Reading:
    """One row: its values by record, empty cells left out, and its faults."""

    number: int
    subject_code: str = ""
    values: dict[Group, dict[str, Any]] = field(default_factory=dict)
    shown: dict[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def read_rows(table: Table, layout: Layout) -> Iterator[Reading]:
    """Yield what each row says; nothing is raised for what is wrong in a row."""
    columns = [
        (place, name, targets()[layout.columns[name]])
        for place, name in enumerate(table.header)
        if name in layout.columns
    ]
    for row in table.rows:
        yield _read(row, columns, layout)


def _read(row: Row, columns: list[tuple[int, str, Target]], layout: Layout) -> Reading:
    found = Reading(row.number)
    if row.problem:
        found.faults.append(Fault("", "", row.problem))
        return found
    for place, name, target in columns:
        cell = row.cells[place]
        if cell is not None:
            _take(found, name, target, cell, layout)
    found.subject_code = found.values.get(Group.PATIENT, {}).pop(SUBJECT, "")
    _check_whole(found, layout)
    return found


def _take(found: Reading, name: str, target: Target, cell: Cell, layout: Layout) -> None:
    found.shown[target.key] = as_text(cell)[:100]
    try:
        value = target.read(cell, layout.formats)
    except CellError as error:
        found.faults.append(Fault(name, found.shown[target.key], str(error)))
        return
    found.values.setdefault(target.group, {})[target.field] = value


def _check_whole(found: Reading, layout: Layout) -> None:
    """Name what a row lacks, unless the cell itself is at fault already."""
    if not found.subject_code and SUBJECT not in found.shown:
        found.faults.append(Fault(layout.column_of(SUBJECT), "", "the subject code is missing"))
    needs_visit = {Group.GMFC, Group.ELFC, Group.SEVERITY, Group.VISIT} & set(found.values)
    if needs_visit and VISIT_DATE not in found.shown:
        found.faults.append(
            Fault(layout.column_of(VISIT_DATE), "", "the date of the visit is missing")
        )
    treatment = [key for key in found.shown if targets()[key].group is Group.TREATMENT]
    for key in ("treatment_kind", "treatment_started_on"):
        if treatment and key not in found.shown:
            found.faults.append(
                Fault(layout.column_of(key), "", f"{targets()[key].label} is missing")
            )
    severity = found.values.get(Group.SEVERITY, {})
    if set(severity) == {"total"}:
        found.faults.append(
            Fault(
                layout.column_of(TOTAL),
                found.shown[TOTAL],
                "a total without any of its items cannot be checked",
            )
        )


def items_of(severity: dict[str, Any]) -> dict[str, int | None]:
    """Return the MRI items of a row; one that is empty was not evaluable, which is not zero."""
    return {item.key: severity.get(item.key) for item in severity_instrument().items}
