"""Keep the register of scanners: recognise, name, qualify, and see what has changed."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Q, QuerySet

from mldtrial.audit.context import because
from mldtrial.audit.models import LockLevel
from mldtrial.trial import policies
from mldtrial.trial.models import Scan, ScanState, Visit
from mldtrial.trial.selectors.locks import held_ids
from mldtrial.trial.services import locking
from mldtrial.trial.services.saving import store
from segmentation.imaging.scanners import identity_of, software_of
from segmentation.models import ScannedOn, Scanner, ScannerChange
from segmentation.selectors.scanners import changes_of

RECOGNISED = "Recognised from the header of a scan"
BATCH = 200


@transaction.atomic
def recognise_scans(visit: Visit) -> None:
    """Enter the scans of a visit into the register of its site, and see what has changed."""
    for scan in _unregistered().filter(visit=visit):
        recognise(scan)


def recognise_outstanding(*, at_most: int = BATCH) -> int:
    """Enter scans that came in before the register, or were moved; returns how many."""
    held = held_ids(at_least=LockLevel.FROZEN)
    left = _unregistered().exclude(visit__patient__study__in=held)
    entered = 0
    for scan in left[:at_most]:
        entered += recognise(scan) is not None
    return entered


def _unregistered() -> QuerySet[Scan]:
    """Return the usable scans that name a scanner and are not in the register as they stand."""
    names_one = Q(scanner__has_key="model") | Q(scanner__has_key="device")
    is_elsewhere = ~Q(scanned_on__scanner__site=F("visit__patient__site"))
    found = Scan.objects.filter(names_one, state=ScanState.IMPORTED)
    # A file without a day has that of its visit, which may be corrected.
    has_other_day = Q(days_from_visit__isnull=True) & ~Q(scanned_on__acquired_on=F("visit__date"))
    found = found.filter(Q(scanned_on__isnull=True) | is_elsewhere | has_other_day)
    return found.select_related("visit__patient__site", "visit__patient__study").order_by("pk")


@transaction.atomic
def recognise(scan: Scan) -> Scanner | None:
    """Enter a scan into the register; None where its header names no scanner."""
    found = identity_of(scan.scanner)
    if found is None:
        return None
    patient = scan.visit.patient
    with because(RECOGNISED):
        scanner, _ = Scanner.objects.get_or_create(
            site=patient.site,
            key=found.key,
            defaults={
                "study": patient.study,
                "manufacturer": found.manufacturer,
                "model": found.model,
                "field_strength_t": found.field_strength_t,
                "device": found.device,
            },
        )
        before = ScannedOn.objects.filter(scan=scan).select_related("scanner").first()
        ScannedOn.objects.update_or_create(
            scan=scan,
            defaults={
                "scanner": scanner,
                "software": software_of(scan.scanner),
                "acquired_on": scan.visit.date + timedelta(days=scan.days_from_visit or 0),
            },
        )
        review_events(scanner)
        if before is not None and before.scanner_id != scanner.pk:
            review_events(before.scanner)
    return scanner


@transaction.atomic
def review_events(scanner: Scanner) -> None:
    """Bring the events of a scanner in line with its scans; the same scans change nothing."""
    Scanner.objects.select_for_update().get(pk=scanner.pk)
    found = {(change.kind, change.scan_id): change for change in changes_of(scanner)}
    known = ScannerChange.objects.filter(scanner=scanner, is_current=True)
    for event in known:
        change = found.pop((event.kind, event.scan_id), None)
        if change is not None and change.is_same(event):
            continue
        event.is_current = False
        event.save()
        if change is not None:
            found[event.kind, event.scan_id] = change
    for change in found.values():
        ScannerChange.objects.create(scanner=scanner, **change.columns())


def review_scanners_of(scans: Collection[Scan]) -> None:
    """Review the events of the scanners of some scans, after these have ceased to be used."""
    for scanner in Scanner.objects.filter(scans__scan__in=scans).distinct():
        review_events(scanner)


@transaction.atomic
def name_scanner(*, scanner: Scanner, name: str, by: Any) -> Scanner:
    """Give a scanner the name that its site uses.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the name is empty or taken at the site, or the study is locked.
    """
    policies.require(by, "name_scanner", scanner.site)
    locking.require_open(scanner.study)
    name = name.strip()
    if not name:
        raise ValidationError({"name": "Give the name that the site uses."})
    others = Scanner.objects.filter(site=scanner.site, name__iexact=name)
    if others.exclude(pk=scanner.pk).exists():
        raise ValidationError({"name": "Another scanner of this site has this name."})
    locked = Scanner.objects.select_for_update().get(pk=scanner.pk)
    locked.name = name
    with because("Scanner named"):
        return store(locked)


@transaction.atomic
def qualify(*, scanner: Scanner, qualification: str, by: Any) -> Scanner:
    """Mark a scanner as qualified for the study.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, nothing says on what the qualification rests, it is qualified
        already, or the study is locked.
    """
    locked = _to_qualify(scanner, by)
    if not qualification.strip():
        raise ValidationError({"qualification": "Say on what the qualification rests."})
    if locked.is_qualified:
        raise ValidationError("This scanner is qualified already; open the page again.")
    locked.is_qualified, locked.qualification = True, qualification.strip()
    locked.qualified_by = by
    with because(qualification.strip()):
        return store(locked)


@transaction.atomic
def end_qualification(*, scanner: Scanner, reason: str, by: Any) -> Scanner:
    """End the qualification of a scanner, for example after a change of its software.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the reason is missing, it is not qualified, or the study is locked.
    """
    locked = _to_qualify(scanner, by)
    if not reason.strip():
        raise ValidationError({"reason": "Give the reason."})
    if not locked.is_qualified:
        raise ValidationError("This scanner is not qualified; open the page again.")
    locked.is_qualified, locked.qualification, locked.qualified_by = False, "", None
    with because(reason.strip()):
        return store(locked)


def _to_qualify(scanner: Scanner, by: Any) -> Scanner:
    policies.require(by, "qualify_scanner", scanner.site)
    locking.require_open(scanner.study)
    return Scanner.objects.select_for_update(of=("self",)).get(pk=scanner.pk)
