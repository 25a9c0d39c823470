"""The clinical scores of a study, all in one query: levels by patient, severity by visit."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import F, FloatField, QuerySet, TextField, Value
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
    for score, key, day, value in _rows(study, user):
        if score == SEVERITY:
            found.severity[key] = value
        else:
            levels[score][key].append((day, int(value)))
    for one in levels.values():
        for of_patient in one.values():
            of_patient.sort()
    return found


def _rows(study: Study, user: Any) -> list[tuple[str, UUID, date, float]]:
    of_study = {"visit__patient__study": study}
    done = {**of_study, "status": AssessmentStatus.DONE, "level__isnull": False}
    gmfc = visible_to(user, GmfcMldAssessment.objects.filter(**done))
    elfc = visible_to(user, ElfcMldAssessment.objects.filter(**done))
    settled = MriSeverityFinal.objects.filter(**of_study, total__isnull=False)
    of_level = ("visit__patient_id", "assessed_on", "level")
    parts = [
        *_statement(gmfc, GMFC, *of_level),
        *_statement(elfc, ELFC, *of_level),
        *_statement(visible_to(user, settled), SEVERITY, "visit_id", "read_on", "total"),
    ]
    if not parts:
        return []
    # Not by `union`, whose statement begins with a bracket: the audit takes it for one that writes.
    together = " UNION ALL ".join(sql for sql, _ in parts)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT score, of, day, value FROM ({together}) AS found(score, of, day, value)",  # noqa: S608 - made of our own querysets
            [value for _, params in parts for value in params],
        )
        return list(cursor.fetchall())


def _statement(
    found: QuerySet[Any], name: str, key: str, day: str, value: str
) -> list[tuple[str, tuple[Any, ...]]]:
    """Return the statement that reads a score; none for a person who can see no row."""
    columns = {
        "out_score": Value(name, output_field=TextField()),
        "out_of": F(key),
        "out_day": F(day),
        "out_value": Cast(value, FloatField()),
    }
    rows = found.order_by().annotate(**columns).values_list(*columns)
    try:
        sql, params = rows.query.sql_with_params()
    except EmptyResultSet:
        return []
    return [(sql, tuple(params))]
