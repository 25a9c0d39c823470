"""Reading the register of scanners, narrowed to what the person may see."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404

from mldtrial.trial.models import ScanState, Study
from segmentation.imaging.scanners import Observation, Period, software_periods
from segmentation.models import ScannedOn, Scanner, ScannerChange, ScannerChangeKind
from segmentation.policies import visible_to


@dataclass(frozen=True, slots=True)
class SeenChange:
    """An event as the scans show it."""

    kind: str
    scan_id: UUID
    first_after_on: date
    before: str = ""
    after: str = ""
    last_before_on: date | None = None

    def columns(self) -> dict[str, Any]:
        """Return the columns of its row."""
        return {name: getattr(self, name) for name in self.__slots__}

    def is_same(self, event: ScannerChange) -> bool:
        """Return whether a row says this already."""
        return all(getattr(event, name) == value for name, value in self.columns().items())


def changes_of(scanner: Scanner) -> list[SeenChange]:
    """Return what the scans of a scanner show: that it was new, and each change of software."""
    links = list(_used(scanner))
    if not links:
        return []
    first = min(links, key=lambda link: (link.acquired_on, str(link.scan_id)))
    found = [
        SeenChange(
            ScannerChangeKind.NEW.value, first.scan_id, first.acquired_on, after=first.software
        )
    ]
    periods = periods_of(links)
    for before, after in itertools.pairwise(periods):
        found.append(
            SeenChange(
                ScannerChangeKind.SOFTWARE.value,
                UUID(after.first_scan_key),
                after.first_on,
                before.software,
                after.software,
                before.last_on,
            )
        )
    return found


def periods_of(links: Iterable[ScannedOn]) -> list[Period]:
    """Return the periods of software that scans show."""
    return software_periods(
        Observation(str(link.scan_id), link.acquired_on, link.software) for link in links
    )


def _used(scanner: Scanner) -> QuerySet[ScannedOn]:
    return ScannedOn.objects.filter(scanner=scanner, scan__state=ScanState.IMPORTED)


@dataclass(slots=True)
class RegisterRow:
    """A scanner with its periods of software and how many scans it made."""

    scanner: Scanner
    periods: list[Period] = field(default_factory=list)
    scans: int = 0
    unknown: int = 0
    """Scans that do not say their software."""
    first_on: date | None = None
    last_on: date | None = None

    @property
    def software(self) -> str:
        """The latest software that a scan says; empty where none says any."""
        return self.periods[-1].software if self.periods else ""


def register(study: Study, *, user: Any) -> list[RegisterRow]:
    """Return the scanners of a study that a person may see, by site, in three queries."""
    found = visible_to(user, Scanner.objects.filter(study=study)).select_related("site")
    links: dict[UUID, list[ScannedOn]] = {scanner.pk: [] for scanner in found}
    used = ScannedOn.objects.filter(scanner__in=links, scan__state=ScanState.IMPORTED)
    for link in used.order_by("acquired_on"):
        links[link.scanner_id].append(link)
    return [_row(scanner, links[scanner.pk]) for scanner in found]


def _row(scanner: Scanner, links: list[ScannedOn]) -> RegisterRow:
    days = [link.acquired_on for link in links]
    return RegisterRow(
        scanner,
        periods_of(links),
        scans=len(links),
        unknown=sum(not link.software for link in links),
        first_on=min(days, default=None),
        last_on=max(days, default=None),
    )


def register_row(study: Study, scanner_id: UUID, *, user: Any) -> RegisterRow:
    """Return one scanner with its periods.

    Raises
    ------
    Http404
        If there is none in this person's reach.
    """
    found = (
        visible_to(user, Scanner.objects.filter(study=study, pk=scanner_id))
        .select_related("site__study", "study", "qualified_by")
        .first()
    )
    if found is None:
        raise Http404("No such scanner.")
    return _row(found, list(_used(found).order_by("acquired_on")))


def scans_of(scanner: Scanner, *, user: Any, software: str = "") -> QuerySet[ScannedOn]:
    """Return the scans of a scanner that a person may see, the latest first."""
    found = visible_to(user, _used(scanner))
    if software:
        found = found.filter(software=software)
    return found.select_related("scan__visit__patient").order_by("-acquired_on", "pk")


def events(study: Study, *, user: Any) -> QuerySet[ScannerChange]:
    """Return what was seen on the scanners of a study, the latest first."""
    found = visible_to(user, ScannerChange.objects.filter(scanner__study=study, is_current=True))
    return found.select_related("scanner__site", "scan__visit__patient").order_by(
        "-first_after_on", "pk"
    )


def events_of_scans(scan_ids: Iterable[UUID], *, user: Any) -> list[ScannerChange]:
    """Return what these scans were the first to show, without the first scanner of a site."""
    found = visible_to(
        user, ScannerChange.objects.filter(scan__in=list(scan_ids), is_current=True)
    ).select_related("scanner")
    return [
        event
        for event in found
        if event.kind == ScannerChangeKind.SOFTWARE or _was_not_the_first(event)
    ]


def _was_not_the_first(event: ScannerChange) -> bool:
    others = ScannedOn.objects.filter(
        scanner__site=event.scanner.site_id,
        scan__state=ScanState.IMPORTED,
        acquired_on__lt=event.first_after_on,
    )
    return others.exclude(scanner=event.scanner_id).exists()


def is_another_for(patient_id: UUID, event: ScannerChange) -> bool:
    """Tell whether a patient was scanned on another scanner before what an event shows."""
    before = ScannedOn.objects.filter(
        scan__visit__patient=patient_id,
        scan__state=ScanState.IMPORTED,
        acquired_on__lt=event.first_after_on,
    )
    return before.exclude(scanner=event.scanner_id).exists()
