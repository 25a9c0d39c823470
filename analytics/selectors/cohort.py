"""The points of the cohort charts: a load with the clinical scores nearest to it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from analytics.selectors import loads
from mldtrial.trial.models import (
    AcqStratum,
    AssessmentStatus,
    ElfcMldAssessment,
    GmfcMldAssessment,
    MriSeverityFinal,
    Patient,
    Study,
)
from mldtrial.trial.policies import visible_to
from mldtrial.trial.rules import pairing
from mldtrial.trial.rules.pairing import Windows
from mldtrial.trial.rules.subtype import Subtype
from mldtrial.trial.selectors import subtype_of
from segmentation.selectors import training_sets


@dataclass(frozen=True, slots=True)
class Filters:
    """What part of the cohort is asked for; empty means all."""

    stratum: str = ""
    subtype: str = ""

    @classmethod
    def of(cls, query: Any) -> "Filters":
        """Read filters from an address; what is not known is ignored."""
        stratum, subtype = query.get("stratum", ""), query.get("subtype", "")
        return cls(
            stratum if stratum in AcqStratum.values else "",
            subtype if subtype in set(Subtype) else "",
        )

    def accept(self, point: "CohortPoint") -> bool:
        """Return whether a point belongs to the part that is asked for."""
        return self.stratum in ("", point.acq_stratum) and self.subtype in ("", point.subtype)


@dataclass(frozen=True, slots=True)
class CohortPoint:
    """One load with its scores; None where there is no score near enough."""

    patient_id: UUID
    subject_code: str
    visit_name: str
    age_months: float
    acq_stratum: str
    subtype: str
    load_ml: float
    gmfc_level: int | None
    gmfc_gap_days: int | None
    severity_total: float | None
    elfc_level: int | None = None
    elfc_gap_days: int | None = None


def cohort_points(study: Study, *, user: Any, filters: Filters) -> list[CohortPoint]:
    """Return the loads of a study with the scores that belong to them.

    GMFC-MLD and ELFC-MLD are the assessments nearest to the scan, within the study's windows; of
    two equally near ones the earlier. The MRI severity score is the settled one of the same visit.
    """
    return [point for _, point in scored_loads(study, user=user, filters=filters)]


def scored_loads(
    study: Study, *, user: Any, filters: Filters
) -> list[tuple[loads.LoadPoint, CohortPoint]]:
    """Return the same points, each with the load that it is made of."""
    found = loads.study_loads(study, user=user)
    scored = zip(found, with_scores(study, found, user=user), strict=True)
    return [(load, point) for load, point in scored if filters.accept(point)]


def with_scores(study: Study, points: Sequence[loads.LoadPoint], *, user: Any) -> list[CohortPoint]:
    """Return loads of a study with the scores that belong to them, in their order."""
    windows = windows_of(study)
    seen = visible_to(user, Patient.objects.filter(study=study)).only("id", *OF_A_PATIENT)
    patients = {
        patient.pk: _Known(patient.subject_code, kind.value, windows.days(kind))
        for patient in seen
        for kind in (subtype_of(patient, study).subtype,)
    }
    scores = _Scores(
        gmfc=_levels(GmfcMldAssessment, study, user),
        elfc=_levels(ElfcMldAssessment, study, user),
        severity=_severity(study, user),
    )
    return [_point(p, patients[p.patient_id], scores) for p in points]


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
)  # fmt: skip
"""What is read of each patient: the code, and what the subtype follows from."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What all points of one patient share."""

    subject_code: str
    subtype: str
    window_days: int


Levels = dict[UUID, list[tuple[date, int]]]
"""The levels of each patient with their days, in order."""


@dataclass(frozen=True, slots=True)
class _Scores:
    """The scores of a study: levels by patient, MRI severity by visit."""

    gmfc: Levels
    elfc: Levels
    severity: dict[UUID, float]


def _point(load: loads.LoadPoint, patient: _Known, scores: _Scores) -> CohortPoint:
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
    )


def windows_of(study: Study) -> Windows:
    """Return how far a score may lie from a scan in a study."""
    return Windows(study.pairing_days_late_infantile, study.pairing_days_others)


def _levels(
    model: type[GmfcMldAssessment] | type[ElfcMldAssessment], study: Study, user: Any
) -> Levels:
    found = visible_to(user, model.objects.filter(visit__patient__study=study))
    done = found.filter(status=AssessmentStatus.DONE).order_by("assessed_on")
    by_patient: dict[UUID, list[tuple[date, int]]] = defaultdict(list)
    for patient_id, day, level in done.values_list("visit__patient_id", "assessed_on", "level"):
        if level is not None:  # the database holds that an assessment done has one
            by_patient[patient_id].append((day, level))
    return dict(by_patient)


def _severity(study: Study, user: Any) -> dict[UUID, float]:
    found = visible_to(user, MriSeverityFinal.objects.filter(visit__patient__study=study))
    totals = found.values_list("visit_id", "total")
    return {visit_id: float(total) for visit_id, total in totals if total is not None}
