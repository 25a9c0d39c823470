"""How monotone the courses of a cohort are, by stratum: what the disease would have them be."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from analytics.selectors.loads import LoadPoint
from analytics.services import findings
from analytics.stats.errors import NotEstimableError
from analytics.stats.monotone_shares import StudyMonotonicity, study_monotonicity
from mldtrial.trial.models import AcqStratum, Study


@dataclass(frozen=True, slots=True)
class Rising:
    """The courses of one stratum; `found` is None where `reason` says why."""

    stratum: str
    found: StudyMonotonicity | None
    reason: str


def rising(series: Sequence[LoadPoint], study: Study, *, smallest_group: int) -> list[Rising]:
    """Return how monotone the courses are, for scans of 3D and of 2D apart.

    Parameters
    ----------
    series : sequence of LoadPoint
        By patient and age, as `loads.study_loads` returns them.
    smallest_group : int
        Patients below which nothing is shown to this person.
    """
    return [
        _rising(
            stratum, [load for load in series if load.acq_stratum == stratum], study, smallest_group
        )
        for stratum in AcqStratum.values
    ]


def _rising(stratum: str, series: Sequence[LoadPoint], study: Study, smallest_group: int) -> Rising:
    by_patient: dict[UUID, list[LoadPoint]] = defaultdict(list)
    for load in series:
        by_patient[load.patient_id].append(load)
    courses = [findings.as_points(loads) for loads in by_patient.values() if len(loads) > 1]
    if 0 < len(courses) < smallest_group:
        return Rising(stratum, None, f"fewer than {smallest_group} patients, not shown")
    try:
        return Rising(stratum, study_monotonicity(courses, findings.tolerance_of(study)), "")
    except NotEstimableError:
        return Rising(stratum, None, "no patient has two scans")
