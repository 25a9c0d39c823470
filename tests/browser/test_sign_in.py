"""Signing in as people do: by invitation, with an authenticator app, with a passkey."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core import mail
from playwright.sync_api import Page, expect

from mldtrial.trial.models import Role, Study
from mldtrial.trial.services import invitations
from tests.support.codes import code, let_time_pass
from tests.support.world import PASSWORD, World, build_world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def strict(transactional_db: None) -> World:
    """Let the first study ask for a second factor."""
    return build_world(requires_mfa=True)


@pytest.fixture
def authenticator(page: Page) -> Iterator[Any]:
    """Give the browser a passkey device that always says yes."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    yield made
    session.detach()


def give_password(page: Page, username: str) -> None:
    page.goto("/sign-in/")
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def enrol_app(page: Page) -> None:
    secret = page.locator("code.secret").inner_text()
    page.get_by_label("Code of the app").fill(code(secret))
    page.get_by_role("button", name="Set up the app").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    assert page.locator(".recovery-codes li").count() == 10
    page.get_by_role("link", name="continue").click()


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_an_app_is_enrolled_and_asked_for(strict: World, page: Page):
    give_password(page, "coordinator")
    expect(page.get_by_role("heading", name="Set up an authenticator app")).to_be_visible()
    image = page.get_by_alt_text("QR code")
    assert image.evaluate("image => image.naturalWidth") > 0
    secret = page.locator("code.secret").inner_text()
    enrol_app(page)
    expect(page.get_by_role("heading", name="Work list")).to_be_visible()
    sign_out(page)

    let_time_pass(strict.user("coordinator"))
    give_password(page, "coordinator")
    expect(page.get_by_role("heading", name="Second factor")).to_be_visible()
    page.get_by_label("Code").fill(code(secret))
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Work list")).to_be_visible()


def test_a_passkey_is_enrolled_and_signs_in_alone(strict: World, page: Page, authenticator: Any):
    give_password(page, "investigator")
    page.get_by_role("link", name="Use a passkey instead").click()
    page.get_by_label("Name of the passkey").fill("ward laptop")
    page.get_by_role("button", name="Make a passkey").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    page.get_by_role("link", name="continue").click()
    sign_out(page)

    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="Work list")).to_be_visible()
    page.goto("/account/")
    expect(page.get_by_text("Passkey “ward laptop”")).to_be_visible()
    sign_out(page)

    give_password(page, "investigator")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="Work list")).to_be_visible()


@pytest.mark.requirement("21CFR11.10(d)")
def test_a_coordinator_comes_by_invitation(strict: World, page: Page, live_server: Any):
    invitation, token = invitations.invite_person(
        study=Study.objects.get(pk=strict.study.pk),
        email="ada@example.org",
        role=Role.COORDINATOR,
        site=strict.site_a,
        by=strict.user("administrator"),
    )
    link = f"{live_server.url}/invitations/{token}/"
    invitations.send_invitation(invitation=invitation, link=link)
    found = re.search(r"http\S+", str(mail.outbox[-1].body))
    assert found is not None

    page.goto(found[0])
    page.get_by_label("Your name").fill("Ada Lovelace")
    page.get_by_label("User name").fill("ada")
    page.get_by_label("Password", exact=True).fill("short")
    page.get_by_label("Password again").fill("short")
    page.get_by_role("button", name="Make my account").click()
    expect(page.get_by_text("This password is too short.")).to_be_visible()
    assert page.get_by_label("Your name").input_value() == "Ada Lovelace"

    page.get_by_label("Password", exact=True).fill("a sentence nobody knows")
    page.get_by_label("Password again").fill("a sentence nobody knows")
    page.get_by_role("button", name="Make my account").click()
    enrol_app(page)
    expect(page.get_by_role("heading", name="Work list")).to_be_visible()
    expect(page.get_by_role("link", name="Add a patient")).to_be_visible()
    expect(page.get_by_text("Ada Lovelace").first).to_be_visible()
