"""Take the data behind a figure of the cohort out as a table, and log that it was taken."""

from collections.abc import Sequence
from typing import Any

from analytics.selectors.cohort import CohortPoint, Filters
from analytics.selectors.columns import Columns
from analytics.selectors.correlations import Relation
from analytics.selectors.load_columns import LoadColumns
from analytics.services.table_out import METHOD_COLUMNS, number, of_method, take_out
from mldtrial.trial import policies
from mldtrial.trial.models import Study
from mldtrial.trial.rules.formulas import guarded
from segmentation.models import ModelVersion

SCAN_COLUMNS = (
    "study_code", "site_code", "subject_code", "visit_number", "visit_name", "visit_date",
    "age_months", "subtype", "documented_therapies_before_scan", "acq_stratum", "run_id", "method",
    "demyelination_load_ml",
)  # fmt: skip
SCORE_COLUMNS = {
    "load-gmfc": {
        "gmfc_mld_level": "gmfc_level",
        "gmfc_mld_days_after_scan": "gmfc_gap_days",
    },
    "load-severity": {"mri_severity_score": "severity_total"},
    "load-elfc": {
        "elfc_mld_level": "elfc_level",
        "elfc_mld_days_after_scan": "elfc_gap_days",
    },
    # The age is among the columns of every scan.
    "load-age": {},
}
"""By relation, what stands beside the load, and of which value of a point."""


def scans(
    *,
    study: Study,
    figure: str,
    relation: Relation,
    columns: Columns,
    loads: LoadColumns,
    method: ModelVersion | None,
    filters: Filters,
    by: Any,
) -> bytes:
    """Return the scans that a figure shows as CSV, in their order, and log it.

    Parameters
    ----------
    loads : LoadColumns
        What the points are made of, in the same order.
    method : ModelVersion or None
        Whose loads they are.

    Raises
    ------
    PermissionDenied
        If the person may not view the cohort, export rows, or see single patients.
    """
    scores = SCORE_COLUMNS[relation.name]
    lines = [
        [
            *_scan(study, point, loads, row),
            *(number(getattr(point, name)) for name in scores.values()),
            *of_method(method),
        ]
        for row, point in enumerate(columns.points())
    ]
    return taken(study, figure, filters, by, (*SCAN_COLUMNS, *scores, *METHOD_COLUMNS), lines)


def taken(
    study: Study,
    figure: str,
    filters: Filters,
    by: Any,
    columns: Sequence[str],
    lines: Sequence[Sequence[str]],
) -> bytes:
    """Return the data of a figure or a table of the cohort page as CSV, and log it.

    Raises
    ------
    PermissionDenied
        If the person may not view the cohort, export rows, or see single patients.
    """
    for action in ("view_cohort", "export_rows", "view_patient"):
        policies.require(by, action, study)
    return take_out(
        dataset=f"cohort_{figure}",
        columns=columns,
        rows=lines,
        details={"filters": filters.asked},
        study=study,
        by=by,
    )


def _scan(study: Study, point: CohortPoint, loads: LoadColumns, row: int) -> list[str]:
    return [
        study.code,
        point.site_code,
        guarded(point.subject_code),
        f"{loads.visit_number[row]:g}",
        guarded(point.visit_name),
        str(loads.visit_date[row]),
        number(point.age_months),
        point.subtype,
        " ".join(point.therapies),
        point.acq_stratum,
        str(point.run_id),
        guarded(str(loads.method)),
        number(point.load_ml),
    ]
