"""The clinical scores of a study, all in one query."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import CharField, FloatField, QuerySet, Value
from django.db.models.functions import Cast

from mldtrial.trial.models import (
    AssessmentStatus,
    ElfcMldAssessment,
    GmfcMldAssessment,
    MriSeverityFinal,
    Study,
)
from mldtrial.trial.policies import visible_to

GMFC, ELFC, SEVERITY = "gmfc", "elfc", "severity"
Levels = dict[UUID, list[tuple[date, int]]]
"""The levels of each patient with their days, in order."""


@dataclass(frozen=True, slots=True)
class Scores:
    """The scores of a study: levels by patient, MRI severity by visit."""

    gmfc: Levels = field(default_factory=lambda: defaultdict(list))
    elfc: Levels = field(default_factory=lambda: defaultdict(list))
    severity: dict[UUID, float] = field(default_factory=dict)


def scores(study: Study, *, user: Any) -> Scores:
    """Return the scores of a study that a person may see."""
    found = Scores()
    levels = {GMFC: found.gmfc, ELFC: found.elfc}
    for score, patient_id, visit_id, day, value in _rows(study, user):
        if score == SEVERITY:
            found.severity[visit_id] = value
        else:
            levels[score][patient_id].append((day, int(value)))
    for one in levels.values():
        for of_patient in one.values():
            of_patient.sort()
    return found


def _rows(study: Study, user: Any) -> QuerySet[Any, tuple[Any, ...]]:
    of_study = {"visit__patient__study": study}
    done = {**of_study, "status": AssessmentStatus.DONE, "level__isnull": False}
    gmfc = visible_to(user, GmfcMldAssessment.objects.filter(**done))
    elfc = visible_to(user, ElfcMldAssessment.objects.filter(**done))
    settled = MriSeverityFinal.objects.filter(**of_study, total__isnull=False)
    return _named(gmfc, GMFC, "assessed_on", "level").union(
        _named(elfc, ELFC, "assessed_on", "level"),
        _named(visible_to(user, settled), SEVERITY, "read_on", "total"),
        all=True,
    )


def _named(found: QuerySet[Any], name: str, day: str, value: str) -> QuerySet[Any, tuple[Any, ...]]:
    return found.order_by().values_list(
        Value(name, output_field=CharField()),
        "visit__patient_id",
        "visit_id",
        day,
        Cast(value, FloatField()),
    )
