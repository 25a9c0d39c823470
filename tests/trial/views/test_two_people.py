"""Two people with the same form open: the second is told what the first has done."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from mldtrial.trial.models import Audience, Membership, ProtocolDeviation
from mldtrial.trial.services import assessments, deviations, patients, queries, visits
from tests.support.forms import opened
from tests.support.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("EMA-CSV-6.2")]


@dataclass
class Edit:
    """A form that two people open: its address, what each types, and what the second reads."""

    roles: tuple[str, str]
    first: dict[str, Any]
    second: dict[str, Any]
    told: str
    kept: str
    more: dict[str, Any] = field(default_factory=dict)


EDITS = {
    "visit_edit": Edit(
        ("coordinator", "investigator"),
        {"date": "2023-05-11", "reason": "Chart"},
        {"date": "2023-05-12", "reason": "Letter"},
        "Coordinator, {now}: Date from 2023-05-10 to 2023-05-11.",
        'value="2023-05-12"',
    ),
    "gmfc_record": Edit(
        ("coordinator", "investigator"),
        {"level": "3", "change_reason": "Video"},
        {"level": "5", "change_reason": "Seen again"},
        "Coordinator, {now}: Level from 2 to 3.",
        "Seen again",
        {"status": "DONE", "source": "EXAMINATION", "assessed_on": "2023-05-10"},
    ),
    "elfc_record": Edit(
        ("coordinator", "investigator"),
        {"level": "E3", "change_reason": "Video"},
        {"level": "E4", "change_reason": "Seen again"},
        "Coordinator, {now}: Level from 2 to 3.",
        "Seen again",
        {"status": "DONE", "source": "EXAMINATION", "assessed_on": "2023-05-10"},
    ),
    "not_done_edit": Edit(
        ("coordinator", "investigator"),
        {"what": "keep", "reason": "Illness", "change_reason": "Chart"},
        {"what": "keep", "reason": "Flood", "change_reason": "Call"},
        "Coordinator, {now}: Reason from No time to Illness.",
        "Flood",
    ),
    "deviation": Edit(
        ("coordinator", "data_manager"),
        {"action": "describe", "description": "Ate at six", "reason": "Call"},
        {"action": "describe", "description": "Ate at seven", "reason": "Letter"},
        "Coordinator, {now}: Description from Ate before to Ate at six.",
        "Ate at seven",
    ),
    "membership_export": Edit(
        ("administrator", "administrator"),
        {"is_granted": "yes", "reason": "Contract 7"},
        {"is_granted": "no", "reason": "No contract"},
        "Administrator, {now}: May export rows from no to yes.",
        "No contract",
    ),
    "query": Edit(
        ("data_manager", "data_manager"),
        {"action": "assign", "assignee": "role:investigator"},
        {"action": "assign", "assignee": "role:data_manager"},
        "Data Manager, {now}: Assigned role from site coordinator to investigator.",
        'value="role:data_manager" selected',
    ),
}


def address(world: World, name: str) -> str:
    if name == "query":
        asked = queries.open_query(
            patient=world.patient_a, visit=None, audience=Audience.SITE, rule="R", question="Why?"
        )
        return reverse("query", args=[asked.pk])
    by = world.user("coordinator")
    level: dict[str, Any] = {"visit": world.visit_a, "level": 2, "assessed_on": date(2023, 5, 10)}
    makers = {
        "visit_edit": lambda: world.visit_a,
        "gmfc_record": lambda: assessments.record_gmfc_mld(**level, by=by).visit,
        "elfc_record": lambda: assessments.record_elfc_mld(**level, by=by).visit,
        "not_done_edit": lambda: visits.declare_scan_not_done(
            visit=world.visit_a, sequence="T2w", reason="No time", by=by
        ),
        "deviation": lambda: deviations.record_deviation(
            patient=world.patient_a,
            visit=None,
            code="SEDATION_NOT_GIVEN",
            description="Ate before",
            by=by,
        ),
        "membership_export": lambda: Membership.objects.get(user=world.user("sponsor")),
    }
    return reverse(name, args=["MLD-1", makers[name]().pk])


def signed_in(world: World, key: str) -> Client:
    client = Client()
    client.force_login(world.user(key))
    return client


@pytest.mark.parametrize("name", EDITS)
def test_the_second_of_two_people_is_told_what_changed_and_keeps_what_was_typed(
    world: World, name: str
):
    edit, url = EDITS[name], address(world, name)
    first, second = (signed_in(world, role) for role in edit.roles)
    both = [
        opened(client, url, **edit.more, **typed)
        for client, typed in ((first, edit.first), (second, edit.second))
    ]
    assert first.post(url, both[0]).status_code == 302
    answer = second.post(url, both[1])
    page = answer.content.decode()
    assert answer.status_code == 422
    before, after = edit.told.split("{now}")
    assert "Somebody else has changed this record since you opened it." in page
    assert before in page
    assert f"UTC{after}" in page
    assert edit.kept in page


@pytest.mark.parametrize("name", EDITS)
def test_who_sends_it_again_after_reading_that_has_the_last_word(world: World, name: str):
    edit, url = EDITS[name], address(world, name)
    first, second = (signed_in(world, role) for role in edit.roles)
    typed = {**edit.more, **edit.second}
    stale = opened(second, url, **typed)
    first.post(url, opened(first, url, **edit.more, **edit.first))
    answer = second.post(url, stale)
    shown = {**typed, "seen": mark_on(answer.content.decode(), stale["seen"])}
    assert second.post(url, shown).status_code == 302


def mark_on(page: str, stale: str) -> str:
    marks = [part.split('"')[0] for part in page.split('name="seen" value="')[1:]]
    assert stale not in marks
    return marks[0]


def test_a_level_that_somebody_else_has_just_recorded_is_told(world: World):
    url = reverse("gmfc_record", args=["MLD-1", world.visit_a.pk])
    typed = {"status": "DONE", "source": "EXAMINATION", "assessed_on": "2023-05-10"}
    first, second = signed_in(world, "coordinator"), signed_in(world, "investigator")
    late = opened(second, url, level="5", **typed)
    first.post(url, opened(first, url, level="3", **typed))
    page = second.post(url, late).content.decode()
    assert "Somebody else has recorded this since you opened the page. Coordinator" in page
    assert "Level: 3" in page


def test_a_change_of_something_else_disturbs_nobody(world: World):
    url = reverse("patient_edit", args=["MLD-1", world.patient_a.pk])
    client = signed_in(world, "coordinator")
    mark = opened(client, url)["seen"]
    patients.create_visit(
        patient=world.patient_a, definition=None, visit_date=date(2023, 7, 1), by=None
    )
    assert opened(client, url)["seen"] == mark


def test_a_form_without_its_mark_changes_nothing(world: World):
    deviation = address(world, "deviation")
    typed = {"action": "describe", "description": "Ate at six", "reason": "Call"}
    answer = signed_in(world, "coordinator").post(deviation, typed)
    assert answer.status_code == 422
    assert "This record is not as it was when you opened the page." in answer.content.decode()
    assert ProtocolDeviation.objects.get().description == "Ate before"
