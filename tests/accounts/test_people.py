"""Roles end with a reason, and a study keeps an administrator."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client

from mldtrial.audit.context import acting
from mldtrial.trial import policies
from mldtrial.trial.models import Membership, Role
from mldtrial.trial.services import memberships, studies
from tests.support.codes import enrol
from tests.support.forms import send
from tests.support.locking import lock
from tests.support.world import World, build_world, person

pytestmark = pytest.mark.django_db
PEOPLE = "/studies/MLD-1/people/"


@pytest.fixture
def admin(world: World) -> Client:
    client = Client()
    client.force_login(world.user("administrator"))
    return client


def held(world: World, key: str) -> Membership:
    return Membership.objects.get(user=world.user(key), study=world.study)


def last_event(membership: Membership) -> Any:
    events = apps.get_model("trial", "MembershipEvent")
    return events.objects.filter(pgh_obj_id=membership.pk).order_by("pgh_id").last()


def test_the_page_lists_everybody_with_role_and_state(admin: Client, world: World):
    enrol(world.user("coordinator"))
    page = admin.get(PEOPLE).content.decode()
    assert "Data Manager" in page
    assert "other_sponsor" not in page
    assert page.count("enrolled") == 1
    assert "does not ask for a second factor" in page


@pytest.mark.requirement("ICH-E6R3-4.2.2")
@pytest.mark.requirement("EMA-CSV-A3")
def test_a_role_ends_with_a_reason_in_the_history(admin: Client, world: World):
    membership = held(world, "coordinator")
    client = Client()
    client.force_login(world.user("coordinator"))
    url = f"{PEOPLE}{membership.pk}/end/"
    assert admin.post(url, {"reason": " "}).status_code == 422
    assert client.get("/studies/MLD-1/patients/").status_code == 200
    assert admin.post(url, {"reason": "Left the hospital"})["Location"] == PEOPLE
    assert client.get("/studies/MLD-1/patients/").status_code == 302
    event = last_event(membership)
    assert (event.is_active, event.pgh_context["reason"]) == (False, "Left the hospital")
    assert event.pgh_context["user"] == str(world.user("administrator").pk)
    assert policies.roles(world.user("coordinator"), world.study) == set()


def test_a_role_ends_while_the_study_is_locked(admin: Client, world: World):
    lock(world, world.study)
    url = f"{PEOPLE}{held(world, 'coordinator').pk}/end/"
    for address in (url, f"{PEOPLE}invite/"):
        assert "cannot be changed" not in admin.get(address).content.decode()
    assert admin.post(url, {"reason": " "}).status_code == 422
    assert admin.post(url, {"reason": "Left the hospital"})["Location"] == PEOPLE
    assert not held(world, "coordinator").is_active


def test_an_ended_role_can_be_given_again(world: World):
    by = world.user("administrator")
    membership = held(world, "coordinator")
    memberships.end_membership(membership=membership, reason="Leave", by=by)
    again = studies.grant_membership(
        user=world.user("coordinator"),
        study=world.study,
        role=Role.COORDINATOR,
        site=world.site_a,
    )
    assert again.pk == membership.pk
    assert again.is_active


def test_the_last_administrator_stays(admin: Client, world: World):
    membership = held(world, "administrator")
    answer = admin.post(f"{PEOPLE}{membership.pk}/end/", {"reason": "Enough"})
    assert answer.status_code == 422
    assert "last administrator" in answer.content.decode()
    second = person("second")
    studies.grant_membership(user=second, study=world.study, role=Role.ADMINISTRATOR)
    assert admin.post(f"{PEOPLE}{membership.pk}/end/", {"reason": "Enough"}).status_code == 302
    assert not Membership.objects.get(pk=membership.pk).is_active


@pytest.mark.django_db(transaction=True)
def test_two_administrators_who_end_each_other_do_not_both_succeed():
    world = build_world()
    first, second = world.user("administrator"), person("second")
    studies.grant_membership(user=second, study=world.study, role=Role.ADMINISTRATOR)
    pairs = [
        (first, Membership.objects.get(user=second, study=world.study)),
        (second, Membership.objects.get(user=first, study=world.study)),
    ]

    def end(pair: tuple[Any, Membership]) -> bool:
        by, membership = pair
        try:
            with acting(user=by, origin="test"):
                memberships.end_membership(membership=membership, reason="Enough", by=by)
        except (ValidationError, PermissionDenied):
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(end, pairs)) == 1


def test_row_exports_are_granted_to_a_sponsor_with_a_reason(admin: Client, world: World):
    membership = held(world, "sponsor")
    url = f"{PEOPLE}{membership.pk}/row-exports/"
    assert admin.post(url, {"is_granted": "yes", "reason": ""}).status_code == 422
    assert send(admin, url, is_granted="yes", reason="Contract 7").status_code == 302
    assert policies.may(world.user("sponsor"), "export_rows", world.study)
    assert last_event(membership).pgh_context["reason"] == "Contract 7"
    send(admin, url, is_granted="no", reason="Contract ended")
    assert not policies.may(world.user("sponsor"), "export_rows", world.study)


def test_row_exports_are_granted_to_nobody_else(admin: Client, world: World):
    url = f"{PEOPLE}{held(world, 'monitor').pk}/row-exports/"
    assert admin.post(url, {"is_granted": "yes", "reason": "x"}).status_code == 422


def test_a_membership_of_another_study_is_not_there(admin: Client, world: World):
    other = Membership.objects.get(user=world.user("other_sponsor"))
    assert admin.get(f"{PEOPLE}{other.pk}/end/").status_code == 404


def test_an_auditor_reads_and_changes_nothing(world: World):
    client = Client()
    client.force_login(world.user("auditor"))
    page = client.get(PEOPLE).content.decode()
    assert "Data Manager" in page
    assert "Invite a person" not in page
    assert client.get(f"{PEOPLE}{held(world, 'sponsor').pk}/end/").status_code == 403
