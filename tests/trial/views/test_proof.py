"""Pages that ask again who is there: what they ask, and what they keep out of reports."""

import pytest
from django.test import Client
from django.urls import reverse
from django.views.debug import SafeExceptionReporterFilter

from mldtrial.trial.services import locking
from tests.access.addresses import SITE_A, _assignment, _unblinding_request, _unlock_request
from tests.support.codes import enrol
from tests.support.world import PASSWORD, World

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("21CFR11.300")]

PAGES = [
    ("visit_sign", "investigator"),
    ("visit_lock", "investigator"),
    ("patient_unblind", "investigator"),
    ("study_unblind", "data_manager"),
    ("unlock_decision", "data_manager"),
    ("unblind_decision", "data_manager"),
    ("read", "reader"),
    ("password_change", "coordinator"),
    ("name_change", "coordinator"),
    ("recovery_codes", "coordinator"),
    ("passkey_new", "coordinator"),
]


@pytest.fixture
def blinded(world: World) -> World:
    type(world.study).objects.filter(pk=world.study.pk).update(blinding="BLINDED")
    return world


def url_of(world: World, name: str) -> str:
    if name == "visit_lock":
        locking.lock(record=world.visit_a, reason="Cleaned", by=world.user("data_manager"))
    made = {
        "visit_sign": lambda: ["MLD-1", world.visit_a.pk],
        "visit_lock": lambda: ["MLD-1", world.visit_a.pk],
        "patient_unblind": lambda: ["MLD-1", world.patient_a.pk],
        "study_unblind": lambda: ["MLD-1"],
        "unlock_decision": lambda: ["MLD-1", _unlock_request(world, SITE_A)],
        "unblind_decision": lambda: ["MLD-1", _unblinding_request(world, SITE_A)],
        "read": lambda: ["MLD-1", _assignment(world, SITE_A)],
    }
    return reverse(name, args=made.get(name, list)())


@pytest.mark.parametrize(("name", "role"), PAGES[:9])
def test_a_code_is_asked_for_only_of_who_has_an_app(
    blinded: World, client: Client, name: str, role: str
):
    url = url_of(blinded, name)
    client.force_login(blinded.user(role))
    without = client.get(url).content.decode()
    enrol(blinded.user(role))
    client.force_login(blinded.user(role))
    with_app = client.get(url).content.decode()
    assert 'name="password"' in without
    assert 'name="password"' in with_app
    assert ('name="code"' in without, 'name="code"' in with_app) == (False, True)


@pytest.mark.parametrize(("name", "role"), PAGES)
def test_what_proves_a_person_is_in_no_report_of_an_error(
    blinded: World, client: Client, name: str, role: str
):
    client.force_login(blinded.user(role))
    typed = {"password": "secret", "code": "123456"}
    if name == "password_change":
        typed |= {"new_password": "secret", "again": "secret"}
    if name == "passkey_new":
        typed |= {"credential": "secret"}
    answer = client.post(url_of(blinded, name), typed)
    reported = SafeExceptionReporterFilter().get_post_parameters(answer.wsgi_request)
    assert {key: reported[key] for key in typed} == dict.fromkeys(
        typed, SafeExceptionReporterFilter.cleansed_substitute
    )


def test_a_code_of_the_sign_in_is_in_no_report_of_an_error(world: World, client: Client):
    enrol(world.user("coordinator"))
    client.post(reverse("sign_in"), {"username": "coordinator", "password": PASSWORD})
    answer = client.post(reverse("second_factor"), {"code": "123456"})
    reported = SafeExceptionReporterFilter().get_post_parameters(answer.wsgi_request)
    assert reported["code"] == SafeExceptionReporterFilter.cleansed_substitute
