"""Pages of the register: each site its own scanners, with software, scans and changes."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.urls import reverse

from mldtrial.trial.models import ProtocolDeviation, Visit
from mldtrial.trial.services import patients
from segmentation.models import Scanner
from tests.segmentation.services.test_scanners import NEW, OLD, later, scanned
from tests.support.loads import make_visit
from tests.support.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def scanner(world: World) -> Scanner:
    scanned(world.visit_a)
    scanned(later(world, 30), software=NEW)
    return Scanner.objects.get()


def page(client, world: World, key: str, name: str, *more, **query) -> str:
    client.force_login(world.user(key))
    return client.get(reverse(name, args=["MLD-1", *more]), query).content.decode()


def test_a_site_sees_its_own_scanners_with_their_changes(world: World, scanner, client):
    shown = page(client, world, "coordinator", "scanners")
    assert "SIEMENS Prisma" in shown
    changed = world.visit_a.date + timedelta(days=30)
    assert f"{OLD} until {world.visit_a.date}, {NEW} from {changed}" in shown
    other = page(client, world, "coordinator_b", "scanners")
    assert "Prisma" not in other
    assert "No scanner yet." in other


def test_a_scanner_lists_its_scans_by_software(world: World, scanner, client):
    shown = page(client, world, "monitor", "scanner", scanner.pk)
    assert shown.count(f'data-label="Software">{OLD}') == 1
    narrowed = page(client, world, "monitor", "scanner", scanner.pk, software=NEW)
    assert f'data-label="Software">{OLD}' not in narrowed


def test_a_coordinator_names_it_and_only_the_data_manager_qualifies(world: World, scanner, client):
    url = reverse("scanner", args=["MLD-1", scanner.pk])
    shown = page(client, world, "coordinator", "scanner", scanner.pk)
    assert "Save the name" in shown
    assert "Mark as qualified" not in shown
    seen = client.get(url).context["acts"][0]["form"].mark
    assert client.post(url, {"action": "name", "name": "Room 2", "seen": seen}).status_code == 302
    assert client.post(url, {"action": "qualify", "qualification": "x"}).status_code == 403
    client.force_login(world.user("data_manager"))
    client.post(url, {"action": "qualify", "qualification": "Phantom of 2023-04-01"})
    scanner.refresh_from_db()
    assert (scanner.name, scanner.is_qualified) == ("Room 2", True)


def status_of(client, world: World, visit: Visit, key: str) -> str:
    return page(client, world, key, "visit_status", visit.pk)


def test_a_change_of_software_is_proposed_as_a_deviation_until_it_is_one(
    world: World, scanner, client
):
    changed = later(world, 30)
    shown = status_of(client, world, changed, "coordinator")
    (address,) = re.findall(r'href="([^"]*/deviations/new/[^"]*)"', shown)
    form = client.get(unescape(address)).context["form"]
    given = {name: form[name].value() for name in ("visit", "code", "description")}
    assert given == {
        "visit": str(changed.pk),
        "code": "SW_UPGRADE",
        "description": f"First scan after the software changed from {OLD} to {NEW}.",
    }
    assert not ProtocolDeviation.objects.exists()  # proposed, not recorded
    client.post(unescape(address), given)
    assert ProtocolDeviation.objects.get().visit == changed
    assert "deviations/new" not in status_of(client, world, changed, "coordinator")


def test_another_scanner_is_proposed_as_a_deviation(world: World, client):
    scanned(world.visit_a)
    other = later(world, 30)
    scanned(other, device="d2")
    assert "code=DIFF_SCANNER" in status_of(client, world, other, "data_manager")


@pytest.mark.parametrize("key", ["monitor", "auditor", "sponsor"])
def test_nothing_is_proposed_to_who_may_not_record(world: World, scanner, client, key):
    shown = status_of(client, world, later(world, 30), key)
    assert "First scan after the software changed" in shown
    assert "deviations/new" not in shown


def test_a_scanner_of_another_site_does_not_exist(world: World, scanner, client):
    client.force_login(world.user("coordinator_b"))
    assert client.get(reverse("scanner", args=["MLD-1", scanner.pk])).status_code == 404


def test_the_first_scan_of_a_child_is_on_no_other_scanner(world: World, client):
    scanned(world.visit_a)
    child = patients.create_patient(
        site=world.site_a,
        subject_code="A-002",
        sex="F",
        birth_month=world.patient_a.birth_month,
        enrolled_on=world.visit_a.date,
        by=None,
    )
    first = make_visit(child, world.visit_a.date + timedelta(days=30))
    scanned(first, device="d2")
    shown = status_of(client, world, first, "data_manager")
    assert "First scan on this scanner" in shown
    assert "DIFF_SCANNER" not in shown
