"""Jobs: claimed once, held by a token, taken back after a lease."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from segmentation.models import JobState, SegmentationRun
from segmentation.services import jobs, models, runs
from tests.support.images import write_visit
from tests.support.intake import take_in_visit
from tests.support.world import World


@pytest.fixture
def run(world: World, tmp_path: Path) -> SegmentationRun:
    """A waiting run of site A."""
    models.activate(model=models.register_threshold(), reason="test")
    take_in_visit(world.visit_a, write_visit(tmp_path, seed=1))
    queued = runs.queue_run(visit=world.visit_a)
    assert queued is not None
    return queued


def expire(run: SegmentationRun) -> None:
    past = timezone.now() - timedelta(seconds=1)
    SegmentationRun.objects.filter(pk=run.pk).update(lease_until=past)


def test_a_run_is_claimed_once(run: SegmentationRun):
    first = jobs.claim_next(SegmentationRun, worker="one")
    assert first is not None
    assert first.attempt == 1
    assert jobs.claim_next(SegmentationRun, worker="two") is None


def test_the_same_images_make_one_run(run: SegmentationRun):
    again = runs.queue_run(visit=run.visit)
    assert again is not None
    assert again.pk == run.pk


def test_a_second_delivery_is_harmless(run: SegmentationRun):
    assert runs.execute_next(worker="test") is not None
    assert runs.execute_next(worker="test") is None
    assert SegmentationRun.objects.get(pk=run.pk).state == JobState.SUCCEEDED


def test_a_worker_without_its_lease_writes_nothing(run: SegmentationRun):
    stale = jobs.claim_next(SegmentationRun, worker="paused")
    assert stale is not None
    expire(run)
    assert jobs.take_back_lost(SegmentationRun) == 1
    fresh = jobs.claim_next(SegmentationRun, worker="next")
    assert fresh is not None
    with pytest.raises(jobs.LeaseLostError), transaction.atomic():
        jobs.succeed(stale)
    jobs.end_badly(stale, state=JobState.FAILED, code="UNEXPECTED", message="late")
    fresh.refresh_from_db()
    assert fresh.state == JobState.RUNNING


def test_a_lost_run_fails_after_its_last_attempt(run: SegmentationRun, settings):
    for _ in range(settings.JOB_MAX_ATTEMPTS):
        assert jobs.claim_next(SegmentationRun, worker="doomed") is not None
        expire(run)
        jobs.take_back_lost(SegmentationRun)
    run.refresh_from_db()
    assert (run.state, run.failure_code) == (JobState.FAILED, jobs.WORKER_LOST)


def test_a_planned_stop_does_not_count_as_an_attempt(run: SegmentationRun):
    claimed = jobs.claim_next(SegmentationRun, worker="stopping")
    assert claimed is not None
    jobs.hand_back(claimed)
    run.refresh_from_db()
    assert (run.state, run.attempt) == (JobState.QUEUED, 0)


def test_many_runs_of_one_site_do_not_delay_the_first_of_another(world: World):
    turns = {world.site_a: [], world.site_b: []}
    model = models.register_threshold()
    for index in range(6):
        site = world.site_a if index < 5 else world.site_b
        visit = world.visit_a if site == world.site_a else world.visit_b
        turn = jobs.next_turn(SegmentationRun, site)
        turns[site].append(turn)
        _bare_run(visit, site, model, turn, index)
    assert turns[world.site_a] == [0, 1, 2, 3, 4]
    assert turns[world.site_b][0] == 0


def test_what_was_cancelled_before_its_turn_puts_no_other_site_back(world: World):
    model = models.register_threshold()
    for index in range(5):
        turn = jobs.next_turn(SegmentationRun, world.site_a)
        _bare_run(world.visit_a, world.site_a, model, turn, index)
    for run in SegmentationRun.objects.filter(turn__gt=0):
        jobs.cancel(run, message="test")
    assert jobs.next_turn(SegmentationRun, world.site_b) == 0
    jobs.claim_next(SegmentationRun, worker="test")
    SegmentationRun.objects.update(turn=7)
    assert jobs.next_turn(SegmentationRun, world.site_b) == 7


def test_what_was_cancelled_before_its_turn_costs_its_own_site_no_turn(world: World):
    model = models.register_threshold()
    for index in range(20):
        turn = jobs.next_turn(SegmentationRun, world.site_a)
        _bare_run(world.visit_a, world.site_a, model, turn, index)
    jobs.claim_next(SegmentationRun, worker="test")
    jobs.cancel_all(SegmentationRun.objects.all(), message="test")
    asked = [(world.visit_b, world.site_b)] * 5 + [(world.visit_a, world.site_a)]
    for index, (visit, site) in enumerate(asked, start=100):
        _bare_run(visit, site, model, jobs.next_turn(SegmentationRun, site), index)
    waiting = jobs.waiting(SegmentationRun).values_list("site__code", flat=True)
    a, b = world.site_a.code, world.site_b.code
    assert list(waiting) == [b, b, a, b, b, b]


def test_what_is_tried_again_waits_behind_another_sites_first_as_what_is_new(world: World):
    model = models.register_threshold()
    for index in range(4):
        _bare_run(world.visit_a, world.site_a, model, index, index)
    SegmentationRun.objects.update(
        state=JobState.FAILED, failure_code="test", claimed_at=timezone.now()
    )
    SegmentationRun.objects.filter(turn=3).update(turn=50)  # far ahead of the others by now
    for run in SegmentationRun.objects.order_by("turn"):
        assert jobs.retry(run)
    _bare_run(world.visit_b, world.site_b, model, jobs.next_turn(SegmentationRun, world.site_b), 9)
    first_two = SegmentationRun.objects.order_by(*jobs.ORDER).values_list("site", flat=True)[:2]
    assert world.site_b.pk in first_two


def _bare_run(visit, site, model, turn, index):
    from tests.support.intake import bare_scan

    scan = bare_scan(visit, index)
    SegmentationRun.objects.create(
        site=site,
        visit=visit,
        t1w_scan=scan,
        model_version=model,
        parameters_sha256="0" * 64,
        input_sha256=f"{index:064x}",
        turn=turn,
    )


def test_a_running_row_must_have_a_token(run: SegmentationRun):
    with pytest.raises(IntegrityError), transaction.atomic():
        SegmentationRun.objects.filter(pk=run.pk).update(state=JobState.RUNNING)


def test_a_failure_must_have_a_code(run: SegmentationRun):
    with pytest.raises(IntegrityError), transaction.atomic():
        SegmentationRun.objects.filter(pk=run.pk).update(state=JobState.FAILED)
