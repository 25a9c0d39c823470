"""How far a study has come, for whoever may see its overview.

A role with subject-level access reads what it may see; any other reads the whole study only,
and no group of fewer patients than the policy allows.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Max, QuerySet

from analytics.selectors.loads import counting_results
from analytics.selectors.tally import Row, Tally, hidden_together, tallies
from analytics.stats.progress import age_band, median_or_none
from mldtrial.trial import policies, selectors
from mldtrial.trial.models import (
    Audience,
    Patient,
    Query,
    QueryState,
    Study,
    Visit,
)
from mldtrial.trial.rules.schedule import Standing
from mldtrial.trial.selectors.owing import scans_there
from segmentation.models import JobState, Upload

logger = logging.getLogger(__name__)

WHOLE = "All sites"
QUERY_BANDS_DAYS = (7, 30, 90)
QUERY_BANDS = ("up to 7 days", "8 to 30 days", "31 to 90 days", "over 90 days")
SECONDS_PER_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Turnaround:
    """Median days of a group of visits, with how many there are; None where there are none."""

    name: str
    visits: int
    to_received: float | None
    segmented: int
    to_segmented: float | None
    has_impossible: bool = False
    """Some runs ended before their scans were received: left out here, and in the log."""
    is_hidden: bool = False


@dataclass(frozen=True, slots=True)
class Scope:
    """What part of a study a person reads, and how small a group may be."""

    study: Study
    user: Any
    smallest: int

    @property
    def is_whole_only(self) -> bool:
        """True for roles without subject-level access."""
        return self.smallest > 1


def scope_of(study: Study, *, user: Any) -> Scope:
    """Return what a person who may see the overview reads of it."""
    return Scope(study, user, policies.smallest_group(user, study))


def patients(scope: Scope) -> QuerySet[Patient]:
    """Return the patients that the figures count."""
    found = Patient.objects.filter(study=scope.study).select_related("site", "study")
    return found if scope.is_whole_only else policies.visible_to(scope.user, found)


def enrolment_days(scope: Scope) -> dict[str, list[date]]:
    """Return the days of enrolment by site, or of the whole study where that is all."""
    days: dict[str, list[date]] = defaultdict(list)
    for patient in patients(scope).order_by("site__code"):
        if patient.enrolled_on is not None:
            days[_group(scope, patient.site.code)].append(patient.enrolled_on)
    return dict(days)


def completeness(scope: Scope) -> list[Row]:
    """Return per planned visit how many were done, missed, declared not done, are to come."""
    counted = tallies()
    for schedule in selectors.schedules(patients(scope)).values():
        for entry in schedule:
            own = counted[entry.definition.name]
            if (column := _column(entry)) is not None:
                own.add(column, entry.patient.pk)
    return [own.row(name, COLUMNS, smallest=scope.smallest) for name, own in counted.items()]


COLUMNS = ("done", "missed", "not done", "to come")


def _column(entry: selectors.PlannedVisit) -> str | None:
    """Return where a planned visit is counted; None where nobody expects it."""
    standing = entry.standing
    if standing == Standing.DONE:
        return "done"
    if standing == Standing.NOT_DONE:
        return "not done"
    if entry.is_past_follow_up:
        return None
    if entry.patient.withdrawn_on is not None:
        return "missed"
    return {
        Standing.OVERDUE: "missed",
        Standing.DUE: "to come",
        Standing.UPCOMING: "to come",
        Standing.WAITING: None,
    }[standing]


@dataclass(slots=True)
class _Waits:
    """The waits of a group of visits in days, and the patients they are of."""

    received: list[float] = field(default_factory=list)
    segmented: list[float] = field(default_factory=list)
    patients: Tally = field(default_factory=Tally)
    has_impossible: bool = False


def turnaround(scope: Scope) -> list[Turnaround]:
    """Return the median days from visit to scan and from scan to segmentation, by site.

    Received is the last of the visit's scans that are not set aside. Segmented is the run that
    pages and exports use, counted from the last of its own scans.
    """
    waits: dict[str, _Waits] = defaultdict(_Waits)
    segmented = list(_segmentation_waits(scope))
    done = {visit for visit, *_ in segmented}
    visits = Visit.objects.filter(patient__in=patients(scope), scans__in=scans_there())
    rows = visits.annotate(received_at=Max("scans__created_at")).order_by("patient__site__code")
    for visit, patient, code, day, at in rows.values_list(
        "pk", "patient_id", "patient__site__code", "date", "received_at"
    ):
        for name in _groups(scope, code):
            waits[name].received.append((at.date() - day).days)
            waits[name].patients.add("received", patient)
            if visit not in done:
                # Not shown, but the difference of what is.
                waits[name].patients.add("waiting", patient)
    for _, patient, code, wait in segmented:
        for name in _groups(scope, code):
            if wait < 0:
                waits[name].has_impossible = True
                continue
            waits[name].segmented.append(wait)
            waits[name].patients.add("segmented", patient)
    return [_turnaround(name, waits[name], scope.smallest) for name in _ordered(waits)]


def _segmentation_waits(scope: Scope) -> Iterable[tuple[UUID, UUID, str, float]]:
    """Yield visit, patient, site and days from the last scan of each counting run to its end."""
    found = counting_results().filter(run__visit__patient__in=patients(scope))
    for run, visit, patient, code, end, t1w, t2w in found.values_list(
        "run_id",
        "run__visit_id",
        "run__visit__patient_id",
        "run__visit__patient__site__code",
        "run__finished_at",
        "run__t1w_scan__created_at",
        "run__t2w_scan__created_at",
    ):
        if end is None:  # A run without an end tells no turnaround.
            continue
        wait = (end - max(t1w, t2w or t1w)).total_seconds() / SECONDS_PER_DAY
        if wait < 0:
            logger.warning("Run %s ended %.1f days before its scans were received.", run, -wait)
        yield visit, patient, code, wait


def _turnaround(name: str, waits: _Waits, smallest: int) -> Turnaround:
    return Turnaround(
        name,
        len(waits.received),
        median_or_none(waits.received),
        len(waits.segmented),
        median_or_none(waits.segmented),
        waits.has_impossible,
        not waits.patients.is_safe(smallest),
    )


def uploads(scope: Scope) -> list[Row]:
    """Return per site how many uploads were accepted, refused, and failed."""
    states = (JobState.SUCCEEDED, JobState.REJECTED, JobState.FAILED)
    found = Upload.objects.filter(visit__patient__in=patients(scope), state__in=states)
    counted = tallies()
    for code, patient, state in found.values_list(
        "visit__patient__site__code", "visit__patient_id", "state"
    ):
        for name in _groups(scope, code):
            counted[name].add(state, patient)
    return [counted[name].row(name, states, smallest=scope.smallest) for name in _ordered(counted)]


def refusals(scope: Scope) -> list[Row]:
    """Return why uploads were refused, the most frequent reason first; all or none."""
    found = Upload.objects.filter(visit__patient__in=patients(scope), state=JobState.REJECTED)
    counted = tallies()
    for code, patient in found.values_list("failure_code", "visit__patient_id"):
        counted[code].add("refused", patient)
    rows = [own.row(code, ["refused"], smallest=scope.smallest) for code, own in counted.items()]
    return hidden_together(sorted(rows, key=lambda row: -row.cells[0]))


def open_queries(scope: Scope, *, now: datetime | None = None) -> list[Row]:
    """Return the queries that are not closed by age, by site.

    Counted are those that the person may see; without subject-level access those for sites,
    so that nobody learns from a count what the loads have raised.
    """
    found = Query.objects.filter(study=scope.study).exclude(state=QueryState.CLOSED)
    if scope.is_whole_only:
        found = found.filter(audience=Audience.SITE)
    else:
        found = policies.visible_to(scope.user, found)
    today = now or datetime.now(UTC)
    counted = tallies()
    for code, patient, opened in found.values_list(
        "patient__site__code", "patient_id", "created_at"
    ):
        for name in _groups(scope, code):
            counted[name].add(age_band((today - opened).days, QUERY_BANDS_DAYS), patient)
    bands = range(len(QUERY_BANDS))
    return [counted[name].row(name, bands, smallest=scope.smallest) for name in _ordered(counted)]


@dataclass(slots=True)
class Month:
    """What happened at one site in one month."""

    month: date
    site_code: str
    enrolled: int = 0
    visits: int = 0
    scans: int = 0


def activity(scope: Scope) -> list[Month]:
    """Return enrolments, visits and received scans by month and site, the latest first.

    Scans that are set aside are not counted: the visit owes another.

    Months in which nothing happened are left out. For roles with subject-level access only:
    a month of one site is a small group.
    """
    if scope.is_whole_only:
        return []
    found: dict[tuple[date, str], Month] = {}
    own = patients(scope)
    enrolled = own.filter(enrolled_on__isnull=False).values_list("site__code", "enrolled_on")
    visits = Visit.objects.filter(patient__in=own).values_list("patient__site__code", "date")
    received = (
        scans_there()
        .filter(visit__patient__in=own)
        .values_list("visit__patient__site__code", "created_at")
    )
    for column, rows in (
        ("enrolled", enrolled),
        ("visits", visits),
        ("scans", [(code, at.date()) for code, at in received]),
    ):
        for code, day in rows:
            if day is None:
                continue
            key = (day.replace(day=1), code)
            month = found.setdefault(key, Month(*key))
            setattr(month, column, getattr(month, column) + 1)
    return sorted(found.values(), key=lambda m: (-m.month.toordinal(), m.site_code))


def _group(scope: Scope, site_code: str) -> str:
    return WHOLE if scope.is_whole_only else site_code


def _groups(scope: Scope, site_code: str) -> tuple[str, ...]:
    """Return the rows in which something of a site is counted."""
    return (WHOLE,) if scope.is_whole_only else (site_code, WHOLE)


def _ordered(names: Iterable[str]) -> list[str]:
    """Return the sites in order of code, and the whole study last."""
    return sorted(names, key=lambda name: (name == WHOLE, name))
