"""What every page has: the sentence on its use, no inline code, no copy in a cache."""

from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client

from tests.access import addresses
from tests.access.addresses import SITE_A
from tests.access.routes import EXPECTED, Route
from tests.support.world import World

pytestmark = pytest.mark.django_db

SENTENCE = "For research and trial use, not for diagnosis"
PAGES = sorted(name for name, route in EXPECTED.items() if route.page and route.get is not None)
WITH_ANSWER = sorted(name for name, route in EXPECTED.items() if route.get is not None)


class InlineCode(HTMLParser):
    """Collects what a strict content security policy would refuse to run or to style."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        is_data = given.get("type") == "application/json"
        if tag == "style" or (tag == "script" and "src" not in given and not is_data):
            self.found.append(f"<{tag}>")
        for key, value in attrs:
            if key == "style" or key.startswith("on"):
                self.found.append(f"<{tag} {key}>")
            if (value or "").strip().lower().startswith("javascript:"):
                self.found.append(f"<{tag} {key}={value}>")


@pytest.fixture(scope="module")
def answers() -> dict[str, Any]:
    """Keep the answers: each test of this module looks at the same one."""
    return {}


def open_route(world: World, answers: dict[str, Any], name: str) -> tuple[Route, Any]:
    """Return the answer that the first role allowed to open it gets, asked for once."""
    if name not in answers:
        answers[name] = _opened(world, name)
    return EXPECTED[name], answers[name]


def _opened(world: World, name: str) -> Any:
    route = EXPECTED[name]
    assert route.get is not None
    url = addresses.address(world, addresses.routes()[name], SITE_A, dict(route.params))
    client = Client()
    if name != "sign_in":
        client.force_login(world.user(sorted(route.get)[0]))
    return client.get(url)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_what_it_is_for(world: World, answers: dict[str, Any], name: str):
    _, answer = open_route(world, answers, name)
    assert SENTENCE in answer.content.decode()


@pytest.mark.parametrize("name", WITH_ANSWER)
def test_an_answer_holds_no_inline_code(world: World, answers: dict[str, Any], name: str):
    _, answer = open_route(world, answers, name)
    if not answer["Content-Type"].startswith("text/html"):
        return
    reader = InlineCode()
    reader.feed(answer.content.decode())
    assert reader.found == []


@pytest.mark.parametrize("name", WITH_ANSWER)
def test_an_answer_is_kept_by_no_cache(world: World, answers: dict[str, Any], name: str):
    route, answer = open_route(world, answers, name)
    if route.scope != "public":
        assert "no-store" in answer["Cache-Control"]
        assert "private" in answer["Cache-Control"]


@pytest.mark.parametrize("name", WITH_ANSWER)
def test_an_answer_carries_the_content_policy(world: World, answers: dict[str, Any], name: str):
    _, answer = open_route(world, answers, name)
    policy = answer["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "script-src 'self'" in policy
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("name", PAGES)
def test_every_field_of_a_page_has_a_label(world: World, answers: dict[str, Any], name: str):
    _, answer = open_route(world, answers, name)
    reader = Labels()
    reader.feed(answer.content.decode())
    assert reader.fields - reader.labelled == set()


class Labels(HTMLParser):
    """Collects the ids of fields, and of those that a label or aria-label names.

    What stands in a template is no field yet: a script gives its copies their labels.
    """

    def __init__(self) -> None:
        super().__init__()
        self.fields: set[str] = set()
        self.labelled: set[str] = set()
        self.is_template = False

    def handle_endtag(self, tag: str) -> None:
        self.is_template = self.is_template and tag != "template"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        self.is_template = self.is_template or tag == "template"
        if self.is_template:
            return
        if tag == "label" and "for" in given:
            self.labelled.add(given["for"])
        if tag not in ("input", "select", "textarea"):
            return
        if given.get("type") in ("hidden", "submit", "button"):
            return
        key = given.get("id") or f"{tag} named {given.get('name')}"
        self.fields.add(key)
        if given.get("aria-label") or given.get("aria-labelledby"):
            self.labelled.add(key)
