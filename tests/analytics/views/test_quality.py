"""What stands out is told to the site of the scan; where the others lie is told to no site."""

import csv
import io
import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from analytics.selectors import quality
from mldtrial.audit.context import acting
from mldtrial.trial.models import Origin, ReadAssignment, ReadRole, Scan, ScanState
from mldtrial.trial.rules.reading import new_reading_id
from mldtrial.trial.services import participation
from segmentation.imaging.quality.metrics import METRICS
from segmentation.imaging.quality.outliers import FEWEST_SCANS
from segmentation.models import JobState, ScanQuality
from segmentation.services import setting_aside, store
from tests.support.loads import make_scan
from tests.support.locking import freeze
from tests.support.quality import make_many, make_quality
from tests.support.world import World

pytestmark = pytest.mark.django_db

STUDY = "MLD-1"
WITH_DISTRIBUTION = ("data_manager", "statistician", "sponsor", "auditor")
AT_SITE = ("coordinator", "investigator", "monitor")


def client_of(world: World, key: str) -> Client:
    client = Client()
    client.force_login(world.user(key))
    return client


def page(world: World, key: str, name: str = "study_quality", *args: Any, **query: Any) -> Any:
    return client_of(world, key).get(reverse(name, args=[STUDY, *args]), query)


@pytest.fixture
def bad(world: World) -> ScanQuality:
    """A noisy scan at site A among enough good ones, all but it at site B."""
    make_many(world.patient_b, FEWEST_SCANS)
    return make_quality(world.patient_a, snr_brain=5.0)


def draw(one: ScanQuality) -> None:
    """Put something where the picture of a measurement lies."""
    path = store.mosaic_path("a" * 64)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\x89PNG")
    ScanQuality.objects.filter(pk=one.pk).update(mosaic_sha256="a" * 64)


def row_of(world: World, key: str, one: ScanQuality) -> quality.Row:
    return quality.row(world.study, one.pk, user=world.user(key))


@pytest.mark.parametrize("key", [*WITH_DISTRIBUTION, *AT_SITE])
def test_everybody_who_sees_the_scan_is_told_what_stands_out(
    world: World, bad: ScanQuality, key: str
):
    (flag,) = row_of(world, key, bad).flags
    assert flag.words == (
        "Signal to noise, in the brain is lower than in comparable scans of the study"
    )
    for name, args in (("study_quality", ()), ("scan_quality", (bad.pk,))):
        assert "Signal to noise, in the brain" in page(world, key, name, *args).content.decode()


@pytest.mark.parametrize("key", WITH_DISTRIBUTION)
def test_roles_without_site_limits_see_where_the_others_lie(
    world: World, bad: ScanQuality, key: str
):
    assert row_of(world, key, bad).flags[0].distribution is not None
    answer = page(world, key, "quality_chart", "snr_brain")
    values = [y for trace in answer.json()["data"] for y in trace["y"]]
    assert 5.0 in values
    assert len(values) == FEWEST_SCANS + 1 + 1  # and the median
    assert "Median of the study" in page(world, key, "scan_quality", bad.pk).content.decode()


@pytest.mark.parametrize("key", AT_SITE)
def test_a_site_is_given_no_value_of_another_and_no_distribution(
    world: World, bad: ScanQuality, key: str
):
    assert all(value.distribution is None for value in row_of(world, key, bad).values)
    assert page(world, key, "quality_chart", "snr_brain").status_code == 403
    for name, args in (("study_quality", ()), ("scan_quality", (bad.pk,))):
        content = page(world, key, name, *args).content.decode()
        assert "Median of the study" not in content
        assert "data-chart-url" not in content
        assert world.patient_b.subject_code not in content
    assert "1 measured scan" in page(world, key).content.decode()


def test_few_scans_flag_nothing(world: World):
    make_many(world.patient_b, FEWEST_SCANS - 2)
    assert row_of(world, "data_manager", make_quality(world.patient_a, snr_brain=5.0)).flags == []


def test_another_sequence_is_another_group(world: World):
    make_many(world.patient_b, FEWEST_SCANS)
    other = make_quality(world.patient_a, sequence="T2w", snr_brain=5.0)
    assert row_of(world, "data_manager", other).flags == []


def test_a_scan_that_is_better_than_others_is_not_flagged(world: World):
    make_many(world.patient_b, FEWEST_SCANS)
    assert row_of(world, "data_manager", make_quality(world.patient_a, snr_brain=90.0)).flags == []


def test_what_could_not_be_measured_is_neither_zero_nor_a_flag(world: World):
    make_many(world.patient_b, FEWEST_SCANS)
    cleared = make_quality(world.patient_a, snr_air="the background of the image was set to zero")
    row = row_of(world, "data_manager", cleared)
    assert row.flags == []
    assert row.by_key["snr_air"].value is None
    content = page(world, "coordinator", "scan_quality", cleared.pk).content.decode()
    assert "Could not be measured, because the background of the image was set to zero" in content


def test_what_stands_out_comes_first_and_the_worst_of_a_metric_too(world: World, bad: ScanQuality):
    found = quality.rows(world.study, user=world.user("data_manager"))
    assert quality.ordered(found, "flags")[0].quality == bad
    assert quality.ordered(found, "snr_brain")[0].quality == bad
    unmeasured = make_quality(world.patient_a, 3, ghosting_percent="too little air")
    worst = make_quality(world.patient_a, 4, ghosting_percent=9.0)
    found = quality.rows(world.study, user=world.user("data_manager"))
    by_ghosts = quality.ordered(found, "ghosting_percent")
    assert by_ghosts[0].quality == worst
    assert by_ghosts[-1].quality == unmeasured


def test_the_page_of_a_patient_shows_its_scans_with_their_flags(world: World, bad: ScanQuality):
    for key in ("coordinator", "data_manager"):
        content = page(world, key, "patient", world.patient_a.pk).content.decode()
        assert "is lower than in comparable scans" in content
        assert reverse("scan_quality", args=[STUDY, bad.pk]) in content


def test_without_a_measured_scan_the_page_says_so(world: World):
    content = page(world, "coordinator").content.decode()
    assert "No scan has been measured yet." in content


def test_a_picture_is_for_who_may_see_images(world: World, bad: ScanQuality):
    draw(bad)
    expected = {"coordinator": 200, "auditor": 200, "sponsor": 200, "coordinator_b": 404}
    expected |= dict.fromkeys(("monitor", "statistician"), 403)
    for key, status in expected.items():
        assert page(world, key, "quality_picture", bad.pk).status_code == status, key
    assert "picture.png" in page(world, "coordinator", "scan_quality", bad.pk).content.decode()
    assert "picture.png" not in page(world, "monitor", "scan_quality", bad.pk).content.decode()


def test_no_picture_is_shown_once_the_consent_for_images_has_ended(world: World, bad: ScanQuality):
    draw(bad)
    case = ReadAssignment.objects.create(
        visit=bad.scan.visit,
        reader=world.user("reader"),
        role=ReadRole.FIRST,
        reading_id=new_reading_id(),
    )
    participation.record_step(
        patient=world.patient_a, step="IMAGES_WITHDRAWN", happened_on=world.visit_a.date, by=None
    )
    assert page(world, "data_manager", "quality_picture", bad.pk).status_code == 404
    assert page(world, "reader", "read_picture", case.pk, 1).status_code == 404
    for key, name, of in (
        ("data_manager", "scan_quality", bad.pk),
        ("reader", "read_pictures", case.pk),
    ):
        shown = page(world, key, name, of).content.decode()
        assert "The consent for images has ended" in shown, name
        assert ".png" not in shown, name


def test_a_scan_is_set_aside_where_its_picture_is_and_the_page_says_so(
    world: World, bad: ScanQuality
):
    url = reverse("scan_set_aside", args=[bad.scan_id])
    assert url in page(world, "coordinator", "scan_quality", bad.pk).content.decode()
    assert url not in page(world, "auditor", "scan_quality", bad.pk).content.decode()
    by = world.user("coordinator")
    scan = Scan.objects.select_related("visit__patient__study").get(pk=bad.scan_id)
    with acting(user=by, origin="web"):
        row = setting_aside.set_aside(scan=scan, cause="ARTEFACT", reason="Braces", by=by)
    text = page(world, "coordinator", "scan_quality", bad.pk).content.decode()
    assert "is set aside: artefact." in text
    assert reverse("scan_take_back", args=[row.pk]) in text


@pytest.mark.django_db(transaction=True)
def test_the_export_has_a_column_and_a_reason_for_each_metric(world: World, bad: ScanQuality):
    make_quality(world.patient_a, 3, efc="the image is empty")
    answer = page(world, "data_manager", "export_file", "image_quality")
    content = b"".join(answer.streaming_content).decode()
    rows = list(csv.DictReader(io.StringIO(content)))
    assert len(rows) == FEWEST_SCANS + 2
    for metric in METRICS:
        assert {metric.key, f"{metric.key}_reason"} <= set(rows[0])
    noisy = next(row for row in rows if row["snr_brain"] == "5")
    assert noisy["snr_brain_reason"] == ""
    empty = next(row for row in rows if row["efc"] == "")
    assert empty["efc_reason"] == "the image is empty"


def test_the_chart_of_an_unknown_metric_is_none(world: World):
    assert page(world, "data_manager", "quality_chart", "nothing").status_code == 404


def test_names_in_the_chart_are_escaped(world: World, bad: ScanQuality):
    bad.scan.visit.name = "<b>M0</b>"
    bad.scan.visit.save()
    answer = page(world, "data_manager", "quality_chart", "snr_brain")
    assert "<b>" not in json.dumps(answer.json())


def test_a_reader_sees_the_picture_and_flags_of_the_own_case_and_no_value(
    world: World, bad: ScanQuality
):
    case = ReadAssignment.objects.create(
        visit=bad.scan.visit,
        reader=world.user("reader"),
        role=ReadRole.FIRST,
        reading_id=new_reading_id(),
    )
    draw(bad)
    content = page(world, "reader", "read_pictures", case.pk).content.decode()
    assert "Signal to noise, in the brain is lower than" in content
    for hidden in ("A-001", str(bad.pk), str(bad.scan_id), "1300", "Median of"):
        assert hidden not in content
    assert page(world, "reader", "read_picture", case.pk, 1).content == b"\x89PNG"
    assert page(world, "reader", "read_picture", case.pk, 2).status_code == 404
    assert page(world, "adjudicator", "read_picture", case.pk, 1).status_code == 404


@pytest.fixture
def case(world: World, bad: ScanQuality) -> ReadAssignment:
    """The reader's case whose image is one of the demonstration, of which no picture is drawn."""
    ScanQuality.objects.filter(pk=bad.pk).update(origin=Origin.DEMO)
    return ReadAssignment.objects.create(
        visit=bad.scan.visit,
        reader=world.user("reader"),
        role=ReadRole.FIRST,
        reading_id=new_reading_id(),
    )


def pictures(world: World, case: ReadAssignment, **query: Any) -> str:
    text: str = page(world, "reader", "read_pictures", case.pk, **query).content.decode()
    return text


def test_who_opens_a_case_has_its_picture_drawn_and_is_told_so(world: World, bad, case):
    text = pictures(world, case)
    assert "The picture is being drawn" in text
    assert "?waits=1" in text
    assert '<details class="act" open>' in text
    assert "Nothing stands out" not in text
    bad.refresh_from_db()
    assert bad.state == JobState.QUEUED
    ScanQuality.objects.filter(pk=bad.pk).update(state=JobState.SUCCEEDED)
    draw(bad)
    text = pictures(world, case, waits="1")
    assert reverse("read_picture", args=[STUDY, case.pk, 1]) in text
    assert "?waits=1" not in text


def test_who_waits_for_a_picture_that_shows_no_brain_is_told_why_and_it_is_not_drawn_for_ever(
    world: World, bad, case
):
    text = pictures(world, case, waits="1")
    assert "the brain was not found" in text
    assert "?waits=1" not in text
    bad.refresh_from_db()
    assert bad.state == JobState.SUCCEEDED


def test_an_image_that_was_never_measured_is_measured_for_who_looks(world: World, bad, case):
    scan = make_scan(bad.scan.visit, "T2w", origin=Origin.DEMO, source_format="phantom")
    assert "The picture is being drawn" in pictures(world, case)
    assert ScanQuality.objects.get(scan=scan).state == JobState.QUEUED


def test_the_picture_of_a_trial_is_not_drawn_again_for_who_looks(world: World, bad, case):
    ScanQuality.objects.filter(pk=bad.pk).update(origin=Origin.CLINICAL)
    assert "the brain was not found" in pictures(world, case)
    bad.refresh_from_db()
    assert bad.state == JobState.SUCCEEDED


def test_nothing_is_drawn_once_the_consent_for_images_has_ended(world: World, bad, case):
    participation.record_step(
        patient=world.patient_a, step="IMAGES_WITHDRAWN", happened_on=world.visit_a.date, by=None
    )
    text = pictures(world, case)
    assert "The consent for images has ended" in text
    assert "being drawn" not in text
    bad.refresh_from_db()
    assert bad.state == JobState.SUCCEEDED


def test_of_a_locked_case_it_is_said_that_no_picture_is_drawn(world: World, bad, case):
    freeze(world, bad.scan.visit)
    assert "it was never drawn, and the case is frozen or locked" in pictures(world, case)


def test_a_case_without_an_image_and_one_that_could_not_be_measured_say_so(world: World, bad, case):
    ScanQuality.objects.filter(pk=bad.pk).update(
        state=JobState.REJECTED, failure_code="HASH_MISMATCH", message="The file of A-001"
    )
    text = pictures(world, case)
    assert "could not be measured. Ask the data manager." in text
    assert "A-001" not in text
    Scan.objects.filter(pk=bad.scan_id).update(state=ScanState.VOIDED)
    assert "no image of this case is in use" in pictures(world, case)


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.REJECTED])
def test_what_was_not_measured_is_named_and_never_said_to_be_in_order(world: World, state):
    row = make_quality(world.patient_a)
    ScanQuality.objects.filter(pk=row.pk).update(
        state=state, failure_code="HASH_MISMATCH", message="The file has changed."
    )
    listed = page(world, "coordinator").content.decode()
    assert "The file has changed." in listed
    assert reverse("scan_quality", args=[STUDY, row.pk]) in listed
    assert "The file has changed." not in page(world, "coordinator_b").content.decode()
    own = page(world, "coordinator", "scan_quality", row.pk).content.decode()
    assert "The file has changed." in own
    assert "Nothing stands out" not in own
    assert "24.0" not in own


def test_an_image_that_waits_to_be_measured_has_no_value_of_an_earlier_attempt(world: World):
    row = make_quality(world.patient_a)
    ScanQuality.objects.filter(pk=row.pk).update(state=JobState.QUEUED, mosaic_sha256="a" * 64)
    own = page(world, "coordinator", "scan_quality", row.pk).content.decode()
    assert "waits to be measured" in own
    assert "Nothing stands out" not in own
    assert reverse("quality_picture", args=[STUDY, row.pk]) not in own
