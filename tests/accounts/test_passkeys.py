"""A passkey that is the whole sign-in has checked who holds it."""

import json
from typing import Any

import pytest
from django.test import Client

from mldtrial.audit.models import AccessAction, AccessEvent
from tests.support.passkeys import SoftPasskey
from tests.support.world import PASSWORD, World

pytestmark = pytest.mark.django_db
ALONE = "/sign-in/passkey/"


@pytest.fixture
def passkey(world: World) -> SoftPasskey:
    key = SoftPasskey(world.user("coordinator"))
    key.enrol()
    return key


def sign_in(client: Client, answer: str) -> Any:
    return client.post(ALONE, {"credential": answer})


def test_a_passkey_that_asked_its_owner_signs_in(passkey: SoftPasskey):
    client = Client()
    answer = sign_in(client, passkey.answer(client.get(ALONE).json()))
    assert answer["Location"] == "/"
    assert client.get("/").context["user"] == passkey.user


@pytest.mark.requirement("21CFR11.300")
def test_a_found_key_without_its_pin_does_not_sign_in(passkey: SoftPasskey):
    client = Client()
    options = client.get(ALONE).json()
    assert sign_in(client, passkey.answer(options, is_verified=False)).status_code == 422
    assert client.get("/").status_code == 302


def challenge_of_the_second_factor(client: Client) -> dict[str, Any]:
    client.post("/sign-in/", {"username": "coordinator", "password": PASSWORD})
    return client.get("/sign-in/second-factor/").context["options"]


@pytest.mark.requirement("21CFR11.300")
@pytest.mark.parametrize("asked", ["required", "preferred"])
def test_the_challenge_of_a_second_factor_does_not_take_the_pin_away(
    passkey: SoftPasskey, settings: Any, asked: str
):
    settings.MFA_WEBAUTHN_USER_VERIFICATION = asked
    client = Client()
    options = json.loads(json.dumps(dict(challenge_of_the_second_factor(client)), default=dict))
    assert sign_in(client, passkey.answer(options, is_verified=False)).status_code == 422
    assert client.get("/").status_code == 302


def test_a_second_factor_asks_for_the_pin_as_well(passkey: SoftPasskey):
    client = Client()
    options = dict(challenge_of_the_second_factor(client))
    assert options["publicKey"]["userVerification"] == "required"


@pytest.mark.requirement("21CFR11.300")
def test_a_refused_passkey_is_logged_with_whose_it_claims_to_be(passkey: SoftPasskey):
    client = Client()
    sign_in(client, passkey.answer(client.get(ALONE).json(), is_verified=False))
    found = AccessEvent.objects.filter(action=AccessAction.SIGN_IN_FAILED).get()
    assert (found.user, found.details) == (passkey.user, {"what": "passkey", "why": "not right"})


def test_a_refused_passkey_of_nobody_is_logged_as_of_somebody_unknown(world: World):
    sign_in(Client(), '{"id": "AAAA"}')
    found = AccessEvent.objects.filter(action=AccessAction.SIGN_IN_FAILED).get()
    assert (found.user, found.user_name, found.details["what"]) == (None, "unknown", "passkey")


def test_a_refused_passkey_after_the_password_is_logged(passkey: SoftPasskey):
    client = Client()
    challenge_of_the_second_factor(client)
    answer = client.post("/sign-in/second-factor/", {"credential": '{"id": "AAAA"}'})
    assert answer.status_code == 422
    found = AccessEvent.objects.filter(action=AccessAction.SIGN_IN_FAILED).get()
    assert (found.user, found.details["what"]) == (passkey.user, "passkey")
