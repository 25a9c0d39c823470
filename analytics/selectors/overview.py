"""How far a study has come, for whoever may see its overview.

A role with subject-level access reads what it may see; any other reads the whole study only,
and no group smaller than five.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Max, Min, QuerySet

from analytics.stats.progress import age_band, is_safe, median_or_none
from mldtrial.trial import policies, selectors
from mldtrial.trial.models import (
    Audience,
    Patient,
    Query,
    QueryState,
    Scan,
    ScanState,
    Study,
    Visit,
)
from mldtrial.trial.rules.schedule import Standing
from segmentation.models import JobState, SegmentationRun, Upload

WHOLE = "All sites"
QUERY_BANDS_DAYS = (7, 30, 90)
QUERY_BANDS = ("up to 7 days", "8 to 30 days", "31 to 90 days", "over 90 days")
SECONDS_PER_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table: its name and its cells; hidden where a group is too small."""

    name: str
    cells: tuple[int, ...]
    is_hidden: bool = False


@dataclass(frozen=True, slots=True)
class Turnaround:
    """Median days of a group of visits, with how many there are; None where there are none."""

    name: str
    visits: int
    to_received: float | None
    segmented: int
    to_segmented: float | None
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

    def rows(self, counts: dict[str, tuple[int, ...]]) -> list[Row]:
        """Return the rows of a table, each shown or hidden as a whole."""
        return [
            Row(name, cells, not is_safe(cells, self.smallest)) for name, cells in counts.items()
        ]


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
    counts: dict[str, Counter[str]] = {}
    for schedule in selectors.schedules(patients(scope)).values():
        for entry in schedule:
            own = counts.setdefault(entry.definition.name, Counter())
            if (column := _column(entry)) is not None:
                own[column] += 1
    return scope.rows({name: tuple(own[c] for c in COLUMNS) for name, own in counts.items()})


COLUMNS = ("done", "missed", "not done", "to come")


def _column(entry: selectors.PlannedVisit) -> str | None:
    """Return where a planned visit is counted; None where nobody expects it."""
    standing, closes = entry.standing, entry.planned.closes
    if standing == Standing.DONE:
        return "done"
    if standing == Standing.NOT_DONE:
        return "not done"
    ended_on = entry.patient.withdrawn_on
    if ended_on is not None:
        return "missed" if closes is not None and closes < ended_on else None
    return {
        Standing.OVERDUE: "missed",
        Standing.DUE: "to come",
        Standing.UPCOMING: "to come",
        Standing.WAITING: None,
    }[standing]


def turnaround(scope: Scope) -> list[Turnaround]:
    """Return the median days from visit to scan and from scan to segmentation, by site.

    Received is the last of the visit's scans; segmented is the run that pages and exports use.
    """
    received: dict[str, list[float]] = defaultdict(list)
    segmented: dict[str, list[float]] = defaultdict(list)
    visits = Visit.objects.filter(patient__in=patients(scope), scans__state=ScanState.IMPORTED)
    last_scan: dict[UUID, datetime] = {}
    rows = visits.annotate(received_at=Max("scans__created_at")).order_by("patient__site__code")
    for pk, code, day, at in rows.values_list("pk", "patient__site__code", "date", "received_at"):
        last_scan[pk] = at
        for name in _groups(scope, code):
            received[name].append((at.date() - day).days)
    # A run without an end tells no turnaround.
    runs = SegmentationRun.objects.filter(
        visit__in=last_scan,
        analysis_flag=True,
        state=JobState.SUCCEEDED,
        finished_at__isnull=False,
    )
    finished = runs.values_list("visit_id", "visit__patient__site__code").annotate(
        Min("finished_at")
    )
    for pk, code, at in finished:
        for name in _groups(scope, code):
            wait = (at - last_scan[pk]).total_seconds()
            segmented[name].append(max(wait, 0.0) / SECONDS_PER_DAY)
    return [
        _turnaround(scope, name, received[name], segmented[name]) for name in _ordered(received)
    ]


def _turnaround(
    scope: Scope, name: str, received: Sequence[float], segmented: Sequence[float]
) -> Turnaround:
    is_hidden = not is_safe((len(received), len(segmented)), scope.smallest)
    return Turnaround(
        name,
        len(received),
        median_or_none(received),
        len(segmented),
        median_or_none(segmented),
        is_hidden,
    )


def uploads(scope: Scope) -> list[Row]:
    """Return per site how many uploads were accepted, refused, and failed."""
    states = (JobState.SUCCEEDED, JobState.REJECTED, JobState.FAILED)
    found = Upload.objects.filter(visit__patient__in=patients(scope), state__in=states)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for code, state in found.values_list("visit__patient__site__code", "state"):
        for name in _groups(scope, code):
            counts[name][state] += 1
    return scope.rows(
        {name: tuple(counts[name][state] for state in states) for name in _ordered(counts)}
    )


def refusals(scope: Scope) -> list[Row]:
    """Return why uploads were refused, the most frequent reason first."""
    found = Upload.objects.filter(visit__patient__in=patients(scope), state=JobState.REJECTED)
    counts = Counter(found.values_list("failure_code", flat=True))
    return scope.rows({code: (count,) for code, count in counts.most_common()})


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
    counts: dict[str, Counter[int]] = defaultdict(Counter)
    for code, opened in found.values_list("patient__site__code", "created_at"):
        for name in _groups(scope, code):
            counts[name][age_band((today - opened).days, QUERY_BANDS_DAYS)] += 1
    bands = range(len(QUERY_BANDS))
    return scope.rows(
        {name: tuple(counts[name][band] for band in bands) for name in _ordered(counts)}
    )


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

    Months in which nothing happened are left out. For roles with subject-level access only:
    a month of one site is a small group.
    """
    if scope.is_whole_only:
        return []
    found: dict[tuple[date, str], Month] = {}
    own = patients(scope)
    enrolled = own.filter(enrolled_on__isnull=False).values_list("site__code", "enrolled_on")
    visits = Visit.objects.filter(patient__in=own).values_list("patient__site__code", "date")
    scans = Scan.objects.filter(visit__patient__in=own, state=ScanState.IMPORTED)
    received = scans.values_list("visit__patient__site__code", "created_at")
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
