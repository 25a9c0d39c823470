"""Errors in words, without a trace of the inside."""

import re

import pytest
from django.contrib.staticfiles import finders
from django.test import Client, RequestFactory
from django.views import defaults

from mldtrial.trial.views import home
from tests.support.world import World

pytestmark = pytest.mark.django_db

SENTENCE = "For research and trial use, not for diagnosis"


def test_an_unknown_address_is_answered_in_words(db: None):
    answer = Client().get("/no/such/page/")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()
    assert "/no/such/page" not in answer.content.decode()
    assert SENTENCE in answer.content.decode()


def test_an_error_shows_no_trace(world: World, monkeypatch):
    def broken(*_args, **_kwargs):
        raise RuntimeError("inner detail")

    monkeypatch.setattr(home.selectors, "work", broken)
    client = Client(raise_request_exception=False)
    client.force_login(world.user("coordinator"))
    answer = client.get("/")
    assert answer.status_code == 500
    text = answer.content.decode()
    assert "An unexpected error occurred" in text
    assert SENTENCE in text
    assert "inner detail" not in text
    assert "Traceback" not in text


def test_the_page_of_an_error_brings_the_mark_of_the_site_and_no_second_error():
    text = defaults.server_error(RequestFactory().get("/")).content.decode()
    (icon,) = re.findall(r'<link rel="icon" href="/static/([^"]+)"', text)
    assert finders.find(icon)


def test_a_bad_request_is_answered_in_words():
    answer = defaults.bad_request(RequestFactory().get("/"), ValueError("inside detail"))
    assert answer.status_code == 400
    assert b"could not be read" in answer.content
    assert b"inside detail" not in answer.content


def test_a_form_without_its_token_is_answered_in_words(world: World):
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.user("coordinator"))
    answer = client.post("/sign-out/")
    assert answer.status_code == 403
    assert "no longer valid" in answer.content.decode()


def test_a_nul_in_an_address_or_a_field_is_no_server_error(world: World):
    client = Client()
    client.force_login(world.user("coordinator"))
    assert client.get("/studies/MLD-1/patients/", {"q": "a\x00b"}).status_code < 500
    answer = client.post("/studies/MLD-1/patients/new/", {"subject_code": "a\x00b"})
    assert answer.status_code == 422
    assert client.get("/studies/a%00b/patients/").status_code == 404
