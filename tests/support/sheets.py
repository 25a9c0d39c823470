"""Tables as sites send them."""

import csv
from collections.abc import Sequence
from io import BytesIO, StringIO
from typing import Any

import openpyxl

from mldtrial.trial.rules.severity import severity_instrument

HEADER = ("subject", "site", "Geschlecht", "Geburtsdatum", "onset", "Untersuchungsdatum", "GMFC")
ITEMS = tuple(item.key for item in severity_instrument().items)


def xlsx(*rows: Sequence[Any]) -> bytes:
    """Return a workbook with one sheet."""
    book = openpyxl.Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(list(row))
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def as_csv(*rows: Sequence[Any], separator: str = ",", encoding: str = "utf-8") -> bytes:
    """Return the same as CSV."""
    out = StringIO(newline="")
    csv.writer(out, delimiter=separator).writerows(rows)
    return out.getvalue().encode(encoding)
