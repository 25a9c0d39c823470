"""OpenID Connect: off unless configured; only people who are known come in."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.test import Client

from mldtrial.accounts.models import User
from mldtrial.audit.models import AccessAction, AccessEvent
from tests.support.codes import code, enrol
from tests.support.world import PASSWORD, World

pytestmark = pytest.mark.django_db

START, CALLBACK = "/sign-in/oidc/hospital/", "/sign-in/oidc/hospital/callback/"
PROVIDER = "https://sign-in.hospital.example"


@pytest.fixture
def hospital(settings: Any, monkeypatch: pytest.MonkeyPatch, world: World) -> dict[str, Any]:
    """Configure a provider that answers without a network; returns what it says of the person."""
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {
            "APPS": [
                {
                    "provider_id": "hospital",
                    "name": "Hospital",
                    "client_id": "mldtrial",
                    "secret": "secret",
                    "settings": {"server_url": PROVIDER},
                }
            ]
        }
    }
    said: dict[str, Any] = {"sub": "1", "email": "Ada@Hospital.example", "email_verified": True}
    config = {
        "authorization_endpoint": f"{PROVIDER}/authorize",
        "token_endpoint": f"{PROVIDER}/token",
        "userinfo_endpoint": f"{PROVIDER}/userinfo",
    }
    adapter = OpenIDConnectOAuth2Adapter
    monkeypatch.setattr(adapter, "openid_config", config)
    monkeypatch.setattr(adapter, "get_access_token_data", lambda *_, **__: {"access_token": "t"})
    monkeypatch.setattr(adapter, "_fetch_user_info", lambda *_: said)
    User.objects.filter(username="coordinator").update(email="ada@hospital.example")
    return said


def come_back(client: Client, **query: str) -> Any:
    sent = client.get(START, query)
    assert sent["Location"].startswith(f"{PROVIDER}/authorize?")
    state = parse_qs(urlsplit(sent["Location"]).query)["state"][0]
    return client.get(CALLBACK, {"code": "c", "state": state})


def test_there_is_no_provider_unless_one_is_configured(world: World):
    assert Client().get("/sign-in/oidc/oidc/").status_code == 404
    assert Client().get("/sign-in/oidc/oidc/callback/").status_code == 404
    assert "Continue with" not in Client().get("/sign-in/").content.decode()


def test_a_configured_provider_stands_on_the_sign_in_page(hospital: dict[str, Any]):
    page = Client().get("/sign-in/?next=/queries/").content.decode()
    assert "Continue with Hospital" in page


def test_a_known_address_signs_in(hospital: dict[str, Any]):
    client = Client()
    assert come_back(client)["Location"] == "/"
    assert client.get("/").context["user"].username == "coordinator"
    assert not SocialAccount.objects.exists()
    assert User.objects.get(username="coordinator").check_password(PASSWORD)


def test_it_leads_to_the_page_that_was_asked_for(hospital: dict[str, Any]):
    assert come_back(Client(), next="/queries/")["Location"] == "/queries/"


def test_it_leads_to_no_other_site(hospital: dict[str, Any]):
    assert come_back(Client(), next="https://example.org/")["Location"] == "/"


def test_the_second_factor_is_asked_for_as_well(hospital: dict[str, Any]):
    enrol(User.objects.get(username="coordinator"))
    client = Client()
    assert come_back(client)["Location"] == "/sign-in/second-factor/"
    assert client.post("/sign-in/second-factor/", {"code": code()})["Location"] == "/"


@pytest.mark.parametrize(
    "said",
    [
        {"email": "eve@hospital.example"},
        {"email_verified": False},
        {"email": None},
        {"email": ""},
    ],
)
def test_an_unknown_or_unproved_address_stays_outside(
    hospital: dict[str, Any], said: dict[str, Any]
):
    hospital.update(said)
    before = User.objects.count()
    client = Client()
    answer = come_back(client)
    assert answer.status_code == 403
    assert "You were not signed in" in answer.content.decode()
    assert client.get("/").status_code == 302
    assert User.objects.count() == before
    logged = AccessEvent.objects.filter(action=AccessAction.SIGN_IN_FAILED).get()
    assert (logged.user_name, logged.details["what"]) == ("unknown", "single sign-on")
    assert "hospital" not in str(logged.__dict__)


def test_a_provider_can_be_trusted_to_prove_addresses(hospital: dict[str, Any], settings: Any):
    settings.OIDC_TRUST_EMAIL = True
    del hospital["email_verified"]
    assert come_back(Client())["Location"] == "/"


def test_a_person_who_left_stays_outside(hospital: dict[str, Any]):
    User.objects.filter(username="coordinator").update(is_active=False)
    assert come_back(Client()).status_code == 403


@pytest.mark.parametrize(
    "query", [{}, {"state": "forged", "code": "c"}, {"error": "access_denied"}]
)
def test_an_answer_that_was_not_asked_for_is_refused(
    hospital: dict[str, Any], query: dict[str, str]
):
    assert Client().get(CALLBACK, query).status_code == 403
    logged = AccessEvent.objects.filter(action=AccessAction.SIGN_IN_FAILED).get()
    assert logged.details["why"] == "the provider's answer was not accepted"
