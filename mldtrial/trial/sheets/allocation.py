"""Reading the file that says which patient is in which arm."""

import csv
from io import StringIO

from mldtrial.trial.sheets.errors import SheetError

COLUMNS = ["subject_code", "arm"]
MAX_BYTES = 1024**2


def read_allocation(content: bytes) -> list[tuple[str, str]]:
    """Return subject code and arm of each row of a CSV file, in the order of the file.

    Raises
    ------
    SheetError
        If the file is no UTF-8 text, or has other columns than subject_code and arm. The
        message never holds a cell.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SheetError("The file cannot be read as UTF-8 text.") from error
    rows = [row for row in csv.reader(StringIO(text, newline="")) if any(map(str.strip, row))]
    if not rows or rows[0] != COLUMNS:
        raise SheetError(
            f"Expected the columns {' and '.join(COLUMNS)}, in this order, and no others."
        )
    for number, row in enumerate(rows[1:], start=1):
        if len(row) != len(COLUMNS):
            raise SheetError(f"Row {number}: expected two cells, found {len(row)}.")
    return [(code.strip(), arm.strip()) for code, arm in rows[1:]]
