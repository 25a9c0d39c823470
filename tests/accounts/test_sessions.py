"""How a session ends: by time, by a change of password, role or factor, by deactivation."""

import time

import pytest
from django.test import Client
from django.urls import reverse

from mldtrial.accounts.models import User
from mldtrial.accounts.services import passwords, second_factors, sessions
from mldtrial.trial.models import Role
from mldtrial.trial.services import studies
from tests.access import addresses
from tests.access.routes import EXPECTED
from tests.support.codes import enrol
from tests.support.world import PASSWORD, World

pytestmark = pytest.mark.django_db

IDLE, ABSOLUTE = 30 * 60, 12 * 60 * 60


@pytest.fixture
def client(world: World) -> Client:
    opened = Client()
    opened.post("/sign-in/", {"username": "data_manager", "password": PASSWORD})
    assert opened.get("/").status_code == 200
    return opened


def set_times(client: Client, **ago: int) -> None:
    session = client.session
    for key, seconds in ago.items():
        session[key] = int(time.time()) - seconds
    session.save()


def is_open(client: Client) -> bool:
    return client.get("/").status_code == 200


@pytest.mark.requirement("21CFR11.10(d)")
@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ({sessions.SEEN: IDLE - 5}, True),
        ({sessions.SEEN: IDLE + 1}, False),
        ({sessions.BEGAN: ABSOLUTE - 5}, True),
        ({sessions.BEGAN: ABSOLUTE + 1}, False),
    ],
)
@pytest.mark.requirement("ICH-E6R3-4.3.3")
def test_a_session_ends_by_time(client: Client, times: dict[str, int], expected: bool):
    set_times(client, **times)
    assert is_open(client) is expected


@pytest.mark.requirement("ICH-E6R3-4.3.3")
def test_no_route_answers_an_idle_session(world: World):
    for name, route in EXPECTED.items():
        if route.scope == "public" or route.get is None:
            continue
        client = Client()
        client.force_login(world.user("data_manager"))
        set_times(client, **{sessions.SEEN: IDLE + 1, sessions.BEGAN: IDLE + 1})
        found = addresses.routes()[name]
        url = addresses.address(world, found, addresses.SITE_A, dict(route.params))
        assert client.get(url)["Location"].startswith("/sign-in/?next="), name


def test_the_sign_in_page_says_why_once(client: Client):
    set_times(client, **{sessions.SEEN: IDLE + 1})
    client.get("/")
    assert "Your session has ended" in client.get("/sign-in/").content.decode()
    assert "Your session has ended" not in client.get("/sign-in/").content.decode()


def test_a_click_keeps_a_session_open(client: Client):
    set_times(client, **{sessions.SEEN: IDLE - 60})
    assert is_open(client)
    assert client.session[sessions.SEEN] > time.time() - 5


def test_a_page_that_refreshes_itself_keeps_no_session_open(client: Client):
    set_times(client, **{sessions.SEEN: IDLE - 60})
    before = client.session[sessions.SEEN]
    assert client.get("/uploads/?fragment=1", headers={"HX-Request": "true"}).status_code == 200
    assert client.session[sessions.SEEN] == before


def test_a_fragment_of_an_ended_session_sends_the_page_to_the_sign_in(client: Client):
    set_times(client, **{sessions.SEEN: IDLE + 1})
    answer = client.get(
        "/uploads/?fragment=1",
        headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/queries/?a=1"},
    )
    assert answer.status_code == 204
    assert answer["HX-Redirect"] == "/sign-in/?next=%2Fqueries%2F"


def test_signing_in_again_begins_anew(client: Client):
    set_times(client, **{sessions.BEGAN: ABSOLUTE - 60})
    client.post("/sign-in/", {"username": "data_manager", "password": PASSWORD})
    assert client.session[sessions.BEGAN] > time.time() - 5


def test_a_new_password_ends_other_sessions(world: World, client: Client):
    user = world.user("data_manager")
    other = Client()
    other.force_login(user)
    answer = client.post(
        "/account/password/",
        {
            "password": PASSWORD,
            "new_password": "another long sentence",
            "again": "another long sentence",
        },
    )
    assert answer["Location"] == "/account/"
    assert is_open(client)
    assert not is_open(other)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"password": "wrong"}, "not your password"),
        ({"again": "something else entirely"}, "The two passwords differ"),
        ({"new_password": "short", "again": "short"}, "at least 12 characters"),
        ({"new_password": "passwordpassword1", "again": "passwordpassword2"}, "differ"),
    ],
)
def test_a_refused_password_changes_nothing(client: Client, given: dict[str, str], sentence: str):
    data = {"password": PASSWORD, "new_password": "another long sentence"}
    data["again"] = data["new_password"]
    answer = client.post("/account/password/", {**data, **given})
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert User.objects.get(username="data_manager").check_password(PASSWORD)


def test_a_new_factor_ends_sessions(world: World, client: Client):
    enrol(world.user("data_manager"))
    assert not is_open(client)


def test_a_removed_factor_ends_sessions(world: World):
    user, client = world.user("data_manager"), Client()
    enrol(user)
    client.force_login(user)
    second_factors.remove(factor=second_factors.factors(user).get(), request=None)
    assert not is_open(client)


def test_a_new_role_ends_sessions(world: World, client: Client):
    studies.grant_membership(
        user=world.user("data_manager"), study=world.study, role=Role.STATISTICIAN
    )
    assert not is_open(client)


@pytest.mark.requirement("ICH-E6R3-4.2.2")
def test_a_person_who_left_is_out_at_the_next_request(world: World, client: Client):
    for _ in range(100):
        User.objects.filter(username="data_manager").update(is_active=True)
        client.force_login(world.user("data_manager"))
        User.objects.filter(username="data_manager").update(is_active=False)
        assert not is_open(client)


def test_a_password_set_elsewhere_ends_sessions(world: World, client: Client):
    passwords.set_password(user=world.user("data_manager"), new_password="another long sentence")
    assert not is_open(client)


def test_the_account_page_names_person_and_roles(world: World, client: Client):
    page = client.get(reverse("account")).content.decode()
    assert "Data Manager" in page
    assert "No second factor yet." in page
    assert world.study.code in page
