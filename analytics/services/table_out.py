"""Write a table that a person takes out as CSV, and log that it was taken."""

import csv
import hashlib
from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any

from mldtrial.audit.models import AccessAction
from mldtrial.trial.models import Study
from mldtrial.trial.rules.formulas import guarded
from mldtrial.trial.services import access
from segmentation.models import ModelVersion

METHOD_COLUMNS = ("method_version", "is_demonstration_model")
"""At the end of every row whose numbers rest on loads."""


def of_method(method: ModelVersion | None) -> list[str]:
    """Return the method whose loads count and whether it is for demonstration, Y or N."""
    if method is None:
        return ["", ""]
    return [guarded(str(method)), "Y" if method.is_demonstration else "N"]


def take_out(
    *,
    dataset: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    details: Mapping[str, Any],
    study: Study,
    by: Any,
) -> bytes:
    """Return a table as CSV with its head, and log it with its hash; who may, the caller asks.

    Parameters
    ----------
    rows : sequence of sequence of str
        What a person typed is guarded already (`rules.formulas`).
    details : mapping
        What the log says besides the name of the table, its number of rows and its sha256.
    """
    buffer = StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerows([columns, *rows])
    content = buffer.getvalue().encode()
    told = {
        "dataset": dataset,
        **details,
        "row_count": len(rows),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    access.log(AccessAction.EXPORT_DONE, by=by, study=study, details=told)
    return content


def number(value: float | None) -> str:
    """Return a number with every digit, and nothing for one that is absent."""
    return "" if value is None else repr(value)
