"""How monotone the courses of a cohort are, by stratum: what the disease would have them be."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analytics.selectors.load_columns import LoadColumns
from analytics.services import findings
from analytics.stats.errors import NotEstimableError
from analytics.stats.monotone_shares import Courses, StudyMonotonicity, study_monotonicity
from mldtrial.trial.models import AcqStratum, Study


@dataclass(frozen=True, slots=True)
class Rising:
    """The courses of one stratum; `found` is None where `reason` says why."""

    stratum: str
    found: StudyMonotonicity | None
    reason: str

    @property
    def not_falling(self) -> str:
        """Return the share of the scans that are not lower, in percent."""
        return "" if self.found is None else whole_percent(self.found.share_not_falling)

    @property
    def courses_not_falling(self) -> str:
        """Return the share of the patients none of whose scans is lower, in percent."""
        return "" if self.found is None else whole_percent(self.found.share_subjects_not_falling)

    @property
    def courses_within_noise(self) -> str:
        """Return the share of the patients none of whose scans is lower by more than noise."""
        return "" if self.found is None else whole_percent(self.found.share_subjects_within_noise)

    @property
    def within_noise(self) -> str:
        """Return the share of the scans that are not lower by more than noise, in percent."""
        return "" if self.found is None else whole_percent(self.found.share_within_noise)


def whole_percent(share: float) -> str:
    """Return a share in whole percent; one fall in a thousand scans is not 100 % without a fall."""
    rounded = f"{100 * share:.0f}"
    if rounded == "100" and share < 1:
        return "> 99 %"
    if rounded == "0" and share > 0:
        return "< 1 %"
    return f"{rounded} %"


def rising(
    loads: LoadColumns,
    study: Study,
    *,
    smallest_group: int,
    strata: Sequence[str] = AcqStratum.values,
) -> list[Rising]:
    """Return how monotone the courses are, for scans of 3D and of 2D apart.

    Parameters
    ----------
    smallest_group : int
        Patients below which nothing is shown to this person.
    strata : sequence of str
        Those that there may be scans of.
    """
    return [
        _rising(stratum, loads.take(loads.stratum == stratum), study, smallest_group)
        for stratum in strata
    ]


def _rising(stratum: str, loads: LoadColumns, study: Study, smallest_group: int) -> Rising:
    n_courses = int((np.bincount(loads.patient) > 1).sum())
    if 0 < n_courses < smallest_group:
        return Rising(stratum, None, f"fewer than {smallest_group} patients, not shown")
    same, changed = findings.tolerance_parts(study)
    courses = Courses(
        subject=loads.patient,
        time=loads.age_at_scan_months,
        value=loads.load_ml,
        acquisition=loads.acquisition,
        # One version counts at a time.
        model=np.zeros(loads.patient.size, np.intp),
        after_treatment=loads.is_after_treatment,
    )
    try:
        found = study_monotonicity(courses, same=same, changed=changed, is_same=loads.are_alike)
    except NotEstimableError:
        return Rising(stratum, None, "no patient has two scans")
    return Rising(stratum, found, "")
