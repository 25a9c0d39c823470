"""What was measured of an image follows it when it is moved, or begins anew."""

from datetime import timedelta
from typing import Any

import pytest

from mldtrial.trial.models import Conflict, Scan, ScanState, Visit
from mldtrial.trial.services import participation
from segmentation.imaging.quality.metrics import METHOD_VERSION
from segmentation.models import JobState, Scanner, ScannerChange, ScanQuality
from segmentation.services import compliance, jobs, moving, placing, quality
from tests.support.loads import make_scan, make_visit
from tests.support.locking import freeze
from tests.support.world import World

pytestmark = pytest.mark.django_db

METRICS = {"efc": {"value": 0.5}}


def measured(scan: Scan, t1w_scan: Scan | None = None, **columns: Any) -> ScanQuality:
    """Return a measurement of a scan without a file."""
    found = {"state": JobState.SUCCEEDED, "metrics": METRICS, **columns}
    return ScanQuality.objects.create(
        scan=scan,
        t1w_scan=t1w_scan,
        site=scan.visit.patient.site,
        method_version=METHOD_VERSION,
        **found,
    )


@pytest.fixture
def pair(world: World) -> tuple[ScanQuality, ScanQuality]:
    """The measurements of a T1w and a T2w image of one visit at site A."""
    t1w, t2w = (make_scan(world.visit_a, name, days_from_visit=0) for name in ("T1w", "T2w"))
    return measured(t1w), measured(t2w, t1w)


def move(world: World, *scans: Scan, to: Visit) -> None:
    moving.move(scans=scans, to=to, reason="Wrong patient", by=world.user("data_manager"))


def test_measurements_go_with_their_images_to_another_site(world: World, pair):
    move(world, *(row.scan for row in pair), to=world.visit_b)
    for row in pair:
        row.refresh_from_db()
        assert (row.site, row.state, row.metrics) == (world.site_b, JobState.SUCCEEDED, METRICS)
    assert pair[1].t1w_scan == pair[0].scan


@pytest.mark.parametrize("moved", [0, 1], ids=["T1w", "T2w"])
def test_what_was_measured_with_a_t1w_image_of_another_visit_begins_anew(
    world: World, pair, moved: int
):
    move(world, pair[moved].scan, to=world.visit_b)
    t1w, t2w = ScanQuality.objects.order_by("scan__sequence")
    assert (t1w.state, t1w.metrics) == (JobState.SUCCEEDED, METRICS)
    assert (t2w.state, t2w.metrics, t2w.t1w_scan) == (JobState.QUEUED, {}, None)
    sites = [world.site_a, world.site_a]
    sites[moved] = world.site_b
    assert [t1w.site, t2w.site] == sites


def test_a_measurement_under_way_writes_nothing_after_the_move(world: World, pair):
    for row in pair:
        ScanQuality.objects.filter(pk=row.pk).update(state=JobState.QUEUED)
    running = jobs.claim_next(ScanQuality, worker="test")
    assert running is not None
    move(world, pair[0].scan, to=world.visit_b)
    with pytest.raises(jobs.LeaseLostError):
        jobs.succeed(running, metrics=METRICS)
    running.refresh_from_db()
    assert running.state == JobState.QUEUED


def repeat(world: World, *, conflicts: list[str], **header: Any) -> Scan:
    return make_scan(
        world.visit_a,
        state=ScanState.QUARANTINED,
        conflicts=conflicts,
        days_from_visit=20,
        scanner=header,
    )


def test_what_rests_on_a_t1w_image_that_was_replaced_begins_anew(world: World, pair):
    new = repeat(world, conflicts=[Conflict.DATE_FAR])
    placing.keep(
        scans=[new], replaces=[pair[0].scan], reason="Motion", by=world.user("coordinator")
    )
    for row in pair:
        row.refresh_from_db()
    assert (pair[0].state, pair[0].metrics) == (JobState.SUCCEEDED, METRICS)
    assert (pair[1].state, pair[1].metrics) == (JobState.QUEUED, {})


def test_a_repeat_on_another_scanner_ends_what_the_replaced_scan_had_shown(world: World):
    first = make_scan(world.visit_a, days_from_visit=0, scanner={"model": "Prisma", "device": "1"})
    compliance.look_at(world.visit_a)
    new = repeat(world, conflicts=[Conflict.DATE_FAR], model="Skyra", device="2")
    placing.keep(scans=[new], replaces=[first], reason="Motion", by=world.user("coordinator"))
    assert Scanner.objects.count() == 2
    (current,) = ScannerChange.objects.filter(is_current=True)
    assert (current.scan, current.scanner.model) == (new, "Skyra")


def test_a_measurement_refused_for_want_of_consent_is_queued_after_a_new_one(world: World, pair):
    step = {"patient": world.patient_a, "by": None}
    quality.measure_again(row=pair[0], by=world.user("coordinator"))
    day = world.visit_a.date
    participation.record_step(**step, step="IMAGES_WITHDRAWN", happened_on=day)
    refused = quality.execute_next(worker="test")
    assert refused is not None
    assert (refused.state, refused.failure_code) == (JobState.REJECTED, "CONSENT_WITHDRAWN")
    assert quality.queue_missing() == 0
    later = day + timedelta(days=3)
    participation.record_step(**step, step="IMAGE_CONSENT", happened_on=later)
    assert quality.queue_missing() == 1
    refused.refresh_from_db()
    assert refused.state == JobState.QUEUED


def test_a_scan_moved_to_an_open_visit_is_measured_for_the_site_it_came_to(world: World):
    row = measured(make_scan(world.visit_a, days_from_visit=0), state=JobState.QUEUED, metrics={})
    to = make_visit(world.patient_b, world.visit_b.date + timedelta(days=30))
    move(world, row.scan, to=to)
    row.refresh_from_db()
    assert (row.site, row.state) == (world.site_b, JobState.QUEUED)


def test_a_move_leaves_what_a_held_visit_measured_alone(world: World):
    t1w = make_scan(world.visit_b, "T1w", days_from_visit=0)
    # As an earlier move of the T1w image left it.
    row = measured(make_scan(world.visit_a, "T2w", days_from_visit=0), t1w)
    freeze(world, world.visit_a)
    move(world, t1w, to=make_visit(world.patient_b, world.visit_b.date + timedelta(days=30)))
    row.refresh_from_db()
    assert (row.state, row.metrics) == (JobState.SUCCEEDED, METRICS)
