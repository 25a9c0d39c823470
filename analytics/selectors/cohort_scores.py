"""The clinical scores of a study, all in one query, and which of them belong to its scans."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

import numpy as np
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import F, FloatField, IntegerField, QuerySet, Value
from django.db.models.functions import Cast
from numpy.typing import NDArray

from analytics.stats.nearest import NONE, Codes, Dated, Days
from mldtrial.trial.models import (
    AssessmentStatus,
    ElfcMldAssessment,
    GmfcMldAssessment,
    MriSeverityFinal,
    Study,
)
from mldtrial.trial.policies import visible_to

Floats = NDArray[np.float64]
Assessment = TypeVar("Assessment", GmfcMldAssessment, ElfcMldAssessment)
GMFC, ELFC, SEVERITY = range(3)
NEVER = -1
"""Stands for a patient without a scan."""
TOTAL = "severity_total"
"""The one score that may have a half point."""


@dataclass(frozen=True, slots=True, eq=False)
class Scanned:
    """The scans that scores are wanted for.

    Attributes
    ----------
    patient_ids : sequence of str
        In the order of their numbers.
    patient : ndarray of int, shape (n,)
        The number of each scan's patient.
    visit_ids : sequence of str, length n
    day : ndarray of datetime64[D], shape (n,)
        Of the scan.
    window_days : ndarray of int, shape (n,)
        How far a level may lie from it.
    """

    patient_ids: Sequence[str]
    patient: Codes
    visit_ids: Sequence[str]
    day: NDArray[np.datetime64]
    window_days: Days


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """The scores of each scan, shape (n,); NaN where there is none near enough.

    A gap without a level: the levels of the nearest day differ, so that none of them counts.
    """

    gmfc_level: Floats
    gmfc_gap_days: Floats
    elfc_level: Floats
    elfc_gap_days: Floats
    severity_total: Floats

    def columns(self) -> dict[str, Floats]:
        """Return the columns by name."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    def of_row(self, row: int) -> dict[str, Any]:
        """Return the scores of one scan by name; None where there is none near enough."""
        found = {name: column[row] for name, column in self.columns().items()}
        return {
            name: None if np.isnan(value) else (float(value) if name == TOTAL else int(value))
            for name, value in found.items()
        }


def scores(study: Study, scanned: Scanned, *, user: Any) -> Scores:
    """Return the scores that belong to scans, of those that a person may see.

    A level is that of the assessment nearest to the scan, within its window; of two equally near
    ones the earlier; none where the nearest day has levels that differ, as in `pairing.nearest`.
    The MRI severity score is that of the visit.
    """
    rows = _rows(study, user)
    kinds, keys, days, values = zip(*rows, strict=True) if rows else ((), (), (), ())
    kind = np.array(kinds, np.intp)
    value = np.array(values, float)
    day = np.array(days, np.int64)
    number = {text: place for place, text in enumerate(scanned.patient_ids)}
    owner = np.array([number.get(key, NEVER) for key in keys], np.intp)

    def near(which: int) -> tuple[Floats, Floats]:
        mine = (kind == which) & (owner != NEVER)
        return _nearest(owner[mine], day[mine], value[mine], scanned)

    of_visit = {keys[row]: values[row] for row in np.flatnonzero(kind == SEVERITY)}
    return Scores(*near(GMFC), *near(ELFC), _of_visits(of_visit, scanned.visit_ids))


def gmfc_levels(study: Study, *, user: Any) -> dict[UUID, list[tuple[date, int]]]:
    """Return the levels of GMFC-MLD of each patient that a person may see, in order of the day."""
    rows = _assessed(GmfcMldAssessment, study, user).order_by("assessed_on", "level")
    found: dict[UUID, list[tuple[date, int]]] = defaultdict(list)
    values: Any = rows.values_list("visit__patient_id", "assessed_on", "level")
    for patient_id, day, level in values:
        found[patient_id].append((day, level))
    return found


def _of_visits(found: Mapping[str, float], visit_ids: Sequence[str]) -> Floats:
    return np.array([found.get(key, np.nan) for key in visit_ids], float)


def _nearest(owner: Codes, day: Days, level: Floats, scanned: Scanned) -> tuple[Floats, Floats]:
    """Return the level nearest to each scan, and its day less that of the scan."""
    order = np.lexsort((level, day, owner))
    owner, day, level = owner[order], day[order], level[order]
    scanned_on = scanned.day.astype(np.int64)
    dated = Dated(owner, day)
    at = dated.nearest(scanned.patient, scanned_on, scanned.window_days)
    found, gap = np.full(at.size, np.nan), np.full(at.size, np.nan)
    is_near = at != NONE
    certain = np.where(dated.are_of_two_values(level), np.nan, level)
    found[is_near] = certain[at[is_near]]
    gap[is_near] = day[at[is_near]] - scanned_on[is_near]
    return found, gap


def _rows(study: Study, user: Any) -> list[tuple[int, str, int, float]]:
    """Return kind, patient or visit, day since 1970 and value of each score."""
    settled = MriSeverityFinal.objects.filter(visit__patient__study=study, total__isnull=False)
    of_level = ("visit__patient_id", "assessed_on", "level")
    parts = [
        *_statement(_assessed(GmfcMldAssessment, study, user), GMFC, *of_level),
        *_statement(_assessed(ElfcMldAssessment, study, user), ELFC, *of_level),
        *_statement(visible_to(user, settled), SEVERITY, "visit_id", "read_on", "total"),
    ]
    if not parts:
        return []
    # Not by `union`, whose statement begins with a bracket: the audit takes it for one that writes.
    together = " UNION ALL ".join(sql for sql, _ in parts)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT kind, of::text, day - date '1970-01-01', value"  # noqa: S608 - our own querysets
            f" FROM ({together}) AS found(kind, of, day, value)",
            [value for _, params in parts for value in params],
        )
        return list(cursor.fetchall())


def _assessed(model: type[Assessment], study: Study, user: Any) -> QuerySet[Assessment]:
    """Return the levels that were assessed and that a person may see."""
    done = {"status": AssessmentStatus.DONE, "level__isnull": False}
    return visible_to(user, model._default_manager.filter(visit__patient__study=study, **done))


def _statement(
    found: QuerySet[Any], kind: int, key: str, day: str, value: str
) -> list[tuple[str, tuple[Any, ...]]]:
    """Return the statement that reads a score; none for a person who can see no row."""
    columns = {
        "out_kind": Value(kind, output_field=IntegerField()),
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
