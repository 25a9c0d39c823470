"""Pages to set a scan aside: what happens is said before, and shown where the scan is shown."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from mldtrial.audit.context import acting
from mldtrial.trial.models import Scan, Sequence
from segmentation.models import ScanSetAside, SegmentationRun
from segmentation.services import setting_aside
from tests.segmentation.services.test_setting_aside import repeat, run_of
from tests.support.locking import freeze
from tests.support.protocol import EXCLUDES, ask_all, in_force
from tests.support.world import World

pytestmark = pytest.mark.django_db
WORDS = {"cause": "MOVEMENT", "reason": "Woke up"}


def client_of(world: World, key: str) -> Client:
    client = Client()
    client.force_login(world.user(key))
    return client


def page(world: World, name: str, *args: Any, key: str = "coordinator") -> str:
    return client_of(world, key).get(reverse(name, args=args)).content.decode()


def decide(world: World, url: str, body: dict[str, Any], key: str = "coordinator") -> Any:
    """Open the page of a decision, fill it in and send it."""
    client = client_of(world, key)
    shown = client.get(url).context["form"].mark
    return client.post(url, {"seen": shown, **body}, follow=True)


def set_aside(world: World, scan: Scan, key: str = "coordinator") -> ScanSetAside:
    by = world.user(key)
    with acting(user=by, origin="web"):
        return setting_aside.set_aside(scan=scan, by=by, **WORDS)


@pytest.fixture
def t2w(world: World) -> Scan:
    return repeat(world.visit_a, Sequence.T2W, came_in=0)


@pytest.fixture
def repeats(world: World, t2w: Scan) -> tuple[Scan, Scan]:
    return repeat(world.visit_a, came_in=0), repeat(world.visit_a, came_in=1)


def test_two_clicks_and_a_sentence_set_a_scan_aside_and_one_takes_it_back(world: World, repeats):
    _, ruined = repeats
    status = page(world, "visit_status", "MLD-1", world.visit_a.pk)
    url = reverse("scan_set_aside", args=[ruined.pk])
    assert url in status
    answer = decide(world, url, WORDS)
    assert "T1w 3D of Baseline is set aside." in answer.content.decode()
    row = ScanSetAside.objects.get()
    assert (row.scan, row.cause, row.set_aside_by) == (
        ruined, "MOVEMENT", world.user("coordinator"),
    )  # fmt: skip
    status = page(world, "visit_status", "MLD-1", world.visit_a.pk)
    for words in ("T1w 3D is set aside: movement.", "Woke up", "By Coordinator on",
                  "No load had been measured from it."):  # fmt: skip
        assert words in status
    back = reverse("scan_take_back", args=[row.pk])
    assert back in status
    answer = decide(world, back, {"reason": "The other one is worse"})
    assert "T1w 3D of Baseline is taken back." in answer.content.decode()
    row.refresh_from_db()
    assert row.taken_back_by == world.user("coordinator")
    assert client_of(world, "coordinator").get(back).status_code == 404


def test_a_reason_that_is_too_long_is_refused_whole_and_never_cut(world: World, repeats):
    """A browser cuts what is pasted into a box of so many characters, without a word."""
    url = reverse("scan_set_aside", args=[repeats[1].pk])
    assert "maxlength" not in page(world, "scan_set_aside", repeats[1].pk)
    answer = decide(world, url, {**WORDS, "reason": "x" * 500})
    assert "at most 300 characters (it has 500)" in answer.content.decode()
    assert "x" * 500 in answer.content.decode()
    assert not ScanSetAside.objects.exists()


def test_it_is_said_before_which_scan_counts_instead(world: World, repeats):
    first, ruined = repeats
    text = page(world, "scan_set_aside", ruined.pk)
    assert "T1w 3D taken in on 2024-06-01 counts instead." in text
    assert "It is not used now either" in page(world, "scan_set_aside", first.pk)
    row = set_aside(world, ruined)
    assert "it has no load</strong>" in page(world, "scan_set_aside", first.pk)
    assert "The scan counts again." in page(world, "scan_take_back", row.pk)


def test_it_is_said_that_a_scan_comes_back_behind_another(world: World, repeats):
    first, _ = repeats
    row = set_aside(world, first)
    assert "taken in on 2024-06-02 comes first" in page(world, "scan_take_back", row.pk)


def test_it_is_said_that_the_rules_leave_a_scan_out_as_well(world: World):
    scan = repeat(world.visit_a, came_in=0, voxel_size_mm=[1.0, 1.0, 7.0])
    row = set_aside(world, scan)
    in_force(world, EXCLUDES)
    ask_all()
    assert "The protocol rules leave the scan out as well" in page(world, "scan_take_back", row.pk)


def test_a_sequence_that_makes_no_load_changes_none(world: World, repeats, t2w: Scan):
    run_of(repeats[1], t2w, 20.0, counts=True)
    flair = repeat(world.visit_a, Sequence.FLAIR, came_in=0)
    assert "uses no FLAIR image: the load of the visit stays" in page(
        world, "scan_set_aside", flair.pk
    )


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("data_manager", "would bias the trial: decide by the image alone"),
        ("coordinator", "A load was measured from it; loads are not shown to you."),
    ],
)
def test_it_is_said_before_that_a_load_is_known(world: World, repeats, t2w: Scan, key, words):
    run_of(repeats[1], t2w, 31.25, counts=True)
    text = page(world, "scan_set_aside", repeats[1].pk, key=key)
    assert words in text
    assert "Signatures of the visit become void." in text
    assert "31.2" not in text
    without = page(world, "scan_set_aside", repeats[0].pk, key=key)
    assert "No load was measured from it yet." in without


def test_a_load_that_came_after_the_page_was_opened_is_shown_first(world: World, repeats, t2w):
    client = client_of(world, "data_manager")
    url = reverse("scan_set_aside", args=[repeats[1].pk])
    mark = client.get(url).context["form"].mark
    run_of(repeats[1], t2w, 31.0, counts=True)
    answer = client.post(url, {"seen": mark, **WORDS})
    assert answer.status_code == 422
    assert "Meanwhile something changed" in answer.content.decode()
    assert not ScanSetAside.objects.exists()
    mark = answer.context["form"]["seen"].value()
    assert client.post(url, {"seen": mark, **WORDS}).status_code == 302
    assert ScanSetAside.objects.get().is_load_known


def test_without_cause_or_words_each_field_says_so(world: World, repeats):
    url = reverse("scan_set_aside", args=[repeats[1].pk])
    answer = decide(world, url, {})
    assert answer.status_code == 422
    for words in ("Choose what is wrong with the scan.", "Say what you saw or know."):
        assert words in answer.content.decode()


def test_what_is_set_aside_already_leads_to_taking_it_back(world: World, repeats):
    row = set_aside(world, repeats[1])
    client = client_of(world, "coordinator")
    answer = client.get(reverse("scan_set_aside", args=[repeats[1].pk]))
    assert answer["Location"] == reverse("scan_take_back", args=[row.pk])


def test_a_frozen_visit_says_so_in_place_of_the_form(world: World, repeats):
    freeze(world, world.visit_a)
    text = page(world, "scan_set_aside", repeats[1].pk)
    assert "This record is frozen" in text
    assert 'name="cause"' not in text


def test_the_page_of_the_run_says_it_and_offers_both(world: World, repeats, t2w: Scan):
    run = run_of(repeats[1], t2w, 31.0, counts=True)
    text = page(world, "run", "MLD-1", run.pk)
    assert reverse("scan_set_aside", args=[repeats[1].pk]) in text
    assert "used for nothing" not in text
    row = set_aside(world, repeats[1])
    way = reverse("run", args=["MLD-1", run.pk])
    assert way in page(world, "visit_status", "MLD-1", world.visit_a.pk)
    text = page(world, "run", "MLD-1", run.pk, key="data_manager")
    for words in ("T1w 3D is set aside: movement.", "used for nothing", "31.00",
                  reverse("scan_take_back", args=[row.pk])):  # fmt: skip
        assert words in text
    read_only = page(world, "run", "MLD-1", run.pk, key="auditor")
    assert "T1w 3D is set aside: movement." in read_only
    assert reverse("scan_take_back", args=[row.pk]) not in read_only


def test_the_page_of_the_run_says_that_the_rules_leave_a_scan_out(world: World, t2w: Scan):
    scan = repeat(world.visit_a, came_in=0, voxel_size_mm=[1.0, 1.0, 7.0])
    run = run_of(scan, t2w, 31.0, counts=True)
    in_force(world, EXCLUDES)
    ask_all()
    assert "T1w 3D is left out by the protocol rules." in page(world, "run", "MLD-1", run.pk)


def test_the_page_of_a_finding_says_that_its_scan_is_set_aside(world: World):
    scan = repeat(world.visit_a, came_in=0, voxel_size_mm=[1.0, 1.0, 7.0])
    in_force(world, EXCLUDES)
    ask_all()
    finding = scan.protocol_findings.get()
    assert "is set aside" not in page(world, "finding", "MLD-1", finding.pk)
    set_aside(world, scan)
    assert "used for no load until it is taken back" in page(world, "finding", "MLD-1", finding.pk)


@pytest.mark.requirement("EMA-CSV-6.2")
def test_the_history_shows_who_set_a_scan_aside_and_why(world: World, repeats):
    row = set_aside(world, repeats[1])
    text = page(world, "audit_record", "MLD-1", "scansetaside", row.pk, key="auditor")
    for words in ("movement", "Woke up", "Coordinator"):
        assert words in text
    assert not SegmentationRun.objects.exists()
