"""Pages of the register: each site its own scanners, with software, scans and changes."""

from datetime import timedelta

import pytest
from django.urls import reverse

from segmentation.models import Scanner
from tests.segmentation.services.test_scanners import NEW, OLD, later, scanned
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


def test_a_scanner_of_another_site_does_not_exist(world: World, scanner, client):
    client.force_login(world.user("coordinator_b"))
    assert client.get(reverse("scanner", args=["MLD-1", scanner.pk])).status_code == 404
