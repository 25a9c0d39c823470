"""The review of series: what looks wrong is flagged and asked about, never changed."""

import logging
from collections.abc import Container, Sequence
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from analytics import flag_words
from analytics.models import FlagKind, TrajectoryFlag
from analytics.selectors import flags as current
from analytics.selectors import loads
from analytics.selectors.loads import LoadPoint
from analytics.services.findings import Finding, find, in_words
from analytics.services.findings import named as named_loads
from analytics.services.told_later import unsaid
from mldtrial.audit.context import acting, because
from mldtrial.audit.models import LockLevel
from mldtrial.trial import selectors
from mldtrial.trial.models import Audience, Patient, Query, QueryState
from mldtrial.trial.selectors.locks import held_ids
from mldtrial.trial.services import queries
from segmentation.selectors import tissue

log = logging.getLogger(__name__)

GONE = "The review no longer finds this: the data have changed."
CHANGED = "The review finds other numbers: the data have changed."


def review_queued(*, origin: str) -> int:
    """Review every patient whose flags are not what the data say; returns how many.

    The comparison reads the loads, not a note of what was reviewed before: a second
    call finds nothing to do, and a lost one is made up for by the next. What a lock holds is left
    for the sweep after its end.
    """
    held = held_ids(at_least=LockLevel.FROZEN)
    series = loads.all_series_for_review()
    flagged = current.flags_by_patient()
    patients = Patient.objects.in_bulk(list({*series, *flagged}))
    studies = {p.study_id for p in patients.values()}
    settings = current.studies(studies)
    runs = [point.run_id for points in series.values() for point in points]
    volumes, versions = tissue.volumes_of(runs), tissue.versions_of(runs)
    reviewed = 0
    for patient_id, patient in patients.items():
        points = series.get(patient_id, [])
        flags = [flag for flag in flagged.get(patient_id, []) if flag.run.visit_id not in held]
        findings = _not_held(find(points, settings[patient.study_id], volumes), points, held)
        is_same = {_key(f) for f in findings} == {_key(f) for f in flags}
        if is_same and not unsaid(flags, named_loads(points, volumes, versions), versions):
            continue
        if _reviewed(patient, origin):
            reviewed += 1
    return reviewed


def _reviewed(patient: Patient, origin: str) -> bool:
    """Review a patient; False where a lock came meanwhile, or holds a query that would change."""
    try:
        with acting(origin=origin):
            review_patient(patient=patient)
    except (IntegrityError, ValidationError):
        held = selectors.locks_on([patient.pk, *patient.visits.values_list("pk", flat=True)])
        if not held:
            raise
        log.info("The review of a patient waits: a record is frozen or locked.")
        return False
    return True


@transaction.atomic
def review_patient(*, patient: Patient) -> list[TrajectoryFlag]:
    """Bring the flags and queries of a patient in line with the series; returns the flags.

    A flag that is no longer found stays as a record that is not current, and its query is
    closed. A query that a person has closed is not opened again by the same numbers. Flags of a
    visit that is frozen or locked stay as they are: they wait, and those of the other visits do
    not wait with them. Returned are the flags of visits that are open.
    """
    locked = (
        Patient.objects.select_for_update(of=("self",)).select_related("study").get(pk=patient.pk)
    )
    # A person who closes a query meanwhile is waited for, and what they did is read below.
    asked = current.current_flags(locked).values("query")
    list(Query.objects.select_for_update(of=("self",)).filter(pk__in=asked).order_by("pk"))
    series = loads.series_for_review(locked)
    volumes = tissue.volumes_of([point.run_id for point in series])
    held = selectors.locks_on(list(locked.visits.values_list("pk", flat=True)))
    found = _not_held(find(series, locked.study, volumes), series, held)
    findings = {(f.run_id, f.kind): f for f in found}
    known = {
        (flag.run_id, flag.kind): flag
        for flag in current.current_flags(locked)
        if flag.run.visit_id not in held
    }
    by_run = {point.run_id: point for point in series}
    for key, flag in known.items():
        if key not in findings:
            _retire(flag)
    versions = tissue.versions_of([point.run_id for point in series])
    named = named_loads(series, volumes, versions)
    flags = [
        _keep(locked, finding, known.get(key), by_run, named) for key, finding in findings.items()
    ]
    for query, words in unsaid(flags, named, versions):
        queries.comment_on_query(query=query, words=words, by=None)
    return flags


def _not_held(
    findings: Sequence[Finding], series: Sequence[LoadPoint], held: Container[UUID]
) -> list[Finding]:
    """Return the findings of the visits that no lock holds."""
    visits = {point.run_id: point.visit_id for point in series}
    return [finding for finding in findings if visits[finding.run_id] not in held]


def _keep(
    patient: Patient,
    finding: Finding,
    flag: TrajectoryFlag | None,
    by_run: dict[UUID, LoadPoint],
    named: dict[UUID, flag_words.NamedLoad],
) -> TrajectoryFlag:
    if flag is not None and _key(flag) == _key(finding):
        return flag
    if flag is None:
        flag = TrajectoryFlag(patient=patient, run_id=finding.run_id, kind=finding.kind)
    elif flag.query is not None:
        _close(flag.query, CHANGED)
    flag.reference_run_id = finding.reference_run_id
    flag.difference_ml = finding.difference_ml
    flag.tolerance_ml = finding.tolerance_ml
    flag.query = _ask(patient, finding, by_run[finding.run_id].visit_id, named)
    with because("review of the series"):
        flag.save()
    return flag


def _ask(
    patient: Patient, finding: Finding, visit_id: UUID, named: dict[UUID, flag_words.NamedLoad]
) -> Query:
    question = f"{in_words(finding, named)} {flag_words.HINTS[FlagKind(finding.kind)]}"
    # The question holds loads, so it must never reach a site: the audience is IMAGING.
    query = queries.open_query(
        patient=patient,
        visit=patient.visits.get(pk=visit_id),
        audience=Audience.IMAGING,
        rule=f"LOAD-{finding.kind}",
        question=question,
    )
    if query.question != question:
        # A person has opened the query on an earlier finding again: it waits for this one too.
        queries.comment_on_query(query=query, words=question, by=None)
    return query


def _retire(flag: TrajectoryFlag) -> None:
    flag.is_current = False
    with because(GONE):
        flag.save()
    if flag.query is not None:
        _close(flag.query, GONE)


def _close(query: Query, reason: str) -> None:
    if query.state != QueryState.CLOSED:
        queries.close_query(query=query, reason=reason, by=None)


def _key(found: Finding | TrajectoryFlag) -> tuple[Any, ...]:
    """Return what makes a finding the same one: the runs and the numbers, to a microlitre."""
    tolerance = None if found.tolerance_ml is None else round(found.tolerance_ml, 3)
    return (
        found.run_id,
        found.kind,
        found.reference_run_id,
        round(found.difference_ml, 3),
        tolerance,
    )
