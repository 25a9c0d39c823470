"""A printed name changes with a reason, and an administrator closes and opens a login."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client

from mldtrial.accounts.models import User
from mldtrial.audit.context import acting
from mldtrial.audit.models import AccessAction, AccessEvent
from mldtrial.trial.models import Membership, Role
from mldtrial.trial.services import logins, studies
from tests.support.signing import sign
from tests.support.world import PASSWORD, World, build_world, person

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("ICH-E6R3-4.2.2")]

NAME = "/account/name/"
PEOPLE = "/studies/MLD-1/people/"
RENAMED = {"full_name": "Ada  Lovelace ", "reason": "Married", "password": PASSWORD}


def signed_in(world: World, key: str) -> Client:
    client = Client()
    client.force_login(world.user(key))
    return client


def last_event(user: Any) -> Any:
    events = apps.get_model("audit", "LoginEvent").objects
    return events.filter(pgh_obj_id=user.pk).latest("pgh_id")


def test_the_printed_name_changes_with_a_reason_in_the_history(world: World):
    user, client = world.user("investigator"), signed_in(world, "investigator")
    assert f'href="{NAME}"' in client.get("/account/").content.decode()
    assert 'value="Investigator"' in client.get(NAME).content.decode()
    assert client.post(NAME, RENAMED)["Location"] == "/account/"
    user.refresh_from_db()
    assert user.full_name == "Ada Lovelace"
    event = last_event(user)
    assert (event.full_name, event.pgh_context["reason"]) == ("Ada Lovelace", "Married")
    assert event.pgh_context["user"] == str(user.pk)


@pytest.mark.parametrize(
    "wrong",
    [
        {"password": "wrong"},
        {"reason": " "},
        {"full_name": " "},
        {"full_name": "Investigator"},
    ],
)
def test_a_name_needs_a_reason_and_the_password(world: World, wrong: dict[str, str]):
    client = signed_in(world, "investigator")
    assert client.post(NAME, {**RENAMED, **wrong}).status_code == 422
    assert User.objects.get(username="investigator").full_name == "Investigator"


def test_a_signature_keeps_the_name_it_was_made_under(world: World):
    sign(world, world.visit_a)
    signed_in(world, "investigator").post(NAME, RENAMED)
    signature = apps.get_model("audit", "Signature").objects.get()
    assert (signature.printed_name, signature.voided_at) == ("Investigator", None)


def url_of(world: World, key: str) -> str:
    held = Membership.objects.get(user=world.user(key), study=world.study)
    return f"{PEOPLE}{held.pk}/login/"


def test_an_administrator_closes_and_opens_a_login(world: World):
    admin, user = signed_in(world, "administrator"), world.user("coordinator")
    open_one = signed_in(world, "coordinator")
    url = url_of(world, "coordinator")
    assert url in admin.get(PEOPLE).content.decode()
    assert "Deactivate the login of Coordinator" in admin.get(url).content.decode()
    assert admin.post(url, {"reason": ""}).status_code == 422
    assert admin.post(url, {"reason": "Laptop stolen"})["Location"] == PEOPLE
    assert open_one.get("/").status_code == 302
    given = {"username": "coordinator", "password": PASSWORD}
    assert Client().post("/sign-in/", given).status_code == 422
    event = last_event(user)
    assert event.pgh_context["user"] == str(world.user("administrator").pk)
    assert event.pgh_context["reason"] == "Laptop stolen"
    assert "login deactivated" in admin.get(PEOPLE).content.decode()

    assert "Reactivate the login of Coordinator" in admin.get(url).content.decode()
    assert admin.post(url, {"reason": "Laptop wiped"}).status_code == 302
    assert Client().post("/sign-in/", given)["Location"] == "/"
    logged = AccessEvent.objects.filter(study_id=world.study.pk, subject="Coordinator")
    actions = (AccessAction.LOGIN_CLOSED, AccessAction.LOGIN_OPENED)
    found = logged.filter(action__in=actions).order_by("pk")
    assert [(one.action, one.details["reason"]) for one in found] == [
        (AccessAction.LOGIN_CLOSED, "Laptop stolen"),
        (AccessAction.LOGIN_OPENED, "Laptop wiped"),
    ]


def test_nobody_closes_the_own_login(world: World):
    admin, url = signed_in(world, "administrator"), url_of(world, "administrator")
    assert url not in admin.get(PEOPLE).content.decode()
    answer = admin.post(url, {"reason": "Enough"})
    assert answer.status_code == 422
    assert "your own login" in answer.content.decode()


@pytest.mark.django_db(transaction=True)
def test_of_two_administrators_who_close_each_other_one_stays():
    world = build_world()
    first, second = world.user("administrator"), person("second")
    studies.grant_membership(user=second, study=world.study, role=Role.ADMINISTRATOR)
    held = {user: Membership.objects.get(user=user, study=world.study) for user in (first, second)}
    ready = Barrier(2)

    def close(pair: tuple[Any, Any]) -> bool:
        by, other = pair
        try:
            with acting(user=by, origin="test"):
                ready.wait()
                logins.set_active(membership=held[other], is_active=False, reason="Left", by=by)
        except (ValidationError, PermissionDenied):
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(close, [(first, second), (second, first)])) == 1
    assert User.objects.filter(pk__in=[first.pk, second.pk], is_active=True).count() == 1


def test_a_login_of_another_study_too_is_closed_by_nobody_here_alone(world: World):
    studies.grant_membership(user=world.user("sponsor"), study=world.other_study, role=Role.SPONSOR)
    answer = signed_in(world, "administrator").post(
        url_of(world, "sponsor"), {"reason": "Contract ended"}
    )
    assert answer.status_code == 422
    assert "cannot be closed or opened from here" in answer.content.decode()
    assert User.objects.get(username="sponsor").is_active


def test_only_administrators_close_logins(world: World):
    for key in ("auditor", "data_manager"):
        answer = signed_in(world, key).post(url_of(world, "sponsor"), {"reason": "x"})
        assert answer.status_code == 403
    assert User.objects.get(username="sponsor").is_active
