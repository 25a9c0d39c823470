from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from mldtrial.trial import selectors
from mldtrial.trial.models import Patient, VisitDefinition
from mldtrial.trial.rules.calendar import today_in
from mldtrial.trial.selectors import Kind
from mldtrial.trial.services import assessments, participation, patients, visits
from tests.support.world import World

pytestmark = pytest.mark.django_db


def client_of(world: World, key: str) -> Client:
    client = Client()
    client.force_login(world.user(key))
    return client


def home(world: World, key: str, query: str = "") -> str:
    return client_of(world, key).get(reverse("home") + query).content.decode()


def waiting(world: World, key: str = "coordinator") -> dict[str, list[str]]:
    found = selectors.work(user=world.user(key))
    return {
        kind.value: [f"{item.patient.subject_code} {item.words}" for item in items]
        for kind, items in found.items()
        if items
    }


def enrolled(world: World, code: str, days_ago: int) -> Patient:
    return patients.create_patient(
        site=world.site_a,
        subject_code=code,
        sex="F",
        birth_month=date(2020, 3, 1),
        enrolled_on=today_in("UTC") - timedelta(days=days_ago),
        by=None,
    )


def only(world: World, *codes: str) -> None:
    """Retire every visit of the schedule but the named ones."""
    VisitDefinition.objects.filter(study=world.study).exclude(code__in=codes).update(
        is_retired=True
    )


def test_a_visit_is_due_in_its_window_and_overdue_after_it(world: World):
    only(world, "M00")
    enrolled(world, "A-010", days_ago=14)
    enrolled(world, "A-011", days_ago=15)
    found = waiting(world)
    assert [words[:5] for words in found["due"]] == ["A-010"]
    assert [words[:5] for words in found["overdue"]] == ["A-011"]


def test_the_oldest_comes_first(world: World):
    only(world, "M00")
    for code, days in (("A-010", 20), ("A-011", 40), ("A-012", 30)):
        enrolled(world, code, days)
    assert [w[:5] for w in waiting(world)["overdue"]] == ["A-011", "A-012", "A-010"]


def test_a_visit_waits_for_its_scans_and_its_level(world: World):
    found = waiting(world)
    assert found["scan"] == ["A-001 Baseline on 2023-05-10: T1w and T2w"]
    assert found["score"] == ["A-001 Baseline on 2023-05-10"]


def test_nothing_is_chased_that_was_declared_not_done(world: World):
    only(world, "M00")
    patient = enrolled(world, "A-010", days_ago=40)
    by = world.user("coordinator")
    definition = world.study.visit_definitions.get(code="M00")
    visits.declare_visit_not_done(patient=patient, definition=definition, reason="Ill", by=by)
    visits.declare_scan_not_done(visit=world.visit_a, sequence="T1w", reason="No sedation", by=by)
    assert waiting(world)["scan"] == ["A-001 Baseline on 2023-05-10: T2w"]
    visits.declare_scan_not_done(visit=world.visit_a, sequence="T2w", reason="No sedation", by=by)
    assessments.record_gmfc_mld(
        visit=world.visit_a,
        level=None,
        status="NOT_DONE",
        reason="Asleep",
        assessed_on=world.visit_a.date,
        by=by,
    )
    assert set(waiting(world)) == set()


def test_a_visit_without_images_by_its_definition_is_asked_for_none(world: World):
    world.study.visit_definitions.filter(code="M00").update(has_scans=False, has_gmfc_mld=False)
    assert {"scan", "score"}.isdisjoint(waiting(world))


def test_who_left_the_study_is_not_chased(world: World):
    participation.record_step(
        patient=world.patient_a, step="CONSENT", happened_on=date(2023, 5, 1), by=None
    )
    participation.record_step(
        patient=world.patient_a, step="LOST", happened_on=date(2023, 6, 1), by=None
    )
    assert waiting(world) == {}


def test_who_withdrew_the_consent_for_images_is_asked_for_none_until_it_is_given_again(
    world: World,
):
    steps = (("CONSENT", 1), ("IMAGES_WITHDRAWN", 2))
    for step, day in steps:
        participation.record_step(
            patient=world.patient_a, step=step, happened_on=date(2023, 5, day), by=None
        )
    assert "scan" not in waiting(world)
    participation.record_step(
        patient=world.patient_a, step="IMAGE_CONSENT", happened_on=date(2023, 5, 3), by=None
    )
    assert "scan" in waiting(world)


def test_a_complete_visit_waits_for_an_investigator_of_its_site(world: World):
    world.study.visit_definitions.filter(code="M00").update(has_scans=False, has_gmfc_mld=False)
    assert waiting(world, "investigator")["sign"] == ["A-001 Baseline on 2023-05-10"]
    assert "sign" not in waiting(world, "coordinator")
    assert waiting(world, "investigator_b")["sign"] == ["B-001 Baseline on 2023-05-10"]


@pytest.mark.requirement("21CFR11.10(d)")
@pytest.mark.parametrize(
    ("key", "subjects"),
    [
        ("coordinator", {"A-001"}),
        ("monitor", {"A-001"}),
        ("coordinator_b", {"B-001"}),
        ("data_manager", {"A-001", "B-001"}),
        ("sponsor", set()),
        ("statistician", set()),
        ("administrator", set()),
        ("reader", set()),
        ("stranger", set()),
    ],
)
def test_each_role_sees_the_work_of_its_own_sites(world: World, key, subjects):
    found = selectors.work(user=world.user(key))
    assert {item.patient.subject_code for items in found.values() for item in items} == subjects


def test_a_row_does_its_work_in_one_click(world: World):
    text = home(world, "coordinator")
    definition = world.study.visit_definitions.get(code="M06")
    record = reverse("visit_new", args=["MLD-1", world.patient_a.pk])
    assert f"{record}?planned={definition.pk}" in text
    assert reverse("scan_not_done", args=["MLD-1", world.visit_a.pk]) in text
    assert reverse("gmfc_record", args=["MLD-1", world.visit_a.pk]) in text


def test_who_enters_nothing_is_led_to_the_patient(world: World):
    text = home(world, "monitor")
    assert reverse("patient", args=["MLD-1", world.patient_a.pk]) in text
    assert reverse("visit_new", args=["MLD-1", world.patient_a.pk]) not in text


def test_a_long_list_is_cut_and_can_be_shown_whole(world: World):
    only(world, "M00")
    for number in range(12):
        enrolled(world, f"A-1{number:02}", days_ago=40)
    assert "Show all 12" in home(world, "coordinator")
    assert "A-111" not in home(world, "coordinator")
    assert "A-111" in home(world, "coordinator", "?all=overdue")


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("reader", "Cases that are assigned to you"),
        ("operator", "Cases that are assigned to you"),
        ("administrator", "Your role sets up the study"),
        ("data_manager", "Answered queries to check"),
        ("monitor", "Overdue visits"),
        ("auditor", "Open queries"),
        ("sponsor", "Open queries"),
        ("statistician", "Open queries"),
    ],
)
def test_each_role_has_a_home_that_fits_it(world: World, key, words):
    assert words in home(world, key)


def test_the_work_list_takes_no_more_queries_with_more_patients(world: World):
    def queries() -> int:
        client = client_of(world, "data_manager")
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse("home"))
        return len(captured)

    few = queries()
    for number in range(20):
        made = enrolled(world, f"A-2{number:02}", days_ago=400)
        patients.create_visit(
            patient=made,
            definition=world.study.visit_definitions.get(code="M00"),
            visit_date=made.enrolled_on,
            by=None,
        )
    assert queries() == few
    assert len(selectors.work(user=world.user("data_manager"))[Kind.SCORE]) == 22
