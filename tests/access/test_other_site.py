"""No row of another site, or of anybody's patients, stands in an answer to who may not see it.

The matrix asks whether an address exists for a person. Here every answer that a person does get
is read for what it must not hold: codes, ids and words of records out of reach, each planted.
"""

from datetime import date
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from mldtrial.audit.belonging import BELONGINGS, RecordKind
from mldtrial.trial.models import SITE_ROLES, ReadAssignment, Role
from mldtrial.trial.services import patients
from tests.access import addresses
from tests.access.addresses import PARAMETERS, SITE_A, SITE_B, TARGETS
from tests.access.routes import BY_ASSIGNMENT, EXPECTED
from tests.support.loads import make_load
from tests.support.signed_in import clients
from tests.support.signing import full_visit
from tests.support.world import World

pytestmark = pytest.mark.django_db

ROUTES = sorted(EXPECTED)
BROAD = (
    "state=all&planned=1&all=1&group=&fate=&age=&assignee=&audience=&rule=&stratum=&subtype="
    "&kind=&subject=&person=&action=&since=2000-01-01&until=2100-01-01&site=B"
)
"""Filters that ask for as much as there is, and for the other site by name."""
PERSONAL = {Role.ADMINISTRATOR, *BY_ASSIGNMENT}
"""Roles that see no patient of the study, but what is given to them by name."""


def plant(world: World) -> None:
    """Record something of every kind at each site."""
    full_visit(world)
    make_load(world.patient_b, world.visit_b.date, 77.25)
    for target in TARGETS:
        for make in PARAMETERS.values():
            make(world, target)
        patients.record_treatment(
            patient=addresses.patient_of(world, target),
            kind="ERT",
            started_on=date(2023, 7, 1),
            details={"dose": f"words of {target}"},
            by=None,
        )


def marks(world: World, target: str) -> set[str]:
    """Return what names a record of a target: its patient's code, its ids, its words."""
    patient = addresses.patient_of(world, target)
    wanted = {patient.pk, *patient.visits.values_list("pk", flat=True)}
    found = {patient.subject_code, f"words of {target}"}
    for model, belonging in BELONGINGS.items():
        if belonging.kind == RecordKind.STUDY:
            continue
        rows = model._default_manager.filter(**{f"{belonging.path}__in": wanted})
        found |= {str(pk) for pk in rows.values_list("pk", flat=True)}
    return found


def given_by_name(world: World) -> set[str]:
    """Return the ids of the cases that the reader of the world was given."""
    return {str(pk) for pk in ReadAssignment.objects.values_list("pk", flat=True)}


def answered(client: Client, method: str, url: str) -> str:
    """Return all that is sent back, headers included, and undo what the request changed."""
    with transaction.atomic():
        answer: Any = client.generic(method, url)
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        transaction.set_rollback(True)
    return content.decode("utf-8", "replace") + str(dict(answer.headers))


def leaks(world: World, key: str, hidden: set[str]) -> list[str]:
    """Return every route whose answer to a person holds something hidden."""
    client = clients(world)(key)
    found = []
    for name in ROUTES:
        route = EXPECTED[name]
        if name in ("sign_in", "sign_out", "calendar_feed") and key != "coordinator":
            continue
        url = addresses.address(world, addresses.routes()[name], SITE_A, dict(route.params))
        unasked = {mark for mark in hidden if mark not in url}
        for method, asked in (("GET", url), ("GET", f"{url}?{BROAD}"), ("POST", url)):
            if (route.get if method == "GET" else route.post) is None:
                continue
            body = answered(client, method, asked)
            found += [f"{method} {name}: {mark}" for mark in unasked if mark in body]
    return found


@pytest.fixture
def planted(world: World) -> World:
    """The world with something of every kind at each site."""
    plant(world)
    return world


@pytest.mark.requirement("21CFR11.10(d)")
@pytest.mark.parametrize("role", sorted(SITE_ROLES))
def test_no_answer_to_a_site_holds_a_row_of_another(planted: World, role: str):
    assert leaks(planted, role, marks(planted, SITE_B)) == []


@pytest.mark.parametrize("role", sorted(PERSONAL))
def test_who_sees_no_patients_finds_none_in_any_answer(planted: World, role: str):
    hidden = marks(planted, SITE_A) | marks(planted, SITE_B)
    assert leaks(planted, role, hidden - given_by_name(planted)) == []


@pytest.mark.parametrize("key", ["stranger", "other_sponsor"])
def test_no_answer_holds_a_row_of_a_study_one_has_no_part_in(planted: World, key: str):
    assert leaks(planted, key, marks(planted, SITE_A) | marks(planted, SITE_B)) == []


def test_what_is_hidden_would_be_found(planted: World):
    """The same search finds the planted marks for who may see every site."""
    found = leaks(planted, "data_manager", marks(planted, SITE_B))
    seen = {entry.split(":")[0] for entry in found}
    assert {"GET patients", "GET queries", "GET uploads", "GET locks", "GET audit_study"} <= seen
