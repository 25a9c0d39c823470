"""What has not changed is not sent again, and nothing that has changed is taken for unchanged."""

import re
from collections.abc import Callable
from datetime import date

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from mldtrial.audit import recorded
from mldtrial.trial.models import GmfcMldAssessment, Membership
from tests.support.loads import make_load, make_model
from tests.support.numbered import numbered_tables
from tests.support.shadows import candidate, pair
from tests.support.world import World

pytestmark = pytest.mark.django_db

M12, M18 = date(2024, 5, 10), date(2024, 11, 10)
ASKS_WHO = {"django_session", "accounts_user"}
"""Tables that say who asks: nothing of them is in an answer but the tag's user."""
DERIVED = {"audit_lockedrecord": "audit_lock"}
"""Tables that a trigger keeps from a chained one, in the same statement."""


def addresses(world: World) -> dict[str, str]:
    study, patient = world.study.code, world.patient_a.pk
    return {
        "cohort": reverse("cohort_chart", args=[study, "load-age"]),
        "course": reverse("patient_trajectory", args=[study, patient]),
        "agreement": reverse("agreement_chart", args=[study, "3D"]),
        "overlap": reverse("agreement_overlap", args=[study, "3D", "dice"]),
        "impact": reverse("model_impact_chart", args=[study, candidate().pk, "3D"]),
    }


@pytest.fixture
def chart(client, chained_world: World, sql: Callable) -> str:
    """The address of a chart with two loads, for a data manager who is signed in."""
    pair(chained_world.patient_a, M12, 4.0, 6.0)
    client.force_login(chained_world.user("data_manager"))
    return addresses(chained_world)["cohort"]


def again(client, url: str, answer: HttpResponse) -> HttpResponse:
    return client.get(url, headers={"If-None-Match": answer.headers["ETag"]})


def test_the_same_records_are_answered_by_304_after_who_asks_and_nothing_else(client, chart: str):
    first = client.get(chart)
    with CaptureQueriesContext(connection) as asked:
        second = again(client, chart, first)
    assert (first.status_code, second.status_code, second.content) == (200, 304, b"")
    assert "no-store" in second.headers["Cache-Control"]
    tables = [set(re.findall(r'FROM "(\w+)"', query["sql"])) for query in asked]
    read = set().union(*tables)
    assert read == {*ASKS_WHO, "trial_membership"}  # the last for roles and number
    assert len(asked) == 3  # the number comes with the roles
    assert client.get(f"{chart}?stratum=3D").headers["ETag"] != first.headers["ETag"]


@pytest.mark.parametrize("name", ["cohort", "course", "agreement", "overlap", "impact"])
def test_a_chart_with_a_tag_reads_nothing_that_the_chain_does_not_number(
    client, chart: str, chained_world: World, name: str
):
    """Else a change could leave the number, and the page would show what is no longer so."""
    chained = numbered_tables()
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(addresses(chained_world)[name])
    assert answer.status_code == 200
    assert "ETag" in answer.headers
    read = {
        table
        for query in asked
        for table in re.findall(r'(?:FROM|JOIN) "(\w+)"', query["sql"])
        if query["sql"].startswith("SELECT")
    }
    assert "segmentation_segmentationresult" in read
    assert {DERIVED.get(table, table) for table in read - ASKS_WHO} <= chained
    unnumbered = ("blinded.", "analytics_interval")  # arms, and kept intervals
    assert not [q["sql"] for q in asked if any(name in q["sql"] for name in unnumbered)]


@pytest.mark.parametrize("what", ["a load", "a score", "a rule of the study"])
def test_once_something_is_recorded_the_answer_is_whole_and_new(
    client, chart: str, chained_world: World, what: str
):
    first = client.get(chart)
    if what == "a load":
        make_load(chained_world.patient_b, M18, 30.0)
    elif what == "a score":
        GmfcMldAssessment.objects.create(
            visit=chained_world.visit_a,
            assessed_on=chained_world.visit_a.date,
            assessed_by=chained_world.user("investigator"),
            level=3,
        )
    else:
        chained_world.study.tolerance_same_ml = 7
        chained_world.study.save()
    second = again(client, chart, first)
    assert second.status_code == 200
    assert second.headers["ETag"] != first.headers["ETag"]


def test_who_has_lost_the_role_is_refused_and_not_told_that_nothing_changed(
    client, chart: str, chained_world: World
):
    first = client.get(chart)
    role = Membership.objects.get(user=chained_world.user("data_manager"))
    role.is_active = False
    role.save()
    assert again(client, chart, first).status_code == 404


def test_who_asks_for_any_answer_at_all_is_asked_for_rights_first(client, chart: str, world: World):
    for key, status in (("stranger", 404), ("data_manager", 200)):
        client.force_login(world.user(key))
        assert client.get(chart, headers={"If-None-Match": "*"}).status_code == status


def test_the_tag_of_one_person_is_none_of_another(client, chart: str, chained_world: World):
    first = client.get(chart)
    client.force_login(chained_world.user("sponsor"))
    assert again(client, chart, first).status_code == 200
    client.logout()
    assert again(client, chart, first).status_code == 302


def test_looks_at_a_blinded_study_change_no_tag(client, chart: str, chained_world: World, sql):
    chained_world.study.blinding = "BLINDED"
    chained_world.study.save()
    first = client.get(chart)
    number, newest = recorded.newest(), "SELECT max(seq) FROM audit.link"
    before = sql(newest)[0][0]
    assert client.get(chart).headers["ETag"] == first.headers["ETag"]
    assert sql(newest)[0][0] == before + 1
    assert recorded.newest() == number <= before


def test_the_number_is_that_of_the_newest_record(chained_world: World, sql: Callable):
    make_model()
    assert [(recorded.newest(),)] == sql("SELECT max(seq) FROM audit.link")
