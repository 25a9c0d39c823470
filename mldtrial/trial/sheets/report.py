"""The outcome of a check as a CSV file that a spreadsheet opens without computing anything."""

import csv
from collections.abc import Iterable
from io import StringIO
from typing import Any

from mldtrial.trial.rules.formulas import guarded

COLUMNS = ("row", "subject_code", "fate", "column", "found", "text")


def as_csv(rows: Iterable[dict[str, Any]]) -> str:
    """Return a line for each fault, change, addition and note of each row (RFC 4180)."""
    out = StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for row in rows:
        for column, found, text in _lines(row):
            words = [guarded(str(part)) for part in (row["subject_code"], row["fate"])]
            writer.writerow([row["number"], *words, guarded(column), guarded(found), guarded(text)])
    return out.getvalue()


def _lines(row: dict[str, Any]) -> list[tuple[str, str, str]]:
    lines = [(column, found, reason) for column, found, reason in row["faults"]]
    lines += [(what, "", f"{old} -> {new}") for what, old, new in row["changes"]]
    lines += [("", "", f"new: {part}") for part in row["parts"]]
    lines += [("", "", note) for note in row["notes"]]
    return lines or [("", "", "")]
