"""Faults that pass put a job off and are tried again; a job that hangs or is cancelled ends."""

import errno
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import OperationalError
from django.utils import timezone

from segmentation.models import (
    ImageExport,
    JobState,
    Method,
    Priority,
    ReleaseState,
    SegmentationResult,
    SegmentationRun,
)
from segmentation.selectors.progress import place_of, seconds_left, time_left, waiting_before
from segmentation.selectors.segmentations import worth_another_try
from segmentation.services import (
    batches,
    faults,
    heartbeat,
    jobs,
    models,
    run_requests,
    runs,
    store,
    upkeep,
)
from tests.support.images import write_visit
from tests.support.intake import bare_scan, take_in_visit
from tests.support.loads import make_model
from tests.support.locking import freeze
from tests.support.world import World, build_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(world: World, tmp_path: Path) -> SegmentationRun:
    return queued(world, tmp_path)


def queued(world: World, tmp_path: Path) -> SegmentationRun:
    models.activate(model=models.register_threshold(), reason="test")
    take_in_visit(world.visit_a, write_visit(tmp_path, seed=1))
    found = runs.queue_run(visit=world.visit_a)
    assert found is not None
    return found


def attempt(error: Exception) -> SegmentationRun | None:
    def work(_job: SegmentationRun, _beat: jobs.Heartbeat) -> None:
        raise error

    return jobs.execute_next(SegmentationRun, work, worker="test")


def let_time_pass(run: SegmentationRun) -> None:
    past = timezone.now() - timedelta(seconds=1)
    SegmentationRun.objects.filter(pk=run.pk).update(not_before=past)


@pytest.mark.parametrize(
    ("error", "code", "passes"),
    [
        (MemoryError(), "OUT_OF_MEMORY", True),
        (RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), "OUT_OF_MEMORY", True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "OUT_OF_MEMORY", True),
        (RuntimeError("CUDA error: an illegal memory access was encountered"), "DEVICE", True),
        (RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"), "DEVICE", True),
        (RuntimeError("CUDA error: out of memory"), "OUT_OF_MEMORY", True),
        (OSError(errno.ENOSPC, "No space left on device"), "NO_ROOM", True),
        (OperationalError("server closed the connection"), "NOT_REACHED", True),
        (ConnectionResetError(), "NOT_REACHED", True),
        (faults.HeldElsewhereError("in use"), "HELD_ELSEWHERE", True),
        (RuntimeError("killed by your OS due to running out of RAM."), "OUT_OF_MEMORY", True),
        (FileNotFoundError(errno.ENOENT, "gone"), "UNEXPECTED", False),
        (RuntimeError("size mismatch"), "UNEXPECTED", False),
        (ValueError("Doe^Jane"), "UNEXPECTED", False),
    ],
)
def test_only_what_may_pass_is_tried_again(error: Exception, code: str, passes: bool):
    found = faults.fault_of(error)
    assert (found.code, found.passes) == (code, passes)
    assert found.message.endswith(".")
    assert "Doe" not in found.message


def test_a_fault_that_passes_puts_the_run_off_longer_each_time(run: SegmentationRun, settings):
    pauses = []
    for number in range(1, settings.JOB_MAX_ATTEMPTS):
        ended = attempt(MemoryError())
        assert ended is not None
        assert (ended.state, ended.attempt) == (JobState.QUEUED, number)
        assert "tried again by itself" in ended.message
        assert jobs.claim_next(SegmentationRun, worker="early") is None
        pauses.append((ended.not_before - timezone.now()).total_seconds())
        let_time_pass(run)
    assert pauses == pytest.approx([30, 120][: len(pauses)], abs=5)
    last = attempt(MemoryError())
    assert last is not None
    assert (last.state, last.failure_code) == (JobState.FAILED, "OUT_OF_MEMORY")


def test_a_run_that_was_put_off_still_makes_its_number(run: SegmentationRun):
    attempt(MemoryError())
    let_time_pass(run)
    again = runs.execute_next(worker="test")
    assert again is not None
    assert (again.state, again.message) == (JobState.SUCCEEDED, "")


@pytest.mark.parametrize(
    ("error", "ends"),
    [
        (RuntimeError("CUDA error: device-side assert triggered"), True),
        (RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), False),
        (ValueError("size mismatch"), False),
    ],
)
def test_a_gpu_that_failed_puts_the_run_off_and_ends_its_process_alone(
    run: SegmentationRun, monkeypatch: pytest.MonkeyPatch, error: Exception, ends: bool
):
    ended: list[str] = []

    def end_process() -> None:
        run.refresh_from_db()
        ended.append(run.state)

    monkeypatch.setattr(heartbeat, "end_process", end_process)
    attempt(error)
    # The row is written before the process is gone.
    assert ended == [JobState.QUEUED] * ends


def test_an_unknown_fault_ends_the_run_at_once(run: SegmentationRun):
    ended = attempt(ValueError("Doe^Jane"))
    assert ended is not None
    assert (ended.state, ended.failure_code, ended.attempt) == (JobState.FAILED, "UNEXPECTED", 1)
    assert "Doe" not in ended.message


def test_nobody_is_rung_for_what_is_put_off(run: SegmentationRun, settings):
    settings.JOB_RING_AGAIN_SECONDS = 0
    attempt(MemoryError())
    assert jobs.due_for_ringing(SegmentationRun) == 0
    let_time_pass(run)
    assert jobs.due_for_ringing(SegmentationRun) == 1


def test_a_cancelled_run_is_not_done_and_can_be_asked_for_again(world: World, run: SegmentationRun):
    run_requests.cancel_run(run=run, by=world.user("coordinator"))
    run.refresh_from_db()
    assert (run.state, run.failure_code) == (JobState.CANCELLED, "CANCELLED")
    assert runs.execute_next(worker="test") is None
    assert run.is_worth_another_try
    run_requests.retry_run(run=run, by=world.user("coordinator"))
    assert runs.execute_next(worker="test").state == JobState.SUCCEEDED  # type: ignore[union-attr]


def test_a_run_that_is_cancelled_under_way_writes_nothing(world: World, run: SegmentationRun):
    def work(job: SegmentationRun, beat: jobs.Heartbeat) -> None:
        run_requests.cancel_run(run=job, by=world.user("data_manager"))
        beat.progress(0.5, "tile 1 of 2")
        raise AssertionError("the work went on")

    ended = jobs.execute_next(SegmentationRun, work, worker="test")
    assert ended is not None
    assert ended.state == JobState.CANCELLED
    assert not SegmentationResult.objects.exists()


def test_what_has_finished_is_not_cancelled(world: World, run: SegmentationRun):
    runs.execute_next(worker="test")
    with pytest.raises(ValidationError, match="finished already"):
        run_requests.cancel_run(run=run, by=world.user("data_manager"))


@pytest.mark.parametrize("who", ["coordinator_b", "sponsor", "auditor", "reader"])
def test_who_may_not_cancels_nothing(world: World, run: SegmentationRun, who: str):
    with pytest.raises(PermissionDenied):
        run_requests.cancel_run(run=run, by=world.user(who))


def test_the_order_of_a_frozen_visit_stays(world: World, run: SegmentationRun):
    freeze(world, world.visit_a)
    with pytest.raises(ValidationError):
        run_requests.cancel_run(run=run, by=world.user("data_manager"))


def three_waiting(world: World) -> list[SegmentationRun]:
    model = models.register_threshold()
    found = []
    for index, priority in enumerate([Priority.BATCH, Priority.NORMAL, Priority.NORMAL]):
        found.append(
            SegmentationRun.objects.create(
                site=world.site_a,
                visit=world.visit_a,
                t1w_scan=bare_scan(world.visit_a, index),
                model_version=model,
                parameters_sha256="0" * 64,
                input_sha256=f"{index:064x}",
                turn=index,
                priority=priority,
            )
        )
    return found


def test_the_background_waits_and_what_is_put_first_goes_first(world: World):
    background, first, second = three_waiting(world)
    assert [waiting_before(one) for one in (background, first, second)] == [2, 0, 1]
    run_requests.put_first(run=second, by=world.user("data_manager"))
    taken = [jobs.claim_next(SegmentationRun, worker="test").pk for _ in range(3)]  # type: ignore[union-attr]
    assert taken == [second.pk, first.pk, background.pk]


def test_what_is_put_first_has_its_turn_among_what_was_put_first(world: World):
    _background, first, second = three_waiting(world)
    SegmentationRun.objects.filter(pk=second.pk).update(turn=500)
    run_requests.put_first(run=second, by=world.user("data_manager"))
    second.refresh_from_db()
    assert (second.priority, second.turn) == (Priority.URGENT, 0)
    run_requests.put_first(run=second, by=world.user("data_manager"))
    second.refresh_from_db()
    assert second.turn == 0, "asked for twice, it is not behind itself"
    run_requests.put_first(run=first, by=world.user("data_manager"))
    first.refresh_from_db()
    assert first.turn == 1


def test_a_cohort_that_waits_costs_a_site_no_turn(world: World):
    three_waiting(world)
    SegmentationRun.objects.update(priority=Priority.BATCH)
    assert jobs.next_turn(SegmentationRun, world.site_a) == 0


def test_a_run_of_a_frozen_visit_is_not_put_first(world: World, run: SegmentationRun):
    freeze(world, world.visit_a)
    with pytest.raises(ValidationError):
        run_requests.put_first(run=run, by=world.user("data_manager"))


def test_an_order_of_images_has_no_limit_in_all_but_one_without_progress(settings: Any):
    settings.JOB_TIME_LIMIT_SECONDS, settings.JOB_STALL_SECONDS = -1, 60

    def nothing(_job: Any) -> None:
        """Give nothing up: only whether it would be is asked."""

    assert not heartbeat.Heartbeat(ImageExport(), give_up=nothing)._is_overdue()
    assert heartbeat.Heartbeat(SegmentationRun(), give_up=nothing)._is_overdue()
    settings.JOB_STALL_SECONDS = -1
    assert heartbeat.Heartbeat(ImageExport(), give_up=nothing)._is_overdue()


def test_only_the_data_manager_puts_first(world: World, run: SegmentationRun):
    with pytest.raises(PermissionDenied):
        run_requests.put_first(run=run, by=world.user("coordinator"))


def test_the_time_left_follows_from_the_pace_so_far():
    now = timezone.now()
    job: Any = SegmentationRun(
        state=JobState.RUNNING,
        progress=0.25,
        progress_at=now,
        claimed_at=now - timedelta(minutes=1),
    )
    assert seconds_left(job) == pytest.approx(180, abs=2)
    job.progress = 0.05
    assert seconds_left(job) is None
    job.state, job.not_before = JobState.QUEUED, now + timedelta(minutes=1)
    assert place_of(job) == "tried again in a moment"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ""), (0, "less than a minute left"), (49, "less than a minute left"),
        (50, "about 1 min left"), (170, "about 3 min left"), (5300, "about 88 min left"),
        (7300, "about 2 h left"),
    ],
)  # fmt: skip
def test_the_time_left_promises_no_more_than_is_known(seconds: float | None, words: str):
    assert time_left(seconds) == words


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("limit", ["JOB_STALL_SECONDS", "JOB_TIME_LIMIT_SECONDS"])
def test_a_run_that_does_not_come_on_is_given_up_and_its_process_ended(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch, limit: str
):
    run = queued(build_world(), tmp_path)
    settings.JOB_HEARTBEAT_SECONDS = 0.02
    setattr(settings, limit, 0.1)
    ended: list[str] = []
    monkeypatch.setattr(heartbeat, "end_process", lambda: ended.append("ended"))

    def work(_job: SegmentationRun, beat: jobs.Heartbeat) -> None:
        for step in range(100):
            if limit == "JOB_TIME_LIMIT_SECONDS":
                beat.progress(step / 100, "so busy")
            beat.check()
            time.sleep(0.02)
        raise AssertionError("nobody gave it up")

    jobs.execute_next(SegmentationRun, work, worker="test")
    run.refresh_from_db()
    assert ended == ["ended"]
    assert run.state == JobState.QUEUED
    assert run.not_before is not None
    assert "did not come on" in run.message


@pytest.mark.django_db(transaction=True)
def test_a_run_that_hangs_and_was_cancelled_still_ends_its_process(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
):
    world = build_world()
    queued(world, tmp_path)
    settings.JOB_HEARTBEAT_SECONDS, settings.JOB_STALL_SECONDS = 0.02, 0.3
    ended: list[str] = []
    monkeypatch.setattr(heartbeat, "end_process", lambda: ended.append("ended"))

    def hangs(job: SegmentationRun, _beat: jobs.Heartbeat) -> None:
        run_requests.cancel_run(run=job, by=world.user("data_manager"))
        limit = time.monotonic() + 10
        while not ended and time.monotonic() < limit:
            time.sleep(0.02)

    done = jobs.execute_next(SegmentationRun, hangs, worker="test")
    assert ended == ["ended"]
    assert done is not None
    assert done.state == JobState.CANCELLED


def image_of(run: SegmentationRun) -> Path:
    return store.image_path(run.t1w_scan.image_sha256)


def test_an_image_that_is_away_for_a_moment_puts_the_run_off(run: SegmentationRun):
    away = image_of(run).rename(image_of(run).with_suffix(".away"))
    ended = runs.execute_next(worker="test")
    assert ended is not None
    assert ended.state == JobState.QUEUED
    assert "A stored file was not found." in ended.message
    away.rename(image_of(run))
    let_time_pass(run)
    again = runs.execute_next(worker="test")
    assert again is not None
    assert (again.state, again.message) == (JobState.SUCCEEDED, "")


def test_an_image_that_comes_back_late_is_segmented_by_the_sweep(run: SegmentationRun, settings):
    settings.JOB_MAX_ATTEMPTS = 1
    away = image_of(run).rename(image_of(run).with_suffix(".away"))
    ended = runs.execute_next(worker="test")
    assert ended is not None
    assert (ended.state, ended.failure_code) == (JobState.FAILED, "FILE_MISSING")
    assert "backup" in ended.message
    SegmentationRun.objects.filter(pk=run.pk).update(told_at=timezone.now())
    assert upkeep.queue_missing_runs() == 0
    away.rename(image_of(run))
    assert (upkeep.queue_missing_runs(), upkeep.queue_missing_runs()) == (1, 0)
    again = runs.execute_next(worker="test")
    assert again is not None
    # Should it end badly once more, people are told once more.
    assert (again.state, again.told_at) == (JobState.SUCCEEDED, None)


@pytest.mark.parametrize("way", ["button", "all", "order"])
def test_an_image_that_had_changed_can_be_tried_again(world: World, run: SegmentationRun, way: str):
    content = image_of(run).read_bytes()
    image_of(run).write_bytes(content[:-1])
    ended = runs.execute_next(worker="test")
    assert ended is not None
    assert (ended.state, ended.failure_code) == (JobState.REJECTED, "HASH_MISMATCH")
    assert ended.is_worth_another_try
    # Nothing can be seen to have mended it: a person says so.
    assert upkeep.queue_missing_runs() == 0
    image_of(run).write_bytes(content)
    by = world.user("data_manager")
    if way == "button":
        run_requests.retry_run(run=ended, by=by)
    elif way == "all":
        assert batches.retry_failed(study=world.study, by=by) == 1
    else:
        batches.order(study=world.study, model=run.model_version, by=by)
        assert batches.prepare_next(worker="test").queued == 1  # type: ignore[union-attr]
    again = runs.execute_next(worker="test")
    assert again is not None
    assert again.state == JobState.SUCCEEDED


def test_what_a_retired_method_failed_at_is_given_to_the_active_one(
    world: World, run: SegmentationRun
):
    attempt(ValueError("a fault"))
    assert upkeep.queue_missing_runs() == 0
    active = make_model("new", method=Method.TEST, state=ReleaseState.CANDIDATE)
    models.activate(model=active, reason="test")
    # An order that was given before goes no further.
    assert runs.queue_run(visit=run.visit, model=run.model_version) is None
    asked = run_requests.retry_run(run=run, by=world.user("data_manager"))
    assert (asked.visit, asked.model_version, asked.state) == (
        run.visit, active, JobState.QUEUED,
    )  # fmt: skip
    run.refresh_from_db()
    assert run.state == JobState.FAILED
    # The failure of the past is none that a click on "try all again" would mend.
    found = SegmentationRun.objects.filter(pk=run.pk)
    assert not worth_another_try(found).exists()
    mine = SegmentationRun.objects.filter(pk=asked.pk)
    mine.update(state=JobState.FAILED, failure_code="UNEXPECTED")
    assert run_requests.retry_run(run=run, by=world.user("data_manager")).pk == asked.pk
    assert mine.get().state == JobState.QUEUED
    mine.update(state=JobState.SUCCEEDED)
    with pytest.raises(ValidationError, match="new 1 has segmented this visit"):
        run_requests.retry_run(run=run, by=world.user("data_manager"))


def test_the_sweep_gives_the_active_method_what_a_retired_one_failed_at(
    world: World, run: SegmentationRun
):
    attempt(ValueError("a fault"))
    active = make_model("new", method=Method.TEST, state=ReleaseState.CANDIDATE)
    models.activate(model=active, reason="test")
    assert (upkeep.queue_missing_runs(), upkeep.queue_missing_runs()) == (1, 0)
    assert SegmentationRun.objects.get(model_version=active).visit == run.visit
