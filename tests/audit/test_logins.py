"""Logins and second factors are in the history, without their secrets."""

from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, transaction
from django.test import Client

from mldtrial.accounts.models import User
from mldtrial.accounts.services import passwords, second_factors
from mldtrial.audit.context import acting
from tests.support.codes import code, enrol, let_time_pass
from tests.support.world import PASSWORD, World

pytestmark = pytest.mark.django_db


def events(model: str, record: Any) -> list[Any]:
    kept = apps.get_model("audit", model).objects
    return list(kept.filter(pgh_obj_id=record.pk).order_by("pgh_id"))


@pytest.mark.requirement("ICH-E6R3-4.2.2")
def test_a_login_is_kept_from_its_making(world: World):
    user = world.user("coordinator")
    first = events("LoginEvent", user)[0]
    assert (first.pgh_label, first.username) == ("insert", "coordinator")


def test_a_deactivation_is_kept_with_who_and_why(world: World):
    user = world.user("coordinator")
    with acting(user=world.user("administrator"), origin="web", reason="Left"):
        User.objects.filter(pk=user.pk).update(is_active=False)
    last = events("LoginEvent", user)[-1]
    assert last.is_active is False
    assert last.pgh_context["reason"] == "Left"
    assert last.pgh_context["user"] == str(world.user("administrator").pk)


def test_a_new_password_leaves_a_time_and_no_hash(world: World):
    user = world.user("coordinator")
    passwords.set_password(user=user, new_password="another long sentence")
    last = events("LoginEvent", user)[-1]
    assert last.password_changed_at == user.password_changed_at
    names = {field.name for field in type(last)._meta.fields}
    assert not {"password", "last_login"} & names


def test_signing_in_adds_nothing_to_the_history(world: World):
    user = world.user("coordinator")
    enrol(user)
    before = len(events("LoginEvent", user)), len(events("SecondFactorEvent", _factor(user)))
    client = Client()
    client.post("/sign-in/", {"username": "coordinator", "password": PASSWORD})
    client.post("/sign-in/second-factor/", {"code": code()})
    assert client.get("/").status_code == 200
    after = len(events("LoginEvent", user)), len(events("SecondFactorEvent", _factor(user)))
    assert after == before


def test_a_second_factor_comes_and_goes_in_the_history(world: World):
    user = world.user("coordinator")
    enrol(user)
    let_time_pass(user)
    factor = _factor(user)
    second_factors.remove(factor=second_factors.factors(user).get(), request=None)
    kept = events("SecondFactorEvent", factor)
    assert [event.pgh_label for event in kept] == ["insert", "delete"]
    assert "data" not in {field.name for field in type(kept[0])._meta.fields}


def test_a_login_is_never_deleted(world: World):
    stranger = world.user("stranger")
    with pytest.raises(DatabaseError), transaction.atomic():
        User.objects.filter(pk=stranger.pk).delete()


def _factor(user: Any) -> Any:
    return second_factors.factors(user).get()
