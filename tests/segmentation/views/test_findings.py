"""Pages of findings: each site its own, one click to a deviation, a table to take out."""

import csv
from io import StringIO

import pytest
from django.urls import reverse

from mldtrial.audit.models import AccessEvent
from mldtrial.trial.models import ProtocolDeviation
from segmentation.models import ProtocolFinding
from tests.support.protocol import EXCLUDES, SLICES, TE, ask_all, in_force, t2w, thick
from tests.support.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def findings(world: World) -> World:
    thick(world.visit_a)
    thick(world.visit_b)
    t2w(world.visit_a, te_ms=None)
    in_force(world, SLICES, TE)
    ask_all()
    return world


def listed(client, world: World, key: str, **query) -> str:
    client.force_login(world.user(key))
    return client.get(reverse("findings", args=["MLD-1"]), query).content.decode()


def test_a_site_sees_the_findings_of_its_own_scans(findings: World, client):
    page = listed(client, findings, "coordinator")
    assert "A-001" in page
    assert "B-001" not in page
    assert "distance of the slices 4 mm; the protocol asks for at most 1.5 mm" in page
    everything = listed(client, findings, "data_manager")
    assert "A-001" in everything
    assert "B-001" in everything


def test_what_cannot_be_told_has_a_list_of_its_own(findings: World, client):
    page = listed(client, findings, "coordinator", outcome="cannot_tell")
    assert "TE cannot be told from the file" in page
    assert "TE cannot be told" not in listed(client, findings, "coordinator")


def test_filters_narrow_the_list_and_say_when_nothing_is_left(findings: World, client):
    page = listed(client, findings, "data_manager", site="B")
    assert "A-001" not in page
    assert "No finding of this kind." in listed(
        client, findings, "data_manager", severity="exclude"
    )


def on_the_work_list(client, world: World, key: str) -> str:
    client.force_login(world.user(key))
    return client.get(reverse("uploads"), {"fragment": 1}).content.decode()


def test_the_work_list_counts_what_waits_at_the_own_site_and_leads_there(findings: World, client):
    text = on_the_work_list(client, findings, "coordinator")
    assert "1 finding waits for a decision" in text
    assert f"{reverse('findings', args=['MLD-1'])}?decision=to_decide" in text
    assert "2 findings wait for a decision" in on_the_work_list(client, findings, "data_manager")
    shown = listed(client, findings, "data_manager", decision="to_decide")
    assert "<p>2 findings</p>" in shown


@pytest.mark.parametrize("key", ["monitor", "sponsor", "auditor", "statistician", "administrator"])
def test_the_work_list_names_findings_to_nobody_who_may_not_act(findings: World, client, key):
    assert "Protocol findings to decide" not in on_the_work_list(client, findings, key)


def test_the_work_list_says_which_findings_leave_a_scan_out(world: World, client):
    thick(world.visit_a, slice_mm=8.0)
    in_force(world, EXCLUDES, SLICES)
    ask_all()
    text = on_the_work_list(client, world, "coordinator")
    assert "2 findings wait for a decision · 1 leaves a scan out of the loads" in text
    ProtocolFinding.objects.filter(severity="deviation").update(
        decision="DISMISSED", decision_reason="Seen", decided_by=world.user("data_manager")
    )
    text = on_the_work_list(client, world, "coordinator")
    assert "1 finding waits for a decision · 1 leaves a scan out of the loads" in text


def test_a_study_without_rules_says_so(world: World, client):
    assert "No rules yet." in listed(client, world, "coordinator")


def test_one_click_in_the_list_records_the_deviation_and_returns(findings: World, client):
    client.force_login(findings.user("coordinator"))
    finding = ProtocolFinding.objects.get(visit=findings.visit_a, outcome="not_met")
    here = reverse("findings", args=["MLD-1"])
    answer = client.post(
        reverse("finding", args=["MLD-1", finding.pk]), {"action": "record", "next": here}
    )
    assert (answer.status_code, answer["Location"]) == (302, here)
    assert ProtocolDeviation.objects.get().code == "THICKNESS"
    again = client.post(reverse("finding", args=["MLD-1", finding.pk]), {"action": "record"})
    assert again.status_code == 422
    assert "recorded as a deviation already" in again.content.decode()


def test_the_page_of_a_finding_shows_everything_that_was_asked_of_the_scan(findings: World, client):
    client.force_login(findings.user("monitor"))
    finding = ProtocolFinding.objects.get(visit=findings.visit_a, outcome="not_met")
    page = client.get(reverse("finding", args=["MLD-1", finding.pk])).content.decode()
    assert "Everything that was asked" in page
    assert "version 1" in page
    assert "Record the deviation" not in page


def test_a_scan_that_is_left_out_says_so_where_its_visit_is_shown(world: World, client):
    thick(world.visit_a, slice_mm=7.0)
    in_force(world, EXCLUDES)
    ask_all()
    client.force_login(world.user("coordinator"))
    status = client.get(reverse("visit_status", args=["MLD-1", world.visit_a.pk])).content.decode()
    assert "Left out by the protocol rules" in status
    assert "the protocol asks for at most 6 mm" in status


def test_findings_leave_as_a_table_with_guarded_text_and_a_line_in_the_log(findings: World, client):
    client.force_login(findings.user("data_manager"))
    answer = client.get(reverse("findings_export", args=["MLD-1"]), {"site": "A"})
    rows = list(csv.DictReader(StringIO(answer.content.decode())))
    assert [(r["subject_code"], r["measured"], r["rules_version"]) for r in rows] == [
        ("A-001", "4 mm", "1")
    ]
    assert rows[0]["sentence"].startswith("T1w: distance of the slices")
    event = AccessEvent.objects.filter(action="EXPORT_DONE").latest("pk")
    assert event.details["dataset"] == "protocol_findings"
    assert event.details["row_count"] == 1


def test_a_finding_of_another_site_does_not_exist(findings: World, client):
    client.force_login(findings.user("coordinator"))
    other = ProtocolFinding.objects.get(visit=findings.visit_b)
    assert client.get(reverse("finding", args=["MLD-1", other.pk])).status_code == 404
