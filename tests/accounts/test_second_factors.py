"""The second factor: asked for at every sign-in, and never taken twice."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from mldtrial.accounts.services import second_factors
from mldtrial.accounts.services.reauthentication import confirm
from tests.support.codes import SECRET, code, enrol, let_time_pass
from tests.support.world import PASSWORD, World, person

pytestmark = pytest.mark.django_db


def give_password(client: Client, username: str = "coordinator", **more):
    return client.post("/sign-in/", {"username": username, "password": PASSWORD, **more})


def give_code(client: Client, typed: str):
    return client.post("/sign-in/second-factor/", {"code": typed})


@pytest.mark.requirement("21CFR11.10(d)")
def test_a_password_alone_opens_nothing(world: World):
    enrol(world.user("coordinator"))
    client = Client()
    answer = give_password(client)
    assert answer["Location"] == "/sign-in/second-factor/"
    assert client.get("/")["Location"].startswith("/sign-in/")
    page = client.get("/sign-in/second-factor/").content.decode()
    assert "Second factor" in page
    assert "passkey-options" not in page


def test_password_and_code_open_the_page_that_was_asked_for(world: World):
    enrol(world.user("coordinator"))
    client = Client()
    give_password(client, next="/queries/")
    assert give_code(client, code())["Location"] == "/queries/"
    assert client.get("/").status_code == 200


def test_a_code_with_a_space_is_the_same_code(world: World):
    enrol(world.user("coordinator"))
    client = Client()
    give_password(client)
    typed = code()
    assert give_code(client, f"{typed[:3]} {typed[3:]}")["Location"] == "/"


def test_a_wrong_code_is_refused_in_words(world: World):
    enrol(world.user("coordinator"))
    client = Client()
    give_password(client)
    answer = give_code(client, "000000" if code() != "000000" else "111111")
    assert answer.status_code == 422
    assert "This code is not right" in answer.content.decode()
    assert client.get("/").status_code == 302


@pytest.mark.requirement("21CFR11.300")
def test_a_code_is_taken_once_in_a_hundred_tries(world: World):
    user = world.user("coordinator")
    enrol(user)
    typed = code()
    second_factors.use_code(user=user, code=typed)
    for _ in range(100):
        with pytest.raises(ValidationError, match="used already"):
            second_factors.use_code(user=user, code=typed)


def test_an_earlier_code_than_the_last_is_refused(world: World):
    user = world.user("coordinator")
    enrol(user)
    second_factors.use_code(user=user, code=code(later=1))
    with pytest.raises(ValidationError):
        second_factors.use_code(user=user, code=code())


@pytest.mark.django_db(transaction=True)
def test_of_twenty_at_once_one_is_taken():
    user = person("ada")
    enrol(user)
    typed = code()

    def use(_: int) -> bool:
        try:
            second_factors.use_code(user=user, code=typed)
        except ValidationError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(use, range(20))) == 1


def test_the_code_of_the_enrolment_is_used_up(world: World):
    user = world.user("coordinator")
    typed = code()
    second_factors.enrol_app(user=user, secret=SECRET, code=typed, request=None)
    with pytest.raises(ValidationError):
        second_factors.use_code(user=user, code=typed)


def test_a_recovery_code_opens_once(world: World):
    recovery = enrol(world.user("coordinator"))
    assert len(recovery) == 10
    client = Client()
    give_password(client)
    assert give_code(client, recovery[0])["Location"] == "/"
    again = Client()
    give_password(again)
    assert give_code(again, recovery[0]).status_code == 422
    assert second_factors.recovery_codes_left(world.user("coordinator")) == 9


def test_the_secret_is_not_readable_in_the_database(world: World):
    enrol(world.user("coordinator"))
    for row in Authenticator.objects.all():
        assert SECRET not in str(row.data)
    assert second_factors.asks_for_code(world.user("coordinator"))


def test_a_person_enrols_an_app_and_gets_recovery_codes(world: World):
    user, client = world.user("coordinator"), Client()
    client.force_login(user)
    page = client.get("/account/app/?next=/queries/").content.decode()
    assert "data:image/svg+xml;base64," in page
    secret = client.session["mfa.totp.secret"]
    answer = client.post("/account/app/", {"code": code(secret), "next": "/queries/"})
    assert answer.status_code == 200
    assert 'href="/queries/"' in answer.content.decode()
    assert second_factors.asks_for_code(user)
    assert client.get("/account/").status_code == 200  # this session goes on


def test_a_wrong_first_code_keeps_the_secret(world: World):
    client = Client()
    client.force_login(world.user("coordinator"))
    client.get("/account/app/")
    secret = client.session["mfa.totp.secret"]
    wrong = "000000" if code(secret) != "000000" else "111111"
    assert client.post("/account/app/", {"code": wrong}).status_code == 422
    assert client.session["mfa.totp.secret"] == secret
    assert client.post("/account/app/", {"code": code(secret)}).status_code == 200


def test_a_further_factor_asks_who_is_at_the_keyboard(world: World):
    user, client = world.user("coordinator"), Client()
    enrol(user)
    client.force_login(user)
    page = client.get("/account/passkey/").content.decode()
    assert 'name="password"' in page
    answer = client.post("/account/passkey/", {"name": "x", "credential": "{}"})
    assert answer.status_code == 422
    assert second_factors.factors(user).count() == 1


MALFORMED = {
    "id": "AAAA",
    "rawId": "AAAA",
    "type": "public-key",
    "response": {"clientDataJSON": "e30", "attestationObject": "oA", "authenticatorData": "AA"},
    "clientExtensionResults": {},
}


@pytest.mark.parametrize(
    "credential",
    [
        *("", "{}", "[]", "null", "7", "not json", '"x"', '{"id": 1}', '{"id": "AAAA"}'),
        json.dumps(MALFORMED),
        json.dumps(
            {
                **MALFORMED,
                "response": {**MALFORMED["response"], "userHandle": "!", "signature": "AA"},
            }
        ),
        json.dumps({**MALFORMED, "response": []}),
    ],
)
def test_what_no_passkey_says_is_refused(world: World, credential: str):
    client = Client()
    client.force_login(world.user("coordinator"))
    client.get("/account/passkey/")
    answer = client.post("/account/passkey/", {"name": "x", "credential": credential})
    assert answer.status_code == 422
    away = Client()
    away.get("/sign-in/passkey/")
    assert away.post("/sign-in/passkey/", {"credential": credential}).status_code == 422


def test_removing_a_factor_asks_for_password_and_code(world: World):
    user, client = world.user("coordinator"), Client()
    enrol(user)
    client.force_login(user)
    factor = second_factors.factors(user).get()
    url = f"/account/second-factors/{factor.pk}/remove/"
    assert client.post(url, {"password": PASSWORD, "code": ""}).status_code == 422
    assert client.post(url, {"password": "wrong", "code": code()}).status_code == 422
    assert second_factors.is_enrolled(user)
    assert client.post(url, {"password": PASSWORD, "code": code()})["Location"] == "/account/"
    assert not Authenticator.objects.filter(user=user).exists()


def test_nobody_removes_the_factor_of_another_person(world: World):
    enrol(world.user("investigator"))
    factor = second_factors.factors(world.user("investigator")).get()
    client = Client()
    client.force_login(world.user("coordinator"))
    assert client.get(f"/account/second-factors/{factor.pk}/remove/").status_code == 404


def test_new_recovery_codes_end_the_earlier_ones(world: World):
    user, client = world.user("coordinator"), Client()
    before = enrol(user)
    client.force_login(user)
    answer = client.post("/account/recovery-codes/", {"password": PASSWORD, "code": code()})
    assert answer.status_code == 200
    with pytest.raises(ValidationError):
        second_factors.use_code(user=user, code=before[0])


@pytest.mark.requirement("21CFR11.200")
def test_asking_again_takes_password_and_code(world: World):
    user = world.user("investigator")
    confirm(user=user, password=PASSWORD)
    enrol(user)
    for given in ({}, {"code": "abc"}):
        with pytest.raises(ValidationError) as refusal:
            confirm(user=user, password=PASSWORD, **given)
        assert list(refusal.value.message_dict) == ["code"]
    typed = code()
    confirm(user=user, password=PASSWORD, code=typed)
    with pytest.raises(ValidationError):
        confirm(user=user, password=PASSWORD, code=typed)
    let_time_pass(user)
    confirm(user=user, password=PASSWORD, code=typed)


def test_lost_factors_are_removed_by_command_with_a_reason(world: World):
    user = world.user("coordinator")
    enrol(user)
    call_command("remove_second_factors", "coordinator", "--reason", "Lost telephone", "--json")
    assert not Authenticator.objects.filter(user=user).exists()
    kept = apps.get_model("audit", "SecondFactorEvent").objects.filter(user_id=user.pk)
    gone = kept.filter(pgh_label="delete", type=second_factors.APP).get()
    assert gone.pgh_context["reason"] == "Lost telephone"
    with pytest.raises(CommandError, match="No user"):
        call_command("remove_second_factors", "nobody", "--reason", "x")
