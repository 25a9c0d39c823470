"""The page of a run leads on to what it was made from, and says no number where there is none."""

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from mldtrial.audit.context import acting
from segmentation.models import JobState, ScanQuality, SegmentationRun
from tests.support.loads import make_load, make_visit
from tests.support.quality import make_quality
from tests.support.world import World

pytestmark = pytest.mark.django_db
DAY = date(2023, 5, 10)


@pytest.fixture
def measured(world: World) -> ScanQuality:
    """The image of a run, of which the quality was measured."""
    return make_quality(world.patient_a)


@pytest.fixture
def run(world: World, measured: ScanQuality) -> SegmentationRun:
    with acting(user=world.user("data_manager"), origin="web"):
        return make_load(world.patient_a, DAY, 10.5, beside=SegmentationRun(t1w_scan=measured.scan))


def page(world: World, run: SegmentationRun, role: str = "auditor") -> str:
    client = Client()
    client.force_login(world.user(role))
    answer = client.get(reverse("run", args=[world.study.code, run.pk]))
    assert answer.status_code == 200
    text: str = answer.content.decode()
    return text


def test_the_checksum_of_an_image_can_be_read_to_its_end(world: World, run):
    assert f"<code>{run.t1w_scan.image_sha256}</code>" in page(world, run)


@pytest.mark.parametrize("role", ["auditor", "data_manager", "coordinator", "sponsor"])
def test_the_history_is_offered_to_those_alone_to_whom_it_opens(world: World, run, role):
    url = reverse("audit_record", args=[world.study.code, "segmentationrun", run.pk])
    client = Client()
    client.force_login(world.user(role))
    opens = client.get(url).status_code == 200
    assert opens == (role != "sponsor")
    assert (url in page(world, run, role)) == opens


def test_each_image_leads_to_its_quality(world: World, run, measured):
    url = reverse("scan_quality", args=[world.study.code, measured.pk])
    assert url in page(world, run)
    elsewhere = make_visit(world.patient_a, date(2024, 5, 10))
    type(measured.scan).objects.filter(pk=measured.scan_id).update(visit=elsewhere)
    assert url not in page(world, run)


@pytest.mark.parametrize(
    ("state", "heading"),
    [
        (JobState.SUCCEEDED, "How this number was made"),
        (JobState.REJECTED, "No number was made"),
        (JobState.FAILED, "No number was made"),
        (JobState.CANCELLED, "No number was made"),
        (JobState.QUEUED, "No number yet"),
    ],
)
def test_the_heading_speaks_of_a_number_only_where_one_was_made(
    world: World, run, measured, state, heading
):
    if state != JobState.SUCCEEDED:
        run = SegmentationRun.objects.create(
            visit=run.visit,
            site=run.site,
            state=state,
            failure_code="" if state == JobState.QUEUED else "NO_BRAIN_FOUND",
            message="" if state == JobState.QUEUED else "No brain was found.",
            t1w_scan=measured.scan,
            model_version=run.model_version,
            parameters_sha256="0" * 64,
            input_sha256="1" * 64,
        )
    assert f"<h1>{heading}</h1>" in page(world, run)
