"""Read a table from the bytes of a file, whatever its name says."""

from mldtrial.trial.sheets.csv_file import read_csv
from mldtrial.trial.sheets.errors import SheetError
from mldtrial.trial.sheets.table import MAX_BYTES, Table
from mldtrial.trial.sheets.xlsx_file import read_xlsx

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


def read_table(content: bytes) -> Table:
    """Return the table of a workbook (.xlsx) or of a CSV file.

    Raises
    ------
    SheetError
        If it is empty, too large, or neither; the message says what to do.
    """
    if not content.strip():
        raise SheetError("The file is empty.")
    if len(content) > MAX_BYTES:
        raise SheetError(f"The file is larger than {MAX_BYTES // 1024**2} MB. Divide it.")
    if content.startswith(OLE):
        raise SheetError(
            "This is an old workbook (.xls), or one with a password. Save it as .xlsx, without one."
        )
    return read_xlsx(content) if content.startswith(ZIP) else read_csv(content)
