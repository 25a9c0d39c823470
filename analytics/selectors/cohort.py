"""The points of the cohort charts: a load with the clinical scores nearest to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from analytics.selectors import cohort_scores, load_columns, loads
from analytics.selectors.cohort_filters import Filters
from analytics.selectors.cohort_point import CohortPoint
from analytics.selectors.cohort_scores import Scanned
from analytics.selectors.columns import Columns
from analytics.selectors.load_columns import Codes, LoadColumns
from mldtrial.trial.models import Patient, Study
from mldtrial.trial.policies import visible_to
from mldtrial.trial.rules.pairing import Windows
from mldtrial.trial.selectors import arms_of_everybody, subtype_of_facts

__all__ = [
    "CohortPoint",
    "Filters",
    "Part",
    "arms_to_choose",
    "cohort_points",
    "part",
    "windows_of",
    "with_scores",
]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A part of the cohort, as a person may see it, and what it may be narrowed by.

    Attributes
    ----------
    filters : Filters
        What was asked for.
    columns : Columns
        The points.
    loads : LoadColumns
        The loads that they are made of, row by row.
    sites : tuple of (code, name)
        Where the patients are whom this person may see.
    arms : tuple of str
        Empty while arms are not told, and where nobody asked for them.
    is_withheld : bool
        True where the part, or what it leaves out, is too small a group for this person.
    """

    filters: Filters
    columns: Columns
    loads: LoadColumns
    sites: tuple[tuple[str, str], ...]
    arms: tuple[str, ...]
    is_withheld: bool

    @property
    def size(self) -> int:
        """How many points there are."""
        return self.columns.load_ml.size


def part(
    study: Study, *, user: Any, filters: Filters, smallest_group: int = 1, with_arms: bool = False
) -> Part:
    """Return the loads of a part of a study with the scores that belong to them.

    GMFC-MLD and ELFC-MLD are the assessments nearest to the scan, within the study's windows; of
    two equally near ones the earlier. The MRI severity score is the settled one of the same visit.

    Parameters
    ----------
    smallest_group : int
        Patients below which nothing is told apart for this person.
    with_arms : bool
        Whether the arms to choose from are wanted too, where they are told.

    Raises
    ------
    UnknownFilterError
        If a site or an arm is asked for that is not there for this person.
    """
    patients = _patients(study, user)
    begun = {UUID(key): one.begun for key, one in patients.items() if one.begun}
    found = load_columns.read(study, user=user, begun=begun)
    columns = _scored(study, found, patients, user)
    arms = arms_of_everybody(study, user=user) if with_arms or filters.arm else {}
    sites = {(one.site_code, one.site_name) for one in patients.values()}
    known = filters.among({code for code, _ in sites}, set(arms.values()))
    of_arm = _arm_of_each(columns, arms)
    is_safe = smallest_group <= 1 or known.is_safe(columns, of_arm, smallest_group)
    kept = known.accepts(columns, of_arm) & is_safe
    choices = tuple(sorted(sites)), _to_choose(arms)
    return Part(known, columns.take(kept), found.take(kept), *choices, not is_safe)


def arms_to_choose(study: Study, *, user: Any) -> tuple[str, ...]:
    """Return the arms that a cohort may be narrowed to; none while arms are not told."""
    return _to_choose(arms_of_everybody(study, user=user))


def _to_choose(arms: dict[UUID, str]) -> tuple[str, ...]:
    return tuple(sorted(set(arms.values())))


def _arm_of_each(columns: Columns, arms: dict[UUID, str]) -> load_columns.Texts:
    of_patient = {str(patient): arm for patient, arm in arms.items()}
    names = [of_patient.get(patient_id, "") for patient_id in columns.patient_ids]
    return np.array(names, str)[columns.patient]


def cohort_points(
    study: Study, *, user: Any, filters: Filters, smallest_group: int = 1
) -> list[CohortPoint]:
    """Return the points of a part of the cohort; none where it is too small for this person."""
    asked = part(study, user=user, filters=filters, smallest_group=smallest_group)
    return asked.columns.points()


def with_scores(study: Study, points: Sequence[loads.LoadPoint], *, user: Any) -> list[CohortPoint]:
    """Return loads of a study with the scores that belong to them, in their order."""
    patients = _patients(study, user)
    patient_ids, patient = load_columns.named(str(one.patient_id) for one in points)
    known = [patients[one] for one in patient_ids]
    scanned_on = [one.visit_date + timedelta(days=one.days_from_visit or 0) for one in points]
    scanned = Scanned(
        patient_ids=patient_ids,
        patient=patient,
        visit_ids=[str(one.visit_id) for one in points],
        day=load_columns.days_of(scanned_on),
        window_days=_windows_of_each(known, patient),
    )
    scores = cohort_scores.scores(study, scanned, user=user)
    return [
        CohortPoint(
            patient_id=load.patient_id,
            subject_code=known[place].subject_code,
            visit_name=load.visit_name,
            age_months=load.age_months,
            acq_stratum=load.acq_stratum,
            subtype=known[place].subtype,
            load_ml=load.load_ml,
            site_code=known[place].site_code,
            therapies=load.therapies,
            run_id=load.run_id,
            **scores.of_row(row),
        )
        for row, (load, place) in enumerate(zip(points, patient.tolist(), strict=True))
    ]


def _scored(study: Study, found: LoadColumns, patients: dict[str, "_Known"], user: Any) -> Columns:
    known = [patients[one] for one in found.patient_ids]
    scanned = Scanned(
        patient_ids=found.patient_ids,
        patient=found.patient,
        visit_ids=found.visit_id.tolist(),
        day=found.scanned_on,
        window_days=_windows_of_each(known, found.patient),
    )
    return Columns(
        patient_ids=found.patient_ids,
        subject_codes=tuple(one.subject_code for one in known),
        therapy_kinds=found.therapy_kinds,
        patient=found.patient,
        run_id=found.run_id,
        visit_name=found.visit_name,
        age_months=found.age_months,
        load_ml=found.load_ml,
        stratum=found.stratum,
        subtype=np.array([one.subtype for one in known], str)[found.patient],
        site=np.array([one.site_code for one in known], str)[found.patient],
        therapies=found.therapies,
        **cohort_scores.scores(study, scanned, user=user).columns(),
    )


def _windows_of_each(known: Sequence["_Known"], patient: Codes) -> NDArray[np.int64]:
    return np.array([one.window_days for one in known], np.int64)[patient]


def _patients(study: Study, user: Any) -> dict[str, "_Known"]:
    """Return what is known of each patient, by identity as text."""
    windows = windows_of(study)

    @cache
    def kind_of(*facts: Any) -> str:
        return subtype_of_facts(*facts, of=study).subtype.value

    seen = visible_to(user, Patient.objects.filter(study=study)).annotate(**loads.BEGUN)
    rows = seen.values_list(*OF_A_PATIENT, *loads.BEGUN)
    return {
        str(patient_id): _Known(
            code, kind, windows.days(kind), site_code, site_name, loads.begun_of(*begun)
        )
        for patient_id, code, site_code, site_name, onset, sibling_onset, genotype, *begun in rows
        for kind in (kind_of(onset, sibling_onset, genotype),)
    }


OF_A_PATIENT = (
    "id", "subject_code", "site__code", "site__name",
    "onset_age_months", "sibling_onset_age_months", "genotype_class",
)  # fmt: skip
"""What is read of each patient: the code, the site, and what the subtype follows from."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What all points of one patient share."""

    subject_code: str
    subtype: str
    window_days: int
    site_code: str
    site_name: str
    begun: list[tuple[date, str]]


def windows_of(study: Study) -> Windows:
    """Return how far a score may lie from a scan in a study."""
    return Windows(study.pairing_days_late_infantile, study.pairing_days_others)
