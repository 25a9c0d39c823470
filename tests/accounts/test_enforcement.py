"""A study that asks for a second factor opens nothing without one."""

from typing import Any

import pytest
from django.core.checks import run_checks
from django.test import Client

from mldtrial.trial.models import Study
from tests.access import addresses
from tests.access.routes import EXPECTED
from tests.support.codes import code, enrol
from tests.support.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def strict(world: World) -> World:
    Study.objects.filter(pk=world.study.pk).update(requires_mfa=True)
    return world


def test_a_study_asks_for_a_second_factor_unless_told_otherwise():
    assert Study().requires_mfa is True


@pytest.mark.requirement("21CFR11.10(d)")
def test_nothing_opens_before_the_enrolment(strict: World):
    client = Client()
    client.force_login(strict.user("data_manager"))
    for name, route in EXPECTED.items():
        if route.scope == "public" or name in ("app_new", "passkey_new"):
            continue
        found = addresses.routes()[name]
        url = addresses.address(strict, found, addresses.SITE_A, dict(route.params))
        answer = client.get(url) if route.get is not None else client.post(url)
        assert answer.status_code == 302, name
        assert answer["Location"].startswith("/account/app/?next="), name


def test_the_enrolment_leads_back_to_the_page_that_was_asked_for(strict: World):
    client = Client()
    client.force_login(strict.user("coordinator"))
    assert client.get("/queries/?state=all")["Location"] == (
        "/account/app/?next=%2Fqueries%2F%3Fstate%3Dall"
    )
    page = client.get("/account/app/?next=%2Fqueries%2F%3Fstate%3Dall")
    assert "Your study asks for a second factor" in page.content.decode()
    secret = client.session["mfa.totp.secret"]
    done = client.post("/account/app/", {"code": code(secret), "next": "/queries/?state=all"})
    assert 'href="/queries/?state=all"' in done.content.decode()
    assert client.get("/queries/").status_code == 200


def test_signing_out_is_always_possible(strict: World):
    client = Client()
    client.force_login(strict.user("coordinator"))
    assert client.post("/sign-out/")["Location"] == "/sign-in/"


def test_a_person_with_a_factor_is_asked_for_no_other(strict: World):
    enrol(strict.user("coordinator"))
    client = Client()
    client.force_login(strict.user("coordinator"))
    assert client.get("/").status_code == 200


def test_one_strict_study_of_two_is_enough(strict: World):
    user = strict.user("other_sponsor")
    client = Client()
    client.force_login(user)
    assert client.get("/").status_code == 200
    Study.objects.filter(pk=strict.other_study.pk).update(requires_mfa=True)
    assert client.get("/").status_code == 302


def test_a_demonstration_says_that_the_second_factor_is_off(world: World):
    Study.objects.filter(pk=world.study.pk).update(origin="DEMO")
    client = Client()
    client.force_login(world.user("coordinator"))
    assert "Second factor is off in this demonstration" in client.get("/").content.decode()


def test_a_deployment_with_a_study_without_is_refused(strict: World, settings: Any):
    Study.objects.update(requires_mfa=True)
    assert [m.id for m in run_checks(include_deployment_checks=True) if "trial" in m.id] == []
    Study.objects.filter(pk=strict.study.pk).update(requires_mfa=False)
    found = [m for m in run_checks(include_deployment_checks=True) if m.id == "trial.E001"]
    assert ["MLD-1" in message.msg for message in found] == [True]
