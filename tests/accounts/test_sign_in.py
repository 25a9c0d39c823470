import pytest
from django.test import Client
from django.urls import reverse

from mldtrial.accounts.models import User
from tests.support.world import PASSWORD, World

pytestmark = pytest.mark.django_db


def sign_in(client: Client, username: str, password: str, **more):
    return client.post(reverse("sign_in"), {"username": username, "password": password, **more})


def test_a_person_signs_in_and_out(world: World):
    client = Client()
    assert sign_in(client, "coordinator", PASSWORD)["Location"] == "/"
    assert client.get("/").status_code == 200
    assert client.post(reverse("sign_out"))["Location"] == "/sign-in/"
    assert client.get("/").status_code == 302


def test_signing_in_returns_to_the_page_that_was_asked_for(world: World):
    client = Client()
    asked = client.get("/queries/")
    assert asked["Location"] == "/sign-in/?next=/queries/"
    answer = sign_in(client, "coordinator", PASSWORD, next="/queries/")
    assert answer["Location"] == "/queries/"


def test_signing_in_leads_to_no_other_site(world: World):
    answer = sign_in(Client(), "coordinator", PASSWORD, next="https://example.org/")
    assert answer["Location"] == "/"


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(world: World):
    wrong = sign_in(Client(), "coordinator", "wrong")
    unknown = sign_in(Client(), "nobody-here", "wrong")
    assert wrong.status_code == unknown.status_code == 422
    sentence = "User name and password do not belong together"
    assert sentence in wrong.content.decode()
    assert sentence in unknown.content.decode()
    assert PASSWORD not in wrong.content.decode()


def test_a_person_who_left_does_not_sign_in(world: World):
    User.objects.filter(username="coordinator").update(is_active=False)
    assert sign_in(Client(), "coordinator", PASSWORD).status_code == 422


def test_signing_out_takes_a_form_not_a_link(world: World):
    client = Client()
    client.force_login(world.user("coordinator"))
    assert client.get(reverse("sign_out")).status_code == 405
    assert client.get("/").status_code == 200


def test_a_session_is_renewed_at_sign_in(world: World):
    client = Client()
    client.force_login(world.user("sponsor"))
    before = client.session.session_key
    sign_in(client, "coordinator", PASSWORD)
    assert client.session.session_key != before


def test_the_session_cookie_is_out_of_reach_of_scripts(world: World):
    client = Client()
    answer = sign_in(client, "coordinator", PASSWORD)
    cookie = answer.cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_a_person_without_a_printed_name_is_shown_by_the_user_name():
    assert str(User(username="ada")) == "ada"
    assert str(User(username="ada", full_name="Ada L.")) == "Ada L."
    assert User(username="ada").get_short_name() == "ada"


def test_pages_of_a_signed_in_person_are_private(world: World):
    client = Client()
    client.force_login(world.user("coordinator"))
    for url in ("/", "/no/such/page/"):
        assert client.get(url)["Cache-Control"] == "private, no-store"
