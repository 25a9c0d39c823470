"""The register of scanners: recognised at intake, its changes seen whatever order scans come in."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError

from mldtrial.audit.context import acting
from mldtrial.trial.models import Scan, Visit
from segmentation.models import ScannedOn, Scanner, ScannerChange
from segmentation.selectors import scanners as selectors
from segmentation.selectors import visit_status
from segmentation.services import compliance, scanners, upkeep
from tests.support.loads import make_scan, make_visit
from tests.support.locking import lock
from tests.support.world import World

pytestmark = pytest.mark.django_db

OLD, NEW = "syngo MR E11", "syngo MR XA30"


def header(software: str = OLD, device: str = "d1", **more: Any) -> dict[str, Any]:
    return {"manufacturer": "SIEMENS", "model": "Prisma", "field_strength_t": 3.0,
            "device": device, "software": software, **more}  # fmt: skip


def later(world: World, days: int, patient=None) -> Visit:
    patient = patient or world.patient_a
    return make_visit(patient, world.visit_a.date + timedelta(days=days))


def scanned(visit: Visit, **more: Any) -> Scan:
    scan = make_scan(visit, scanner=header(**more), days_from_visit=0)
    with acting(origin="worker:test"):
        compliance.look_at(visit)
    return scan


def seen() -> list[tuple[str, str, str]]:
    found = ScannerChange.objects.filter(is_current=True).order_by("first_after_on", "kind")
    return list(found.values_list("kind", "before", "after"))


def test_scans_of_one_device_are_scans_of_one_scanner(world: World):
    scanned(world.visit_a)
    scanned(later(world, 30), model="Prisma_fit")
    scanner = Scanner.objects.get()
    assert (scanner.site, scanner.manufacturer, scanner.device) == (world.site_a, "SIEMENS", "d1")
    assert scanner.scans.count() == 2


def test_a_device_at_two_sites_is_in_the_register_of_both(world: World):
    scanned(world.visit_a)
    scanned(world.visit_b)
    assert {s.site for s in Scanner.objects.all()} == {world.site_a, world.site_b}


def test_a_scan_that_names_no_scanner_is_in_no_register(world: World):
    make_scan(world.visit_a, scanner={})
    with acting(origin="worker:test"):
        compliance.look_at(world.visit_a)
    assert not Scanner.objects.exists()


def test_a_change_of_software_is_recorded_with_the_days_of_the_scans_around_it(world: World):
    scanned(world.visit_a)
    scanned(later(world, 30))
    first = scanned(later(world, 90), software=NEW)
    change = ScannerChange.objects.get(kind="SOFTWARE")
    assert (change.before, change.after, change.scan) == (OLD, NEW, first)
    assert change.last_before_on == world.visit_a.date + timedelta(days=30)
    assert change.first_after_on == world.visit_a.date + timedelta(days=90)


def test_the_first_scan_after_a_change_says_so_where_its_visit_is_shown(world: World):
    scanned(world.visit_a)
    changed = later(world, 90)
    scanned(changed, software=NEW)
    status = visit_status(changed, user=world.user("coordinator"))
    assert [event.sentence for event in status.scanner_events] == [
        f"First scan after the software changed from {OLD} to {NEW}."
    ]
    assert visit_status(world.visit_a, user=world.user("coordinator")).scanner_events == ()


def test_a_second_scanner_of_a_site_is_said_at_its_first_scan(world: World):
    scanned(world.visit_a)
    other = later(world, 60)
    scanned(other, device="d2")
    status = visit_status(other, user=world.user("coordinator"))
    assert [event.sentence for event in status.scanner_events] == ["First scan on this scanner."]


def test_an_older_scan_that_comes_in_later_moves_the_change(world: World):
    scanned(world.visit_a)
    late = scanned(later(world, 90), software=NEW)
    early = scanned(later(world, 60), software=NEW)
    current = ScannerChange.objects.get(kind="SOFTWARE", is_current=True)
    assert current.scan == early
    assert ScannerChange.objects.get(kind="SOFTWARE", is_current=False).scan == late


def test_the_same_scans_again_change_nothing(world: World):
    from django.apps import apps

    scanned(world.visit_a)
    scanned(later(world, 90), software=NEW)
    before = seen()
    history = apps.get_model("segmentation", "ScannerChangeEvent").objects.count()
    with acting(origin="worker:test"):
        scanners.review_events(Scanner.objects.get())
        compliance.look_at(world.visit_a)
    assert seen() == before
    assert apps.get_model("segmentation", "ScannerChangeEvent").objects.count() == history


def test_a_scan_that_does_not_say_its_software_is_no_change(world: World):
    scanned(world.visit_a)
    scanned(later(world, 30), software="")
    scanned(later(world, 60))
    assert [kind for kind, _, _ in seen()] == ["NEW"]


def test_scans_from_before_the_register_are_entered_by_the_sweep(world: World):
    make_scan(world.visit_a, scanner=header())
    assert upkeep.recognise_scanners() == 1
    assert upkeep.recognise_scanners() == 0
    assert ScannedOn.objects.count() == 1


def test_a_scan_that_is_moved_to_another_site_changes_its_register(world: World):
    scan = scanned(world.visit_a)
    Scan.objects.filter(pk=scan.pk).update(visit=world.visit_b)
    assert upkeep.recognise_scanners() == 1
    assert ScannedOn.objects.get().scanner.site == world.site_b
    assert [event.scanner.site for event in ScannerChange.objects.filter(is_current=True)] == [
        world.site_b
    ]


def named(world: World, name: str, key: str = "coordinator", scanner=None) -> Scanner:
    by = world.user(key)
    with acting(user=by, origin="web"):
        return scanners.name_scanner(scanner=scanner or Scanner.objects.get(), name=name, by=by)


def test_the_site_names_its_scanner(world: World):
    scanned(world.visit_a)
    assert str(named(world, " Prisma, room 2 ")) == "Prisma, room 2"
    with pytest.raises(PermissionDenied):
        named(world, "Ours", "coordinator_b")
    with pytest.raises(ValidationError, match="Give the name"):
        named(world, " ")


def test_two_scanners_of_a_site_do_not_share_a_name(world: World):
    scanned(world.visit_a)
    scanned(later(world, 30), device="d2")
    first, second = Scanner.objects.order_by("device")
    named(world, "Room 2", scanner=first)
    with pytest.raises(ValidationError, match="has this name"):
        named(world, "room 2", scanner=second)


def test_the_data_manager_qualifies_a_scanner_with_words_and_ends_that_with_a_reason(
    world: World,
):
    scanned(world.visit_a)
    scanner, by = Scanner.objects.get(), world.user("data_manager")
    with acting(user=by, origin="web"):
        with pytest.raises(ValidationError, match="on what the qualification rests"):
            scanners.qualify(scanner=scanner, qualification="", by=by)
        done = scanners.qualify(scanner=scanner, qualification="Phantom of 2023-04-01", by=by)
        assert (done.is_qualified, done.qualified_by) == (True, by)
        with pytest.raises(ValidationError, match="Give the reason"):
            scanners.end_qualification(scanner=scanner, reason=" ", by=by)
        ended = scanners.end_qualification(scanner=scanner, reason="Software changed", by=by)
    assert not ended.is_qualified
    with pytest.raises(PermissionDenied):
        scanners.qualify(scanner=scanner, qualification="x", by=world.user("coordinator"))


def test_names_and_qualifications_of_a_locked_study_stay(world: World):
    scanned(world.visit_a)
    lock(world, world.study)
    with pytest.raises(ValidationError, match="This record is locked"):
        named(world, "Room 2")
    with pytest.raises(IntegrityError, match="This record is locked"):
        Scanner.objects.update(name="Room 2")


def test_the_register_counts_scans_by_software(world: World):
    scanned(world.visit_a)
    scanned(later(world, 30))
    scanned(later(world, 60), software=NEW)
    scanned(later(world, 70), software="")
    (row,) = selectors.register(world.study, user=world.user("monitor"))
    assert [(p.software, p.scans) for p in row.periods] == [(OLD, 2), (NEW, 1)]
    assert (row.scans, row.unknown, row.software) == (4, 1, NEW)
    assert selectors.register(world.study, user=world.user("coordinator_b")) == []


def test_a_scan_without_a_day_follows_the_corrected_day_of_its_visit(world: World):
    make_scan(world.visit_a, scanner=header(), days_from_visit=None)
    scanners.recognise_outstanding()
    corrected = world.visit_a.date + timedelta(days=3)
    Visit.objects.filter(pk=world.visit_a.pk).update(date=corrected)
    scanners.recognise_outstanding()
    assert ScannedOn.objects.get().acquired_on == corrected
