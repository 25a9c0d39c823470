"""Take the tables of the longitudinal models out as CSV, and log that they were taken."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from analytics.selectors.longitudinal import Fitted, StratumModels
from analytics.services.longitudinal_notes import (
    notes_of_change,
    notes_of_odds,
    notes_of_patient_odds,
    notes_of_yearly,
)
from analytics.services.table_out import METHOD_COLUMNS, number, of_method, take_out
from analytics.stats.arms_by_visit import VisitEstimate
from analytics.stats.level_odds import LevelOdds, PatientOdds
from analytics.stats.small_samples import KENWARD_ROGER
from analytics.stats.visit_change import VisitChange
from analytics.stats.yearly_change import Rate, YearlyChange
from mldtrial.trial import policies
from mldtrial.trial.models import Study
from mldtrial.trial.rules.formulas import guarded
from segmentation.models import ModelVersion

COLUMNS = (
    "study_code", "acq_stratum", "model", "group", "compared_with", "visit_number", "visit_name",
    "values", "patients", "estimate", "unit", "standard_error", "degrees_of_freedom",
    "degrees_method", "ci_low", "ci_high", "p_value", "covariance", "one_ratio_p_value", "notes",
    "why_none", *METHOD_COLUMNS,
)  # fmt: skip
CHANGE, YEARLY, ODDS, OWN_ODDS, ODDS_WITHIN, OWN_ODDS_WITHIN = (
    "change_by_visit", "change_per_year", "worse_level", "worse_level_of_one_patient",
    "worse_level_within_subtypes", "worse_level_of_one_patient_within_subtypes",
)  # fmt: skip
Row = Mapping[str, str]


def model_tables(
    *,
    study: Study,
    found: Sequence[StratumModels],
    method: ModelVersion | None,
    asked: Mapping[str, str],
    by: Any,
) -> bytes:
    """Return every estimate of the page as a row, and each model that there is not, with why.

    Raises
    ------
    PermissionDenied
        If the person may not view the cohort or export rows.
    """
    for action in ("view_cohort", "export_rows"):
        policies.require(by, action, study)
    of_all = {"study_code": study.code, **dict(zip(METHOD_COLUMNS, of_method(method), strict=True))}
    rows = [{**of_all, "acq_stratum": one.stratum, **row} for one in found for row in _rows(one)]
    return take_out(
        dataset="longitudinal_models",
        columns=COLUMNS,
        rows=[[row.get(column, "") for column in COLUMNS] for row in rows],
        details={"filters": dict(asked)},
        study=study,
        by=by,
    )


def _rows(one: StratumModels) -> Iterator[Row]:
    fitted: dict[str, Fitted] = {
        CHANGE: one.change,
        YEARLY: one.yearly,
        ODDS: one.odds,
        OWN_ODDS: one.own_odds,
        ODDS_WITHIN: one.odds_within,
        OWN_ODDS_WITHIN: one.own_odds_within,
    }
    for name, model in fitted.items():
        if model.found is None:
            yield {"model": name, "why_none": guarded(model.reason)}
    if one.change.found is not None:
        notes = guarded(notes_of_change(one, one.change.found))
        yield from ({**row, "notes": notes} for row in _change(one.change.found))
    if one.yearly.found is not None:
        notes = guarded(notes_of_yearly(one, one.yearly.found))
        yield from ({**row, "notes": notes} for row in _yearly(one.yearly.found))
    for name in (ODDS, OWN_ODDS, ODDS_WITHIN, OWN_ODDS_WITHIN):
        if fitted[name].found is not None:
            yield {"model": name, **_odds(fitted[name].found)}


def _odds(found: LevelOdds | PatientOdds) -> Row:
    shared = {
        "values": str(found.n),
        "patients": str(found.n_patients),
        "estimate": number(found.ratio),
        "unit": "odds ratio for 10 mL",
        "degrees_of_freedom": number(found.degrees),
        "degrees_method": "patients less covariates less one",
        "ci_low": number(found.ci_low),
        "ci_high": number(found.ci_high),
        "p_value": number(found.p_value),
    }
    if isinstance(found, PatientOdds):
        return {
            **shared,
            "covariance": "random intercept of the patient",
            "notes": guarded(notes_of_patient_odds(found)),
        }
    return {
        **shared,
        "covariance": "sandwich over patients (Ford and Westgate)",
        "one_ratio_p_value": number(found.one_ratio_p),
        "notes": guarded(notes_of_odds(found)),
    }


def _change(found: VisitChange) -> Iterator[Row]:
    arms = found.found
    shared = {"model": CHANGE, "unit": "mL", "covariance": arms.model.structure}
    for estimates, reference in ((arms.means, ""), (arms.differences, str(arms.reference))):
        for one in estimates:
            yield {**shared, **_of_visit(one), "compared_with": guarded(reference)}


def _of_visit(one: VisitEstimate) -> Row:
    visit_number, name = cast(tuple[float, str], one.visit)
    return {
        "group": guarded(str(one.arm)),
        "visit_number": f"{visit_number:g}",
        "visit_name": guarded(name),
        # At one visit a patient has one value.
        "values": str(one.n),
        "patients": str(one.n),
        **_numbers(one),
    }


def _yearly(found: YearlyChange) -> Iterator[Row]:
    shared = {"model": YEARLY, "unit": "mL per year", "covariance": f"random {found.random}"}
    for rates, reference in ((found.rates, ""), (found.differences, found.reference)):
        for one in rates:
            yield {
                **shared,
                "group": guarded(one.group),
                "compared_with": guarded(reference),
                "values": str(one.n),
                "patients": str(one.n_patients),
                **_numbers(one),
            }


def _numbers(one: VisitEstimate | Rate) -> Row:
    return {
        "estimate": number(one.estimate),
        "standard_error": number(one.standard_error),
        "degrees_of_freedom": number(one.degrees),
        "degrees_method": KENWARD_ROGER,
        "ci_low": number(one.ci_low),
        "ci_high": number(one.ci_high),
        "p_value": number(one.p_value),
    }
