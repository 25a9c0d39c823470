"""The outcome of a check as a CSV file that a spreadsheet opens without computing anything."""

import csv
import re
from collections.abc import Iterable
from io import StringIO
from typing import Any
from unicodedata import normalize

COLUMNS = ("row", "subject_code", "fate", "column", "found", "text")
FORMULA = re.compile(r"^[-=+@|%]")
UNSEEN = re.compile(r"^[\s\x00-\x1f\x7f\u200b-\u200f\u2060\ufeff]+")


def guarded(text: str) -> str:
    """Return a text with an apostrophe before it where a spreadsheet would compute it."""
    plain = UNSEEN.sub("", normalize("NFKC", text))
    if text[:1] in ("\t", "\r", "\n") or FORMULA.match(plain):
        return f"'{text}"
    return text


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
