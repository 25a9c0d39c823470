"""Take the loads of two methods out as a table, and log that they were taken."""

import csv
import hashlib
from collections.abc import Sequence
from io import StringIO
from typing import Any

from analytics.selectors.impact import Row
from analytics.selectors.loads import LoadPoint
from mldtrial.audit.models import AccessAction
from mldtrial.trial import policies
from mldtrial.trial.models import Study
from mldtrial.trial.rules.formulas import guarded
from mldtrial.trial.services import access
from segmentation.models import ModelVersion

DATASET = "model_impact"
COLUMNS = (
    "study_code", "site_code", "subject_code", "visit_number", "visit_name", "visit_date",
    "acq_stratum", "counted_method", "counted_run_id", "counted_load_ml", "other_method",
    "other_run_id", "other_load_ml", "difference_ml", "difference_percent", "why_not_compared",
    "held", "in_training_set_of_other",
)  # fmt: skip


def export(*, study: Study, model: ModelVersion, rows: Sequence[Row], by: Any) -> bytes:
    """Return rows of the impact of a method as CSV, in their order, and log it.

    Raises
    ------
    PermissionDenied
        If the person may not see the impact, or not export rows, of this study.
    """
    policies.require(by, "view_impact", study)
    policies.require(by, "export_rows", study)
    buffer = StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows(_line(study, model, row) for row in rows)
    content = buffer.getvalue().encode()
    details = {
        "dataset": DATASET,
        "model": str(model),
        "row_count": len(rows),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    access.log(AccessAction.EXPORT_DONE, by=by, study=study, details=details)
    return content


def _line(study: Study, model: ModelVersion, row: Row) -> list[str]:
    visit = row.visit
    counted, other = row.counted, row.other
    return [
        study.code,
        row.site_code,
        guarded(row.subject_code),
        f"{visit.visit_number:g}",
        guarded(visit.visit_name),
        visit.visit_date.isoformat(),
        visit.acq_stratum,
        "" if counted is None else guarded(counted.model),
        *_run_and_load(counted),
        guarded(str(model)),
        *_run_and_load(other),
        _number(row.difference_ml),
        _number(row.difference_percent),
        "" if row.gap is None else guarded(row.gap.words),
        row.held,
        {True: "Y", False: "N", None: ""}[row.is_trained_on],
    ]


def _run_and_load(point: LoadPoint | None) -> list[str]:
    return ["", ""] if point is None else [str(point.run_id), _number(point.load_ml)]


def _number(value: float | None) -> str:
    return "" if value is None else repr(value)
