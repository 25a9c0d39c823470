"""What waits for a scan that is set aside is not begun, and begins once the scan counts again."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mldtrial.audit.context import acting
from mldtrial.trial.models import Scan, Sequence
from segmentation.models import JobState, ModelVersion, ReleaseState, SegmentationRun
from segmentation.selectors.segmentations import worth_another_try
from segmentation.services import (
    batches,
    jobs,
    models,
    not_begun,
    run_requests,
    runs,
    telling,
    upkeep,
)
from tests.segmentation.services.test_setting_aside import REASON, repeat, set_aside, take_back
from tests.support.locking import freeze
from tests.support.shadows import candidate
from tests.support.world import World

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def model(world: World) -> ModelVersion:
    found = models.register_threshold()
    models.activate(model=found, reason="test")
    return found


@pytest.fixture
def t2w(world: World) -> Scan:
    return repeat(world.visit_a, Sequence.T2W, came_in=0)


@pytest.fixture
def only(world: World, t2w: Scan) -> Scan:
    return repeat(world.visit_a, came_in=0)


@pytest.fixture
def waiting(world: World, model: ModelVersion, only: Scan) -> SegmentationRun:
    run = runs.queue_run(visit=world.visit_a)
    assert run is not None
    return run


def state_of(run: SegmentationRun) -> tuple[str, str]:
    run.refresh_from_db()
    return run.state, run.failure_code


NOT_BEGUN = (JobState.CANCELLED, "SCAN_SET_ASIDE")


@pytest.mark.requirement("ICH-E6R3-4.2.4")
@pytest.mark.parametrize("which", ["only", "t2w"])
def test_what_waits_for_a_scan_is_not_begun_until_it_is_taken_back(
    world: World, waiting: SegmentationRun, which: str, request: Any
):
    row = set_aside(world, request.getfixturevalue(which))
    assert state_of(waiting) == NOT_BEGUN
    assert runs.execute_next(worker="test") is None
    assert upkeep.queue_missing_runs() == 0
    telling.tell_of_failures()
    assert mail.outbox == []
    events = SegmentationRun.pgh_event_model.objects.order_by("pgh_id")
    assert events.last().pgh_context["reason"] == REASON
    take_back(world, row)
    assert state_of(waiting) == (JobState.QUEUED, "")
    assert (waiting.message, waiting.finished_at) == ("", None)


def test_why_it_was_not_begun_is_one_click_away(world: World, waiting: SegmentationRun, only: Scan):
    set_aside(world, only)
    client = Client()
    client.force_login(world.user("data_manager"))
    run = reverse("run", args=["MLD-1", waiting.pk])
    listed = client.get(reverse("segmentations", args=["MLD-1"])).content.decode()
    assert run in listed
    assert "An image of this segmentation was set aside before it began." in listed
    page = client.get(run).content.decode()
    for words in ("T1w 3D is set aside: movement.", REASON, "Nothing was measured from it."):
        assert words in page
    assert "Segment again" not in page


def test_what_is_under_way_may_end_and_counts_nowhere(
    world: World, waiting: SegmentationRun, only: Scan
):
    assert jobs.claim_next(SegmentationRun, worker="test") == waiting
    set_aside(world, only)
    assert state_of(waiting) == (JobState.RUNNING, "")


@pytest.mark.parametrize("by_whom", ["a lost worker", "a planned stop", "a passing fault"])
def test_what_waits_again_is_not_begun_either(
    world: World, waiting: SegmentationRun, only: Scan, by_whom: str
):
    claimed = jobs.claim_next(SegmentationRun, worker="test")
    assert claimed is not None
    row = set_aside(world, only)
    if by_whom == "a lost worker":
        past = timezone.now() - timedelta(hours=1)
        SegmentationRun.objects.update(lease_until=past)
        assert jobs.take_back_lost(SegmentationRun) == 1
    elif by_whom == "a planned stop":
        jobs.hand_back(claimed)
    else:
        jobs.put_off(claimed, fault=jobs.fault_of(MemoryError()))
        SegmentationRun.objects.update(not_before=None)
    assert state_of(waiting) == (JobState.QUEUED, "")
    ended = runs.execute_next(worker="test")
    assert ended == waiting
    assert state_of(waiting) == NOT_BEGUN
    assert waiting.lease_token is None
    take_back(world, row)
    assert state_of(waiting) == (JobState.QUEUED, "")


def test_of_repeats_only_what_counts_begins_again(world: World, model: ModelVersion, only: Scan):
    better = repeat(world.visit_a, came_in=1)
    of_better = runs.queue_run(visit=world.visit_a)
    assert of_better is not None
    row = set_aside(world, better)
    of_only = SegmentationRun.objects.exclude(pk=of_better.pk).get()
    assert (state_of(of_better), state_of(of_only)) == (NOT_BEGUN, (JobState.QUEUED, ""))
    set_aside(world, only)
    assert state_of(of_only) == NOT_BEGUN
    take_back(world, row)
    assert (state_of(of_better), state_of(of_only)) == ((JobState.QUEUED, ""), NOT_BEGUN)


def test_what_counts_again_by_another_way_is_begun_by_the_sweep(
    world: World, waiting: SegmentationRun, only: Scan
):
    later = repeat(world.visit_a, came_in=1)
    row = set_aside(world, only)
    take_back(world, row)
    assert state_of(waiting) == NOT_BEGUN  # the later one comes first
    Scan.objects.filter(pk=later.pk).update(state="DISCARDED")
    assert upkeep.queue_missing_runs() == 1
    assert state_of(waiting) == (JobState.QUEUED, "")


def test_a_candidate_and_a_method_without_t2w_follow_too(world: World, only: Scan, t2w: Scan):
    other = candidate()
    ModelVersion.objects.filter(pk=other.pk).update(sequences=["T1w"])
    other.refresh_from_db()
    run = runs.queue_run(visit=world.visit_a, model=other)
    assert run is not None
    assert run.t2w_scan is None
    set_aside(world, t2w)
    assert state_of(run) == (JobState.QUEUED, "")
    row = set_aside(world, only)
    assert state_of(run) == NOT_BEGUN
    take_back(world, row)
    assert state_of(run) == (JobState.QUEUED, "")


def test_nothing_begins_again_by_a_retired_method_or_at_a_held_visit(
    world: World, waiting: SegmentationRun, only: Scan
):
    row = set_aside(world, only)
    type(row).objects.update(
        taken_back_at=timezone.now(), taken_back_by=world.user("coordinator"), taken_back_reason="x"
    )
    hold = freeze(world, world.visit_a)
    assert upkeep.queue_missing_runs() == 0
    assert hold is not None
    assert state_of(waiting) == NOT_BEGUN


def test_a_retired_method_begins_nothing(world: World, waiting: SegmentationRun, only: Scan):
    row = set_aside(world, only)
    ModelVersion.objects.update(state=ReleaseState.RETIRED)
    take_back(world, row)
    assert state_of(waiting) == NOT_BEGUN


def test_what_is_set_aside_is_not_segmented_again_by_a_click(
    world: World, waiting: SegmentationRun, only: Scan
):
    SegmentationRun.objects.update(
        state=JobState.FAILED, failure_code="OUT_OF_MEMORY", finished_at=timezone.now()
    )
    waiting.refresh_from_db()
    by = world.user("data_manager")
    assert worth_another_try(SegmentationRun.objects.all()).count() == 1
    set_aside(world, only)
    with pytest.raises(ValidationError, match="An image of this segmentation is set aside"):
        run_requests.retry_run(run=waiting, by=by)
    assert worth_another_try(SegmentationRun.objects.all()).count() == 0
    assert batches.retry_failed(study=world.study, by=by) == 0
    assert state_of(waiting) == (JobState.FAILED, "OUT_OF_MEMORY")


def beside(work: Callable[[], Any], meanwhile: Callable[[], Any]) -> tuple[bool, Any]:
    """Begin work in a thread beside an open transaction; returns whether it waited for its end."""

    def in_a_thread() -> Any:
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            meanwhile()
            working = threads.submit(in_a_thread)
            try:
                working.result(timeout=1)
                has_waited = False
            except TimeoutError:
                has_waited = True
        return has_waited, working.result(timeout=20)


def test_a_worker_begins_nothing_beside_a_decision_to_set_aside(
    world: World, waiting: SegmentationRun, only: Scan
):
    has_waited, claimed = beside(
        lambda: jobs.claim_next(SegmentationRun, worker="test"), lambda: set_aside(world, only)
    )
    assert (has_waited, claimed) == (False, None)
    assert state_of(waiting) == NOT_BEGUN


def test_a_decision_beside_a_claim_waits_and_leaves_the_run_to_its_worker(
    world: World, waiting: SegmentationRun, only: Scan
):
    has_waited, _ = beside(
        lambda: set_aside(world, only), lambda: jobs.claim_next(SegmentationRun, worker="test")
    )
    assert has_waited
    assert state_of(waiting) == (JobState.RUNNING, "")


def test_a_worker_that_is_about_to_cancel_waits_for_who_takes_the_scan_back(
    world: World, waiting: SegmentationRun, only: Scan
):
    claimed = jobs.claim_next(SegmentationRun, worker="test")
    assert claimed is not None
    row = set_aside(world, only)

    def begin() -> bool:
        with acting(origin="worker:test"):
            return not_begun.cancelled_before_it_began(claimed)

    has_waited, is_cancelled = beside(begin, lambda: take_back(world, row))
    assert (has_waited, is_cancelled) == (True, False)
    assert state_of(waiting) == (JobState.RUNNING, "")
