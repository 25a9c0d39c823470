"""Ask about what the plausibility rules find, and stop asking once it is mended."""

from collections import defaultdict
from collections.abc import Hashable
from datetime import date
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Min, Q, QuerySet

from mldtrial.audit.models import LockLevel
from mldtrial.trial.models import (
    AssessmentStatus,
    Audience,
    ElfcMldAssessment,
    GmfcMldAssessment,
    Patient,
    Query,
    QueryState,
    Treatment,
    Visit,
)
from mldtrial.trial.rules.participation import CONSENTS
from mldtrial.trial.rules.plausibility import (
    ELFC,
    GMFC,
    RULES,
    Course,
    Finding,
    ScoreFacts,
    VisitFacts,
    find_all,
)
from mldtrial.trial.selectors.locks import held_ids
from mldtrial.trial.selectors.records import subtype_of
from mldtrial.trial.services import queries

CHANGED = "The rule finds other values now: the data have changed."
AT_ONCE = 500
"""Patients that are locked and brought in line in one transaction."""
FIRST_CONSENT = Min(
    "dispositions__happened_on",
    filter=Q(dispositions__step__in=CONSENTS, dispositions__is_void=False),
)
Key = tuple[UUID, str, Hashable | None]


def check_patient(*, patient: Patient) -> list[Query]:
    """Bring the queries of the plausibility rules in line with a patient's record.

    What is found is asked of the site; what is no longer found closes itself. A query that a
    person has closed is not opened again by the same values. What is locked is asked about once
    it is open again: its queries do not change either.

    Returns
    -------
    list of Query
        Those that were opened now.
    """
    return _bring_in_line(Patient.objects.filter(pk=patient.pk))


def check_patients(*, patients: QuerySet[Patient]) -> int:
    """Check those whose open queries are not what the rules find; returns how many.

    For what was written past the services, such as an import: everything is read at once, and
    only patients with a difference are touched.
    """
    asked = _by_patient(_open_queries().filter(patient__in=patients))
    settled = _by_patient(_closed_by_people().filter(patient__in=patients))
    locked = held_ids(at_least=LockLevel.LOCKED)
    differing = []
    for patient_id, course in courses(patients).items():
        wanted = {(f.code, f.visit, f.words) for f in find_all(course)}
        now = asked.get(patient_id, set())
        changes = (now - wanted) | (wanted - now - settled.get(patient_id, set()))
        if any(locked.isdisjoint((patient_id, visit_id)) for _, visit_id, _ in changes):
            differing.append(patient_id)
    for first in range(0, len(differing), AT_ONCE):
        _bring_in_line(Patient.objects.filter(pk__in=differing[first : first + AT_ONCE]))
    return len(differing)


@transaction.atomic
def _bring_in_line(found: QuerySet[Patient]) -> list[Query]:
    """Ask and stop asking about some patients, in a number of queries that does not grow."""
    patients = {
        patient.pk: patient
        for patient in found.select_for_update(of=("self",)).select_related("study").order_by("pk")
    }
    held = held_ids(at_least=LockLevel.LOCKED)
    wanted: dict[Key, Finding] = {
        (patient_id, finding.code, finding.visit): finding
        for patient_id, course in courses(found).items()
        for finding in find_all(course)
        if held.isdisjoint((patient_id, finding.visit))
    }
    asked: dict[Key, Query] = {
        (query.patient_id, query.rule, query.visit_id): query
        for query in _open_queries().filter(patient__in=patients).select_related("patient", "visit")
        if held.isdisjoint((query.patient_id, query.visit_id))
    }
    for key, query in asked.items():
        finding = wanted.get(key)
        if finding is None or finding.words != query.question:
            queries.close_mended(
                rule=query.rule,
                patient=query.patient,
                visit=query.visit,
                reason=queries.MENDED if finding is None else CHANGED,
            )
    settled = _by_patient(_closed_by_people().filter(patient__in=patients))
    return queries.open_queries(
        [
            Query(
                patient=patients[patient_id],
                visit_id=finding.visit,
                audience=Audience.SITE,
                rule=finding.code,
                question=finding.words,
            )
            for (patient_id, *what), finding in wanted.items()
            if (*what, finding.words) not in settled.get(patient_id, set())
        ]
    )


def _open_queries() -> QuerySet[Query]:
    return Query.objects.filter(rule__in=RULES).exclude(state=QueryState.CLOSED)


def _closed_by_people() -> QuerySet[Query]:
    return Query.objects.filter(rule__in=RULES, state=QueryState.CLOSED, closed_by_rule=False)


def _by_patient(found: QuerySet[Query]) -> dict[UUID, set[tuple[Any, ...]]]:
    asked: dict[UUID, set[tuple[Any, ...]]] = defaultdict(set)
    for patient_id, *what in found.values_list("patient_id", "rule", "visit_id", "question"):
        asked[patient_id].add(tuple(what))
    return dict(asked)


def courses(patients: QuerySet[Patient]) -> dict[UUID, Course]:
    """Return what the rules know of some patients, in a number of queries that does not grow."""
    visits = _visits(patients)
    levels = {
        GMFC: _levels(GmfcMldAssessment, patients, visits),
        ELFC: _levels(ElfcMldAssessment, patients, visits),
    }
    treatments = _treatments(patients)
    by_patient: dict[UUID, list[VisitFacts]] = defaultdict(list)
    for patient_id, facts in visits.values():
        by_patient[patient_id].append(facts)
    return {
        patient.pk: Course(
            birth_month=patient.birth_month,
            onset_age_months=patient.onset_age_months,
            subtype=subtype_of(patient, patient.study).subtype,
            visits=by_patient.get(patient.pk, []),
            levels={name: found.get(patient.pk, []) for name, found in levels.items()},
            treatments=treatments.get(patient.pk, []) + _first_dose(patient),
            consented_on=patient.consented_on,
        )
        for patient in patients.select_related("study").annotate(consented_on=FIRST_CONSENT)
    }


def _visits(patients: QuerySet[Patient]) -> dict[UUID, tuple[UUID, VisitFacts]]:
    rows = Visit.objects.filter(patient__in=patients).order_by("date", "number")
    return {
        pk: (patient_id, VisitFacts(pk, name, float(number), day))
        for pk, patient_id, name, number, day in rows.values_list(
            "pk", "patient_id", "name", "number", "date"
        )
    }


def _levels(
    model: type[GmfcMldAssessment] | type[ElfcMldAssessment],
    patients: QuerySet[Patient],
    visits: dict[UUID, tuple[UUID, VisitFacts]],
) -> dict[UUID, list[ScoreFacts]]:
    found: dict[UUID, list[ScoreFacts]] = defaultdict(list)
    done = model._default_manager.filter(
        visit__patient__in=patients, status=AssessmentStatus.DONE
    ).order_by("assessed_on", "visit__date")
    for visit_id, level, day in done.values_list("visit_id", "level", "assessed_on"):
        if level is not None:  # the database holds that a score that was done has one
            patient_id, facts = visits[visit_id]
            found[patient_id].append(ScoreFacts(facts, level, day))
    return found


def _treatments(patients: QuerySet[Patient]) -> dict[UUID, list[tuple[date, str]]]:
    found: dict[UUID, list[tuple[date, str]]] = defaultdict(list)
    for treatment in Treatment.objects.filter(patient__in=patients):
        found[treatment.patient_id].append((treatment.started_on, treatment.get_kind_display()))
    return found


def _first_dose(patient: Patient) -> list[tuple[date, str]]:
    day = patient.first_study_dose_on
    return [] if day is None else [(day, "the first study dose")]
