"""The points of the cohort charts: a load with the clinical scores nearest to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from analytics.selectors import cohort_scores, loads
from analytics.selectors.cohort_filters import Filters
from analytics.selectors.cohort_point import CohortPoint
from analytics.selectors.cohort_scores import Scores
from mldtrial.trial.models import Patient, Study
from mldtrial.trial.policies import visible_to
from mldtrial.trial.rules import pairing
from mldtrial.trial.rules.pairing import Windows
from mldtrial.trial.selectors import arms_of_everybody, subtype_of
from segmentation.selectors import training_sets

__all__ = [
    "CohortPoint",
    "Filters",
    "Part",
    "cohort_points",
    "part",
    "scored_loads",
    "trained_count",
    "windows_of",
    "with_scores",
]


Scored = tuple[loads.LoadPoint, CohortPoint]
"""A point with the load that it is made of."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the cohort, as a person may see it, and what it may be narrowed by.

    Attributes
    ----------
    filters : Filters
        What was asked for, without sites and arms that are not there for this person.
    sites : tuple of (code, name)
        Where the patients are whom this person may see.
    arms : tuple of str
        Empty while arms are not told, and where nobody asked for them.
    is_withheld : bool
        True where the part, or what it leaves out, is too small a group for this person.
    """

    filters: Filters
    scored: list[Scored]
    sites: tuple[tuple[str, str], ...]
    arms: tuple[str, ...]
    is_withheld: bool

    @property
    def points(self) -> list[CohortPoint]:
        """The points alone."""
        return [point for _, point in self.scored]

    def loads_of(self, points: Sequence[CohortPoint]) -> list[loads.LoadPoint]:
        """Return the loads that some of the points are made of, in the order of the points."""
        by_run = {load.run_id: load for load, _ in self.scored}
        return [by_run[point.run_id] for point in points if point.run_id is not None]


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
    """
    found = loads.study_loads(study, user=user)
    patients = _patients(study, user)
    points = _points(study, found, patients, user)
    arms = arms_of_everybody(study, user=user) if with_arms or filters.arm else {}
    sites = {(one.site_code, one.site_name) for one in patients.values()}
    known = filters.among({code for code, _ in sites}, set(arms.values()))
    of_arm = [arms.get(point.patient_id, "") for point in points]
    scored = [
        (load, point)
        for load, point, arm in zip(found, points, of_arm, strict=True)
        if known.accept(point, arm)
    ]
    is_safe = smallest_group <= 1 or known.is_safe(points, of_arm, smallest_group)
    choices = tuple(sorted(sites)), tuple(sorted(set(arms.values())))
    return Part(known, scored if is_safe else [], *choices, not is_safe)


def cohort_points(
    study: Study, *, user: Any, filters: Filters, smallest_group: int = 1
) -> list[CohortPoint]:
    """Return the points of a part of the cohort; none where it is too small for this person."""
    asked = part(study, user=user, filters=filters, smallest_group=smallest_group)
    return asked.points


def scored_loads(study: Study, *, user: Any, filters: Filters) -> list[Scored]:
    """Return the same points, each with the load that it is made of."""
    return part(study, user=user, filters=filters).scored


def with_scores(study: Study, points: Sequence[loads.LoadPoint], *, user: Any) -> list[CohortPoint]:
    """Return loads of a study with the scores that belong to them, in their order."""
    return _points(study, points, _patients(study, user), user)


def _points(
    study: Study, found: Sequence[loads.LoadPoint], patients: dict[UUID, "_Known"], user: Any
) -> list[CohortPoint]:
    scores = cohort_scores.scores(study, user=user)
    return [_point(load, patients[load.patient_id], scores) for load in found]


def _patients(study: Study, user: Any) -> dict[UUID, "_Known"]:
    windows = windows_of(study)
    seen = visible_to(user, Patient.objects.filter(study=study)).select_related("site")
    return {
        patient.pk: _Known(
            patient.subject_code,
            kind.value,
            windows.days(kind),
            patient.site.code,
            patient.site.name,
        )
        for patient in seen.only("id", *OF_A_PATIENT)
        for kind in (subtype_of(patient, study).subtype,)
    }


def trained_count(study: Study, *, user: Any, points: Sequence[CohortPoint]) -> int:
    """Return how many patients of these points were in the training set of the method shown."""
    shown = {point.patient_id for point in points}
    trained = loads.results(user=user).filter(
        training_sets.is_in_training_set(patient="run__visit__patient", model="run__model_version"),
        run__visit__patient__study=study,
    )
    return len(shown & set(trained.values_list("run__visit__patient", flat=True)))


OF_A_PATIENT = (
    "subject_code", "onset_age_months", "sibling_onset_age_months", "genotype_class",
    "site__code", "site__name",
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


def _point(load: loads.LoadPoint, patient: _Known, scores: Scores) -> CohortPoint:
    scanned_on = load.visit_date + timedelta(days=load.days_from_visit or 0)
    days = patient.window_days
    gmfc = pairing.nearest(scores.gmfc.get(load.patient_id, []), scanned_on, days)
    elfc = pairing.nearest(scores.elfc.get(load.patient_id, []), scanned_on, days)
    return CohortPoint(
        patient_id=load.patient_id,
        subject_code=patient.subject_code,
        visit_name=load.visit_name,
        age_months=load.age_months,
        acq_stratum=load.acq_stratum,
        subtype=patient.subtype,
        load_ml=load.load_ml,
        gmfc_level=None if gmfc is None else gmfc.level,
        gmfc_gap_days=None if gmfc is None else gmfc.gap_days,
        severity_total=scores.severity.get(load.visit_id),
        elfc_level=None if elfc is None else elfc.level,
        elfc_gap_days=None if elfc is None else elfc.gap_days,
        site_code=patient.site_code,
        therapies=load.therapies,
        run_id=load.run_id,
    )


def windows_of(study: Study) -> Windows:
    """Return how far a score may lie from a scan in a study."""
    return Windows(study.pairing_days_late_infantile, study.pairing_days_others)
