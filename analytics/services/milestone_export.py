"""Take the times behind the milestone curves out as a table, and log that they were taken."""

from collections.abc import Sequence
from typing import Any

from analytics.selectors.milestone_question import Question
from analytics.selectors.milestone_results import episodes_of
from analytics.selectors.milestones import MilestonePart, Watched
from analytics.services.table_out import METHOD_COLUMNS, number, of_method, take_out
from analytics.stats.milestones import LATEST, PLACES, Milestone
from mldtrial.trial import policies
from mldtrial.trial.models import Study
from mldtrial.trial.rules.formulas import guarded
from segmentation.models import ModelVersion

COLUMNS = (
    "study_code", "site_code", "subject_code", "subtype", "gmfc_mld_milestone", "clock", "group",
    "entry_months", *(f"end_{place}_months" for place in PLACES),
    *(f"milestone_reached_{place}" for place in PLACES), "better_again_later",
    "acq_stratum", "baseline_load_ml", "why_left_out",
    *METHOD_COLUMNS,
)  # fmt: skip
NOT_AT_RISK = "no time at risk in what is asked for"


def milestone_times(
    *, study: Study, part: MilestonePart, method: ModelVersion | None, by: Any
) -> bytes:
    """Return a row for each time at risk, and for each patient left out with why, and log it.

    Each of the three days that are taken for a milestone has its own end and says whether the
    milestone is reached at it: where the times are cut at a therapy, it may fall into another part.
    Both are empty where the part then has no time.

    Parameters
    ----------
    method : ModelVersion or None
        Whose loads are the covariate; None where no load is.

    Raises
    ------
    PermissionDenied
        If the person may not view the cohort, export rows, or see single patients.
    """
    for action in ("view_cohort", "export_rows", "view_patient"):
        policies.require(by, action, study)
    of_all = of_method(method)
    rows = [[*row, *of_all] for one in part.watched for row in _rows(study, one, part.question)]
    return take_out(
        dataset="cohort_milestones",
        columns=COLUMNS,
        rows=rows,
        details={"filters": part.question.asked},
        study=study,
        by=by,
    )


def _rows(study: Study, one: Watched, question: Question) -> list[list[str]]:
    of_whom = [
        study.code,
        one.site_code,
        guarded(one.subject_code),
        one.subtype,
        str(question.level),
        question.clock,
    ]
    if not isinstance(one.reached, Milestone):
        return [_left_out(of_whom, question, one.reached)]
    by_place = {
        place: {(str(part.group), part.entry): part for part in episodes_of(one, question, place)}
        for place in PLACES
    }
    rows = []
    for key, part in by_place[LATEST].items():
        placed = [by_place[place].get(key) for place in PLACES]
        is_reached = any(one is not None and one.event for one in placed)
        rows.append(
            [
                *of_whom,
                guarded(str(part.group)),
                number(part.entry),
                *("" if own is None else number(own.end) for own in placed),
                *("" if own is None else str(int(own.event)) for own in placed),
                "1" if is_reached and one.reached.recovered else "0",
                question.load_stratum,
                number(part.load_ml),
                "",
            ]
        )
    return rows or [_left_out(of_whom, question, NOT_AT_RISK)]


def _left_out(of_whom: Sequence[str], question: Question, why: str) -> list[str]:
    empty = [""] * (len(COLUMNS) - len(METHOD_COLUMNS) - len(of_whom) - 3)
    return [*of_whom, *empty, question.load_stratum, "", why]
