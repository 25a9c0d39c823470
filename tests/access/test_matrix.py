"""Every route, method, role and site: what is answered is what was written down."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from mldtrial.trial.models import SITE_ROLES, Role
from tests.access import addresses
from tests.access.addresses import OTHER_STUDY, SITE_A, SITE_B, TARGETS
from tests.access.routes import EXPECTED, Route
from tests.support.world import World

pytestmark = pytest.mark.django_db

METHODS = ("GET", "POST")
TOKEN = re.compile(rb'(name="csrfmiddlewaretoken" value=|"X-CSRFToken": )"[^"]*"')


@dataclass(frozen=True)
class Person:
    """A key of the world's users, with what that person holds."""

    key: str
    role: str
    study: str
    site: str | None


def people() -> list[Person]:
    """Return one person of each role, one of the other site, and two with no part in the study.

    One site role of the other site stands for all three: that they reach their own site and no
    other is held for each role at the first.
    """
    found = []
    for role in Role.values:
        own_site = SITE_A if role in SITE_ROLES else None
        found.append(Person(role, role, "MLD-1", own_site))
    found.append(Person("coordinator_b", "coordinator", "MLD-1", SITE_B))
    found.append(Person("stranger", "", "", None))
    found.append(Person("other_sponsor", "sponsor", "MLD-2", None))
    return found


def is_in_reach(person: Person, route: Route, target: str) -> bool:
    """Return whether the route exists for this person."""
    if route.scope in ("public", "signed-in"):
        return True
    if not person.role:
        return False
    if route.scope == "member":
        return route.exists_for(person.role)
    if person.study != ("MLD-2" if target == OTHER_STUDY else "MLD-1"):
        return False
    if route.scope == "site" and person.site not in (None, target):
        return False
    return route.exists_for(person.role)


def expected_status(person: Person, route: Route, method: str, target: str) -> set[int]:
    """Return the statuses that are right."""
    allowed = route.get if method == "GET" else route.post
    if allowed is None:
        return {403, 404, 405}
    if not is_in_reach(person, route, target):
        return {404}
    if person.role not in allowed and route.scope not in ("public", "signed-in"):
        return {403}
    return {route.get_status if method == "GET" else route.post_status}


def ask(client: Client, method: str, url: str) -> Any:
    """Send a request with an empty form and undo whatever it changed."""
    client.cookies.pop("messages", None)  # of a form that was taken: shown on the next page
    with transaction.atomic():
        answer = client.generic(method, url, b"", content_type="application/x-www-form-urlencoded")
        transaction.set_rollback(True)
    return answer


def without_token(answer: Any) -> bytes:
    """Return the body without the token that differs from one request to the next."""
    return TOKEN.sub(b"", answer.content)


def test_every_route_is_expected_and_every_expectation_is_a_route():
    assert set(addresses.routes()) == set(EXPECTED)


@pytest.mark.parametrize("name", sorted(EXPECTED))
@pytest.mark.requirement("21CFR11.10(d)")
def test_each_role_is_answered_as_written_down_and_out_of_reach_like_nonexistent(
    world: World, client_of: Callable[..., Client], name: str
):
    route = EXPECTED[name]
    found = addresses.routes()[name]
    given = dict(route.params)
    in_a_study = route.scope in ("study", "site")
    targets = TARGETS if in_a_study else (SITE_A,)
    urls = {target: addresses.address(world, found, target, given) for target in targets}
    method_of_all = "GET" if route.get is not None else "POST"
    wrong = []
    for person in people():
        client = client_of(person.key, raise_request_exception=False)
        absent: dict[str, Any] = {}
        for target, url in urls.items():
            answers = {method: ask(client, method, url) for method in METHODS}
            wrong += [
                f"{person.key} {method} {target}: {answer.status_code}"
                for method, answer in answers.items()
                if answer.status_code not in expected_status(person, route, method, target)
            ]
            if in_a_study and not is_in_reach(person, route, target):
                nowhere = addresses.address_of_nothing(world, found, target, given)
                if nowhere not in absent:
                    absent[nowhere] = ask(client, method_of_all, nowhere)
                if not _are_the_same_404(answers[method_of_all], absent[nowhere]):
                    wrong.append(f"{person.key} {target}: told apart from what does not exist")
    assert wrong == []


def _are_the_same_404(there: Any, nowhere: Any) -> bool:
    return (
        there.status_code == nowhere.status_code == 404
        and without_token(there) == without_token(nowhere)
        and dict(there.headers) == dict(nowhere.headers)
    )


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_nobody_is_sent_to_the_sign_in_page(world: World, name: str):
    route = EXPECTED[name]
    url = addresses.address(world, addresses.routes()[name], SITE_A, dict(route.params))
    for method in METHODS:
        answer = ask(Client(), method, url)
        if route.scope == "public":
            assert answer.status_code in expected_status(people()[0], route, method, SITE_A)
        elif answer.status_code != 405:
            assert answer.status_code == 302
            assert answer["Location"].startswith("/sign-in/?next=")


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_no_other_method_is_answered(world: World, client_of: Callable[..., Client], name: str):
    route = EXPECTED[name]
    url = addresses.address(world, addresses.routes()[name], SITE_A, dict(route.params))
    client = client_of("data_manager")
    for method in ("PUT", "PATCH", "DELETE", "TRACE"):
        assert ask(client, method, url).status_code in (403, 404, 405), method


@pytest.mark.parametrize("name", sorted(n for n in EXPECTED if EXPECTED[n].post is not None))
def test_a_form_without_its_token_is_refused(
    world: World, client_of: Callable[..., Client], name: str
):
    route = EXPECTED[name]
    url = addresses.address(world, addresses.routes()[name], SITE_A, dict(route.params))
    client = client_of("coordinator", enforce_csrf_checks=True)
    assert ask(client, "POST", url).status_code == 403
