"""How far the loads of a cohort have changed since the first planned visit, visit by visit."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from analytics.selectors.correlations import too_small
from analytics.selectors.loads import LoadPoint
from analytics.stats.errors import NotEstimableError
from analytics.stats.mean_change import MeanChange, mean_change
from mldtrial.trial.models import AcqStratum

Visit = tuple[float, str]
"""Number and name of a planned visit."""


@dataclass(frozen=True, slots=True)
class VisitChange:
    """The change of one stratum from baseline to a visit; `found` is None where `reason` says why.

    Attributes
    ----------
    n_treated : int
        Of the patients, those who had begun a treatment by then.
    """

    stratum: str
    baseline: str
    visit_name: str
    n: int
    n_treated: int
    found: MeanChange | None
    reason: str


def by_visit(series: Sequence[LoadPoint], *, smallest_group: int) -> list[VisitChange]:
    """Return the change of load from the first planned visit to each later one, 3D and 2D apart.

    Each patient who has a load of the same stratum at both counts once; loads at visits that were
    not planned are left out.

    Parameters
    ----------
    smallest_group : int
        Patients below which nothing is shown to this person.
    """
    planned = [load for load in series if load.is_planned]
    visits = sorted({_visit(load) for load in planned})
    if len(visits) < 2:
        return []
    return [
        change
        for stratum in AcqStratum.values
        for change in _of_stratum(
            [load for load in planned if load.acq_stratum == stratum], visits, smallest_group
        )
    ]


def _visit(load: LoadPoint) -> Visit:
    return load.visit_number, load.visit_name


def _of_stratum(
    loads: Sequence[LoadPoint], visits: Sequence[Visit], smallest: int
) -> list[VisitChange]:
    stratum = loads[0].acq_stratum if loads else ""
    at: dict[Visit, dict[UUID, LoadPoint]] = defaultdict(dict)
    for load in loads:
        at[_visit(load)][load.patient_id] = load
    first = at[visits[0]]
    found = []
    for visit in visits[1:]:
        pairs = [(first[key], later) for key, later in at[visit].items() if key in first]
        if pairs:
            found.append(_change(stratum, visits[0][1], visit[1], pairs, smallest))
    return found


def _change(
    stratum: str,
    baseline: str,
    visit_name: str,
    pairs: Sequence[tuple[LoadPoint, LoadPoint]],
    smallest: int,
) -> VisitChange:
    if len(pairs) < smallest:
        return VisitChange(stratum, baseline, visit_name, 0, 0, None, too_small(smallest))
    n_treated = sum(later.is_after_treatment for _, later in pairs)
    try:
        change = mean_change([later.load_ml - before.load_ml for before, later in pairs])
    except NotEstimableError as error:
        reason = str(error)
        return VisitChange(stratum, baseline, visit_name, len(pairs), n_treated, None, reason)
    return VisitChange(stratum, baseline, visit_name, len(pairs), n_treated, change, "")
