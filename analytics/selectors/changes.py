"""How far the loads of a cohort have changed since the first planned visit, visit by visit."""

from dataclasses import dataclass

import numpy as np

from analytics.selectors.correlations import too_small
from analytics.selectors.load_columns import Codes, LoadColumns, Mask
from analytics.selectors.planned_visits import baseline_of, visits_of
from analytics.stats.errors import NotEstimableError
from analytics.stats.mean_change import MeanChange, mean_change
from mldtrial.trial.models import AcqStratum

NONE = -1
"""Stands for the row of a patient who has none."""


@dataclass(frozen=True, slots=True)
class VisitChange:
    """The change of one stratum from baseline to a visit; `found` is None where `reason` says why.

    Attributes
    ----------
    visit_number : float
        By which visits are in order; two of them may have one name.
    n_treated : int
        Of the patients, those who had begun a treatment by then.
    """

    stratum: str
    baseline: str
    visit_number: float
    visit_name: str
    n: int
    n_treated: int
    found: MeanChange | None
    reason: str


def by_visit(loads: LoadColumns, *, smallest_group: int) -> list[VisitChange]:
    """Return the change of load from the first planned visit that is no rare one to each later one.

    3D and 2D are apart, each with a baseline of its own, as in the models of change
    (`planned_visits.baseline_of`). Each patient who has a load of the same stratum at both counts
    once; loads at visits that were not planned are left out.

    Parameters
    ----------
    smallest_group : int
        Patients below which nothing is shown to this person.
    """
    planned = loads.take(loads.is_planned)
    visits, visit = visits_of(planned)
    found = []
    for stratum in AcqStratum.values:
        here = planned.stratum == stratum
        seen = zip(visit[here].tolist(), planned.patient[here].tolist(), strict=True)
        baseline = baseline_of((visits[place], patient) for place, patient in seen)
        if baseline is None:
            continue
        order = range(visits.index(baseline), len(visits))
        _, first = baseline
        at = [_row_of_each(planned, here & (visit == number)) for number in order]
        for place, rows in zip(order[1:], at[1:], strict=True):
            both = (at[0] != NONE) & (rows != NONE)
            if both.any():
                of = (stratum, first, *visits[place])
                found.append(_change(planned, of, (at[0][both], rows[both]), smallest_group))
    return found


def _row_of_each(loads: LoadColumns, here: Mask) -> Codes:
    """Return the row that each patient has among some; the last of several."""
    rows = np.full(len(loads.patient_ids), NONE, np.intp)
    rows[loads.patient[here]] = np.flatnonzero(here)
    return rows


def _change(
    loads: LoadColumns,
    of: tuple[str, str, float, str],
    pairs: tuple[Codes, Codes],
    smallest: int,
) -> VisitChange:
    first, later = pairs
    if later.size < smallest:
        return VisitChange(*of, 0, 0, None, too_small(smallest))
    n_treated = int(loads.is_after_treatment[later].sum())
    try:
        change = mean_change(loads.load_ml[later] - loads.load_ml[first])
    except NotEstimableError as error:
        return VisitChange(*of, later.size, n_treated, None, str(error))
    return VisitChange(*of, later.size, n_treated, change, "")
