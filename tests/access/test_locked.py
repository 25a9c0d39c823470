"""Every route of a locked study: its pages answer, its forms change nothing, whoever asks."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.forms import BoundField, CheckboxInput, Form
from django.test import Client

from mldtrial.audit.belonging import BELONGINGS, RecordKind
from mldtrial.audit.context import acting
from mldtrial.audit.models import Lock, LockLevel
from tests.access import addresses
from tests.access.addresses import OTHER_STUDY, SITE_A, TARGETS
from tests.access.bodies import CHANGES, CONFLICT, HELD_BY_NO_LOCK, Change
from tests.access.routes import EXPECTED, Route
from tests.access.test_matrix import Person, ask, expected_status, is_in_reach, people
from tests.support.world import World

pytestmark = pytest.mark.django_db

IN_A_STUDY = sorted(name for name in EXPECTED if EXPECTED[name].scope in ("study", "site"))


def lock_study(world: World) -> None:
    by = world.user("data_manager")
    with acting(user=by, origin="test suite", reason="test"):
        Lock.objects.create(
            record_kind=RecordKind.STUDY,
            record_id=world.study.pk,
            level=LockLevel.LOCKED,
            reason="Database lock",
            set_by=by,
        )


@contextmanager
def undone() -> Iterator[None]:
    """Take back whatever happens inside."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def held_rows() -> dict[str, list[tuple[Any, ...]]]:
    """Return every row that a lock may hold."""
    return {
        model._meta.label: list(model._default_manager.order_by("pk").values_list())
        for model in BELONGINGS
    }


def forms_of(answer: Any) -> list[Form]:
    """Return the forms of a page."""
    context = answer.context or {}
    values = [context[key] for key in context.keys()] if context else []  # noqa: SIM118
    acts = [entry["form"] for entry in answer.context["acts"]] if "acts" in (context or ()) else []
    return [value for value in [*values, *acts] if isinstance(value, Form)]


def filled(answer: Any, typed: dict[str, Any]) -> dict[str, Any]:
    """Return what a browser would send of an open page: what it shows, and what was typed."""
    shown = {bound.html_name: shown_of(bound) for form in forms_of(answer) for bound in form}
    return {name: value for name, value in shown.items() if value not in (None, "")} | typed


def shown_of(bound: BoundField) -> Any:
    """Return what a control of a page holds."""
    value, widget = bound.value(), bound.field.widget
    if isinstance(widget, CheckboxInput):
        return "on" if value else None
    shown = widget.format_value(bound.field.prepare_value(value))
    return next(iter(shown), None) if isinstance(shown, list) else shown


def send(client: Client, url: str, body: dict[str, Any], change: Change) -> Any:
    """Send a body, its files from their first byte."""
    for value in body.values():
        if isinstance(value, SimpleUploadedFile):
            value.seek(0)
    return client.post(url, body, headers=dict(change.headers))


def reach(person: Person, route: Route, target: str) -> bool:
    """Return whether a person may send the form."""
    assert route.post is not None
    return is_in_reach(person, route, target) and person.role in route.post


def test_every_form_is_held_by_a_lock_or_says_why_not():
    with_form = {name for name in IN_A_STUDY if EXPECTED[name].post is not None}
    assert with_form | {"audit_verify"} == set(CHANGES) | set(HELD_BY_NO_LOCK)
    assert set(CHANGES) & set(HELD_BY_NO_LOCK) == set()


@pytest.mark.requirement("ICH-E6R3-4.2.6")
@pytest.mark.parametrize("name", sorted(CHANGES))
def test_what_an_open_record_takes_a_locked_one_refuses(
    world: World, client_of: Callable[..., Client], name: str
):
    route, change = EXPECTED[name], CHANGES[name]
    found = addresses.routes()[name]
    url = addresses.address(world, found, SITE_A, dict(route.params))
    senders = [person for person in people() if reach(person, route, SITE_A)]
    assert senders, "Somebody may send every form."
    for person in senders:
        client = client_of(person.key)
        body = _body(client, url, route, change, world)
        before = held_rows()
        with undone():
            answer = send(client, url, body, change)
            assert answer.status_code == change.accepted, (person.key, _errors(answer))
            assert held_rows() != before, f"{person.key}: the body changes nothing."
        with undone():
            lock_study(world)
            answer = send(client, url, body, change)
            assert answer.status_code == change.refused, (person.key, _errors(answer))
            assert held_rows() == before, person.key


def _body(client: Client, url: str, route: Route, change: Change, world: World) -> dict[str, Any]:
    typed = change.given(world)
    return typed if route.get is None else filled(client.get(url), typed)


def _errors(answer: Any) -> list[Any]:
    return [form.errors for form in forms_of(answer) if form.errors]


@pytest.mark.requirement("21CFR11.10(d)")
@pytest.mark.parametrize("name", IN_A_STUDY)
def test_each_role_is_answered_of_a_locked_study_as_of_an_open_one(
    world: World, client_of: Callable[..., Client], name: str
):
    route, found = EXPECTED[name], addresses.routes()[name]
    urls = {t: addresses.address(world, found, t, dict(route.params)) for t in TARGETS}
    methods = [m for m, roles in (("GET", route.get), ("POST", route.post)) if roles is not None]
    wrong = []
    with undone():
        lock_study(world)
        before = held_rows()
        for person in people():
            client = client_of(person.key, raise_request_exception=False)
            for target, url in urls.items():
                for method in methods:
                    if method == "GET" and not is_in_reach(person, route, target):
                        continue  # asks no lock; the matrix of the open study holds it
                    status = ask(client, method, url).status_code
                    if status not in _of_a_locked_study(person, name, method, target):
                        wrong.append(f"{person.key} {method} {target}: {status}")
        assert held_rows() == before
    assert wrong == []


def _of_a_locked_study(person: Person, name: str, method: str, target: str) -> set[int]:
    """Return the statuses that are right: a page of one form says first that it is locked."""
    route = EXPECTED[name]
    meets_lock = (
        method == "POST"
        and target != OTHER_STUDY
        and name in CHANGES
        and CHANGES[name].refused == CONFLICT
        and reach(person, route, target)
    )
    return {CONFLICT} if meets_lock else expected_status(person, route, method, target)
