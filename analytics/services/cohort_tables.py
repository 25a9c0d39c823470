"""Take the tables of the cohort page out as CSV: correlations, measures, courses, causes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from analytics.selectors import estimates
from analytics.selectors.causes import Causes
from analytics.selectors.changes import VisitChange
from analytics.selectors.cohort import Filters
from analytics.selectors.correlations import RELATIONS, WHOLE, Relation, Row
from analytics.selectors.derived import DerivedRow
from analytics.selectors.estimates import Estimate
from analytics.selectors.relations import Estimated
from analytics.services.cohort_export import SCORE_COLUMNS, taken
from analytics.services.rising import Rising
from analytics.services.table_out import METHOD_COLUMNS, number, of_method
from mldtrial.trial.models import Study
from mldtrial.trial.rules.formulas import guarded
from segmentation.models import ModelVersion

CORRELATION_COLUMNS = (
    "study_code", "measure", "score", "acq_stratum", "subtype", "scans", "patients",
    "spearman_rho", "rho_ci_low", "rho_ci_high", "why_none", *METHOD_COLUMNS,
    "estimate", "estimate_value", "estimate_ci_low", "estimate_ci_high", "estimate_unit",
    "estimate_patients_differ_in", "why_no_slopes",
)  # fmt: skip
DERIVED_COLUMNS = (
    "study_code", "measure", "score", "acq_stratum", "scans", "patients", "spearman_rho",
    "why_none", *METHOD_COLUMNS, "score_taken_as", "kendall_tau_b",
)  # fmt: skip
COURSE_COLUMNS = (
    "study_code", "table", "acq_stratum", "baseline_visit", "visit_name", "patients",
    "patients_after_treatment", "quantity", "unit", "value", "ci_low", "ci_high", "why_none",
    *METHOD_COLUMNS,
)  # fmt: skip
CAUSE_COLUMNS = (
    "study_code", "due_to", "falls_untreated", "falls_after_treatment", "percent_of_decided",
    "why_none", *METHOD_COLUMNS,
)  # fmt: skip
MEASURE = "demyelination_load_ml"
PENDING = "the interval is being computed"
FAILED = "the interval could not be computed"


def correlations(
    *,
    study: Study,
    figure: str,
    found: Sequence[Estimated],
    method: ModelVersion | None,
    is_given_up: bool,
    filters: Filters,
    by: Any,
) -> bytes:
    """Return the correlations of the tables as CSV, and log it.

    Parameters
    ----------
    is_given_up : bool
        Whether intervals that are not there are computed no more.

    Raises
    ------
    PermissionDenied
        As `cohort_export.taken`.
    """
    lacking = FAILED if is_given_up else PENDING

    def line(one: Estimated, row: Row | Estimate, named: _Named) -> list[str]:
        numbers = [number(value) for value in (named.value, row.ci_low, row.ci_high)]
        return [
            study.code,
            MEASURE,
            _name(one.relation),
            named.stratum,
            named.subtype,
            str(row.n),
            str(row.n_patients),
            *(numbers if named.estimate == estimates.POOLED else [""] * len(numbers)),
            lacking if row.is_pending else guarded(row.reason),
            *of_method(method),
            named.estimate.replace("-", "_"),
            *numbers,
            UNITS.get(named.estimate, "rho").format(score=_name(one.relation)),
            *(_differing(row) if isinstance(row, Estimate) else ("", "")),
        ]

    lines = []
    for one in found:
        for row in one.rows:
            pooled = _Named(estimates.POOLED, row.stratum, row.subtype, row.rho)
            lines.append(line(one, row, pooled))
        for side in one.side_by_side:
            for name, cell in side.estimates.items():
                # The pooled one has its rows already, by subtype too.
                if name != estimates.POOLED:
                    named = _Named(name, side.stratum, filters.subtype, cell.value)
                    lines.append(line(one, cell, named))
    return taken(study, figure, filters, by, CORRELATION_COLUMNS, lines)


def _differing(cell: Estimate) -> tuple[str, str]:
    return cell.random, guarded(cell.why_no_slopes)


UNITS = {estimates.WITHIN: "r", estimates.MIXED: "mL per step of {score}"}
"""Of an estimate that is no rank correlation."""


@dataclass(frozen=True, slots=True)
class _Named:
    """Which estimate of whom a row holds, and its value."""

    estimate: str
    stratum: str
    subtype: str
    value: float | None


def courses(
    *,
    study: Study,
    figure: str,
    changes: Sequence[VisitChange],
    rising: Sequence[Rising],
    method: ModelVersion | None,
    filters: Filters,
    by: Any,
) -> bytes:
    """Return the change by visit and how the courses rise as CSV, a row a number, and log it.

    Raises
    ------
    PermissionDenied
        As `cohort_export.taken`.
    """
    lines = [
        [study.code, *line, *of_method(method)]
        for line in (
            *(line for one in changes for line in _of_change(one)),
            *(line for one in rising for line in _of_courses(one)),
        )
    ]
    return taken(study, figure, filters, by, COURSE_COLUMNS, lines)


def _of_change(one: VisitChange) -> list[list[str]]:
    whose = ["change_by_visit", one.stratum, guarded(one.baseline), guarded(one.visit_name)]
    counted = [str(one.n), str(one.n_treated)]
    found = one.found
    if found is None:
        return [[*whose, *counted, "change", "mL", "", "", "", guarded(one.reason)]]
    interval = map(number, (found.mean, found.ci_low, found.ci_high))
    return [
        [*whose, *counted, "mean_change", "mL", *interval, ""],
        [*whose, *counted, "median_change", "mL", number(found.median), "", "", ""],
    ]


def _of_courses(one: Rising) -> list[list[str]]:
    whose = ["courses_that_rise", one.stratum, "", ""]
    found = one.found
    if found is None:
        return [[*whose, "", "", "courses", "", "", "", "", guarded(one.reason)]]
    trend = found.trend
    numbers: dict[str, tuple[float | None, str]] = {
        "next_scans": (found.n_pairs, ""),
        "next_scans_after_treatment": (found.n_pairs_after_treatment, ""),
        "share_of_patients_without_fall": (found.share_subjects_not_falling, "share"),
        "share_of_patients_without_fall_beyond_noise": (found.share_subjects_within_noise, "share"),
        "share_not_lower": (found.share_not_falling, "share"),
        "share_within_noise": (found.share_within_noise, "share"),
        "trend_z": (None if trend is None else trend.z, ""),
        "trend_p": (None if trend is None else trend.p_value, ""),
        "median_largest_fall": (found.median_drawdown, "mL"),
        "median_residual": (found.median_isotonic_residual, "share"),
    }
    return [
        [*whose, str(found.n_subjects), "", name, unit, number(value), "", "",
         "" if value is not None else "not estimable"]
        for name, (value, unit) in numbers.items()
    ]  # fmt: skip


def causes(
    *, study: Study, figure: str, found: Causes, method: ModelVersion | None, by: Any
) -> bytes:
    """Return what the falls of a whole study were due to as CSV, and log it.

    Raises
    ------
    PermissionDenied
        As `cohort_export.taken`.
    """
    rows = [
        [one.name, str(one.untreated), str(one.after_treatment), number(one.percent), ""]
        for one in found.rows
    ]
    if found.reason:
        rows = [["", "", "", "", guarded(found.reason)]]
    lines = [[study.code, *row, *of_method(method)] for row in rows]
    return taken(study, figure, WHOLE, by, CAUSE_COLUMNS, lines)


def derived(
    *,
    study: Study,
    figure: str,
    found: Sequence[DerivedRow],
    method: ModelVersion | None,
    filters: Filters,
    by: Any,
) -> bytes:
    """Return the correlations of the derived measures as CSV, and log it.

    Raises
    ------
    PermissionDenied
        As `cohort_export.taken`.
    """
    lines = [
        [
            study.code,
            row.derived.key,
            _name(relation),
            row.stratum,
            str(cell.row.n),
            str(cell.row.n_patients),
            number(cell.row.rho),
            guarded(cell.row.reason),
            *of_method(method),
            cell.score_taken,
            number(cell.tau_b),
        ]
        for row in found
        for relation, cell in zip(RELATIONS.values(), row.cells, strict=True)
    ]
    return taken(study, figure, filters, by, DERIVED_COLUMNS, lines)


def _name(relation: Relation) -> str:
    return next(iter(SCORE_COLUMNS[relation.name]), "age_months")
