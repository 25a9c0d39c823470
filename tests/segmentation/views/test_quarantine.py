"""The pages of the quarantine: why, what each decision does, and that it is done."""

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mldtrial.trial.models import Scan, ScanState, Visit
from mldtrial.trial.services import patients
from segmentation.conflict_words import WAITS
from segmentation.models import SegmentationRun, Upload
from tests.support.intake import send_dicom, series_of
from tests.support.loads import make_load
from tests.support.locking import freeze
from tests.support.world import World

pytestmark = pytest.mark.django_db
REASON = "Sent with the wrong folder"


@pytest.fixture
def later(world: World) -> Visit:
    return patients.create_visit(
        patient=world.patient_a,
        definition=world.study.visit_definitions.get(code="M06"),
        visit_date=date(2023, 11, 8),
        by=None,
    )


@pytest.fixture
def scan(world: World, later: Visit) -> Scan:
    send_dicom(
        world.visit_a, series_of(world.patient_a, "2023-11-10"), by=world.user("coordinator")
    )
    return Scan.objects.get(state=ScanState.QUARANTINED)


def client_of(world: World, key: str) -> Client:
    client = Client()
    client.force_login(world.user(key))
    return client


def decide(client: Client, url: str, body: dict[str, Any], **options: Any) -> Any:
    """Open the page of a decision, fill it in and send it."""
    shown = client.get(url).context["form"]["seen"].value()
    return client.post(url, {"seen": shown, **body}, **options)


def page(world: World, name: str, *args: Any, key: str = "coordinator") -> str:
    return client_of(world, key).get(reverse(name, args=args)).content.decode()


@pytest.mark.parametrize(
    ("key", "word"),
    [("coordinator", "Decide"), ("data_manager", "Decide"), ("auditor", "Open")],
)
def test_who_may_see_the_quarantine_is_led_there_from_the_visit(world: World, scan, key, word):
    shown = page(world, "visit_status", "MLD-1", scan.visit_id, key=key)
    assert "1 scan waits in quarantine" in shown
    assert f'{reverse("quarantine")}#scan-{scan.pk}">{word}' in shown


@pytest.mark.parametrize("key", ["sponsor", "statistician"])
def test_who_cannot_act_is_told_of_no_quarantine(world: World, scan, key):
    shown = page(world, "visit_status", "MLD-1", scan.visit_id, key=key)
    assert "quarantine" not in shown


def test_a_refused_copy_and_a_failed_run_lead_to_what_waits(world: World, scan):
    Upload.objects.filter(visit=scan.visit_id).update(
        state="REJECTED", failure_code="DUPLICATE_IMAGE", message=f"It {WAITS}"
    )
    link = f'{reverse("quarantine")}#scan-{scan.pk}"'
    assert link in page(world, "uploads")
    assert link in page(world, "uploads", key="data_manager")
    run = make_load(world.patient_a, date(2023, 11, 8), 10.0)
    failed = {"state": "FAILED", "failure_code": "LOST", "analysis_flag": False}
    run = SegmentationRun.objects.create(
        visit=run.visit, site=run.site, t1w_scan=run.t1w_scan, model_version=run.model_version,
        parameters={}, parameters_sha256="a" * 64, input_sha256="b" * 64,
        message="Lost", finished_at=timezone.now(), **failed,
    )  # fmt: skip
    assert link not in page(world, "run", "MLD-1", run.pk)
    Scan.objects.filter(pk=scan.pk).update(visit=run.visit)
    assert link in page(world, "run", "MLD-1", run.pk)


def test_the_list_says_what_waits_why_and_what_each_decision_does(world: World, scan):
    text = page(world, "quarantine")
    for words in (
        "A-001 · Baseline",
        "by Coordinator",
        "The scan was made 184 days after the visit.",
        "Month 6 of 2023-11-08",
        "Keep here",
        "destroyed at once",
    ):
        assert words in text


def test_another_person_than_before_is_shown_with_the_earlier_scans(world: World, later):
    send_dicom(world.visit_a, series_of(world.patient_a, "2023-05-10"))
    renamed = {"patient": "Renamed^Elsewhere", "patient_id": "NEW-4711"}
    send_dicom(later, series_of(world.patient_a, "2023-11-10", **renamed))
    text = page(world, "quarantine")
    for words in (
        "The header names another person than the earlier scans of this patient",
        f"#visit-{world.visit_a.pk}",
        "is then known as this patient, and raises no question again",
    ):
        assert words in text
    waits = Scan.objects.get(state=ScanState.QUARANTINED)
    assert "is then known as A-001: later scans" in page(world, "scan_keep", waits.pk)
    assert "elsewhere" not in text.lower()
    assert "new-4711" not in text.lower()


def test_an_empty_list_says_so(world: World):
    assert "Nothing waits in quarantine." in page(world, "quarantine")


def test_the_work_list_counts_what_waits_and_leads_there(world: World, scan):
    text = client_of(world, "coordinator").get(f"{reverse('uploads')}?fragment=1").content.decode()
    assert "Scans in quarantine" in text
    assert f"{reverse('quarantine')}#scan-{scan.pk}" in text
    other = client_of(world, "coordinator_b").get(f"{reverse('uploads')}?fragment=1")
    assert "Scans in quarantine" not in other.content.decode()


def test_an_auditor_reads_and_decides_nothing(world: World, scan):
    text = page(world, "quarantine", key="auditor")
    assert "The scan was made 184 days after the visit." in text
    assert reverse("scan_move", args=[scan.pk]) not in text


def test_the_suggested_visit_is_chosen_already(world: World, scan, later):
    text = page(world, "scan_move", scan.pk)
    assert f'<option value="{later.pk}" selected>' in text
    assert "2 days from the scan" in text
    assert "Suggested: Month 6" in text


def test_a_move_is_three_clicks_and_says_where_to(world: World, scan, later):
    client = client_of(world, "coordinator")
    answer = decide(
        client,
        reverse("scan_move", args=[scan.pk]),
        {"to": later.pk, "reason": REASON},
        follow=True,
    )
    assert "T1w 2D was moved to A-001, Month 6." in answer.content.decode()
    scan.refresh_from_db()
    assert (scan.visit, scan.state, scan.days_from_visit) == (later, ScanState.IMPORTED, 2)


def test_a_decision_without_a_reason_is_named_at_its_field(world: World, scan, later):
    for name in ("scan_move", "scan_keep", "scan_discard"):
        client = client_of(world, "coordinator")
        answer = decide(client, reverse(name, args=[scan.pk]), {"to": later.pk})
        assert answer.status_code == 422
        assert "Give the reason." in answer.content.decode()
    scan.refresh_from_db()
    assert scan.state == ScanState.QUARANTINED


def test_a_second_decision_finds_nothing_to_decide(world: World, scan):
    client = client_of(world, "coordinator")
    url = reverse("scan_discard", args=[scan.pk])
    assert decide(client, url, {"reason": REASON}).status_code == 302
    assert client.post(url, {"reason": REASON}).status_code == 404


def test_one_image_of_a_session_can_be_decided_about_alone(world: World, later):
    study_uid = "1.2.826.0.1.99"
    send_dicom(
        world.visit_a,
        series_of(world.patient_a, "2023-11-10", study_uid=study_uid),
        series_of(world.patient_a, "2023-11-10", study_uid=study_uid, seed=3),
    )
    first, second = Scan.objects.order_by("created_at", "sequence", "pk")
    client = client_of(world, "coordinator")
    assert "The decision is for all 2" in page(world, "scan_discard", first.pk)
    decide(client, f"{reverse('scan_discard', args=[first.pk])}?alone=1", {"reason": REASON})
    first.refresh_from_db()
    assert first.state == ScanState.DISCARDED
    second.refresh_from_db()
    assert second.state == ScanState.QUARANTINED


def test_a_frozen_visit_says_so_in_place_of_the_decisions(world: World, scan):
    freeze(world, world.visit_a)
    text = page(world, "quarantine")
    assert "This record is frozen" in text
    assert reverse("scan_move", args=[scan.pk]) not in text


def test_a_scan_in_use_is_moved_from_its_visit(world: World, later):
    send_dicom(world.visit_a, series_of(world.patient_a, "2023-05-10"))
    used = Scan.objects.get()
    status = page(world, "visit_status", "MLD-1", world.visit_a.pk)
    url = reverse("scan_move", args=[used.pk])
    assert url in status
    text = page(world, "scan_move", used.pk)
    assert "Signatures of both visits become void." in text
    answer = decide(client_of(world, "coordinator"), url, {"to": later.pk, "reason": REASON})
    assert answer.status_code == 302
    used.refresh_from_db()
    assert used.visit == later


def test_who_may_not_place_sees_no_link_to_it(world: World):
    send_dicom(world.visit_a, series_of(world.patient_a, "2023-05-10"))
    url = reverse("scan_move", args=[Scan.objects.get().pk])
    for key in ("monitor", "sponsor", "auditor"):
        assert url not in page(world, "visit_status", "MLD-1", world.visit_a.pk, key=key)


def test_a_visit_outside_of_the_reach_is_no_choice(world: World, scan):
    answer = decide(
        client_of(world, "coordinator"),
        reverse("scan_move", args=[scan.pk]),
        {"to": world.visit_b.pk, "reason": REASON},
    )
    assert answer.status_code == 422
    assert "Choose one of the listed visits." in answer.content.decode()


def test_a_decision_reaches_only_the_scans_that_the_page_showed(world: World, later):
    study_uid = "1.2.826.0.1.99"
    first = series_of(world.patient_a, "2023-11-10", study_uid=study_uid)
    send_dicom(world.visit_a, first)
    client = client_of(world, "coordinator")
    url = reverse("scan_discard", args=[Scan.objects.get().pk])
    opened = client.get(url)
    shown = opened.context["form"]["seen"].value()
    assert f'<input type="hidden" name="seen" value="{shown}"' in opened.content.decode()
    send_dicom(world.visit_a, series_of(world.patient_a, "2023-11-10", study_uid=study_uid, seed=3))
    for stale in ({"seen": shown}, {}):
        answer = client.post(url, {"reason": REASON, **stale})
        assert answer.status_code == 422
    assert "Other scans are concerned" in answer.content.decode()
    assert Scan.objects.filter(state=ScanState.QUARANTINED).count() == 2
    shown = answer.context["form"]["seen"].value()
    assert client.post(url, {"reason": REASON, "seen": shown}).status_code == 302
    assert not Scan.objects.filter(state=ScanState.QUARANTINED).exists()
