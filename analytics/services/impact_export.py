"""Take the loads of two methods out as a table, and log that they were taken."""

from collections.abc import Sequence
from typing import Any

from analytics.selectors.impact import Row
from analytics.selectors.loads import LoadPoint
from analytics.services.table_out import number, take_out
from mldtrial.trial import policies
from mldtrial.trial.models import Study
from mldtrial.trial.rules.formulas import guarded
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
    return take_out(
        dataset=DATASET,
        columns=COLUMNS,
        rows=[_line(study, model, row) for row in rows],
        details={"model": str(model)},
        study=study,
        by=by,
    )


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
        number(row.difference_ml),
        number(row.difference_percent),
        "" if row.gap is None else guarded(row.gap.words),
        row.held,
        {True: "Y", False: "N", None: ""}[row.is_trained_on],
    ]


def _run_and_load(point: LoadPoint | None) -> list[str]:
    return ["", ""] if point is None else [str(point.run_id), number(point.load_ml)]
