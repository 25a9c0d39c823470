"""What a person has declared about a table: its columns, formats and how to treat the unknown."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mldtrial.trial.sheets.cells import DateOrder, DecimalSign, Formats
from mldtrial.trial.sheets.errors import SheetError
from mldtrial.trial.sheets.targets import ITEM, SUBJECT, TOTAL, VISIT_DATE, Group, guess, targets


@dataclass(frozen=True, slots=True)
class Layout:
    """The declaration that belongs to a file.

    Attributes
    ----------
    columns : mapping
        From a column's name to the key of its target; a column that is not there is left out.
    creates_patients : bool
        Whether a subject that the study does not know is added or refused.
    site_code : str
        The site of whoever has none in the table; empty to refuse them.
    """

    columns: Mapping[str, str]
    formats: Formats = field(default_factory=Formats)
    creates_patients: bool = False
    site_code: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the declaration as it is kept with the import."""
        return {
            "columns": dict(self.columns),
            "date_order": self.formats.date_order.value,
            "decimal_sign": self.formats.decimal_sign.value,
            "creates_patients": self.creates_patients,
            "site_code": self.site_code,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Layout":
        """Return a kept declaration."""
        return cls(
            columns={str(k): str(v) for k, v in kept.get("columns", {}).items()},
            formats=Formats(
                DateOrder(kept.get("date_order", DateOrder.ISO)),
                DecimalSign(kept.get("decimal_sign", DecimalSign.POINT)),
            ),
            creates_patients=bool(kept.get("creates_patients", False)),
            site_code=str(kept.get("site_code", "")),
        )

    def column_of(self, target: str) -> str:
        """Return the name of the column of a target; empty where it has none."""
        return next((name for name, key in self.columns.items() if key == target), "")


def guessed(header: Iterable[str], before: Mapping[str, str]) -> dict[str, str]:
    """Return targets for the columns of a header: as an earlier import had them, else by name.

    No target is given twice; of two columns that speak of it the first has it.
    """
    found: dict[str, str] = {}
    for name in header:
        target = before[name] if name in before else guess(name)
        if target in targets() and target not in found.values():
            found[name] = target
    return found


def check(layout: Layout) -> None:
    """Refuse a declaration from which no row could be read.

    Raises
    ------
    SheetError
        If a target has two columns, is unknown, or lacks another one that it needs.
    """
    chosen = list(layout.columns.values())
    if unknown := sorted(set(chosen) - set(targets())):
        raise SheetError(f"Unknown meaning of a column: {unknown[0]}.")
    if twice := sorted({key for key in chosen if chosen.count(key) > 1}):
        raise SheetError(f"Two columns are given as {targets()[twice[0]].label!r}. Choose one.")
    if SUBJECT not in chosen:
        raise SheetError("Say which column holds the subject code.")
    _check_what_hangs_together(chosen)


def _check_what_hangs_together(chosen: list[str]) -> None:
    groups = {targets()[key].group for key in chosen}
    if groups & {Group.GMFC, Group.ELFC, Group.SEVERITY, Group.VISIT} and VISIT_DATE not in chosen:
        raise SheetError("Scores belong to a visit: say which column holds its date.")
    if Group.TREATMENT in groups and not {"treatment_kind", "treatment_started_on"} <= set(chosen):
        raise SheetError("A treatment needs a column with its kind and one with its start.")
    has_item = any(key.startswith(ITEM) and key != TOTAL for key in chosen)
    if TOTAL in chosen and not has_item:
        raise SheetError(
            "A total of the MRI severity score cannot be checked without its items: choose the "
            "columns of the items, or leave the total out."
        )
