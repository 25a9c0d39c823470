"""Workers die in the middle of runs: every run has a result, none two, nothing is left behind."""

import os
import signal
import time
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from segmentation.models import JobState, SegmentationResult, SegmentationRun
from segmentation.services import models, runs, store, upkeep
from tests.support.images import write_visit
from tests.support.intake import take_in_visit
from tests.support.loads import make_visit
from tests.support.workers import broker, end, start_worker
from tests.support.world import build_world

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]
SECONDS = 1.0


def queue_runs(tmp_path: Path, wanted: int) -> None:
    world = build_world()
    models.activate(model=models.register_threshold(), reason="test")
    visits = [
        make_visit(patient, world.visit_a.date + timedelta(days=30 * months))
        for months in range(1, 11)
        for patient in (world.patient_a, world.patient_b)
    ]
    for index, visit in enumerate(visits[:wanted]):
        (tmp_path / str(index)).mkdir()
        take_in_visit(visit, write_visit(tmp_path / str(index), seed=100 + index))
        assert runs.queue_run(visit=visit) is not None
    assert SegmentationRun.objects.count() == wanted


def has_moved_on(results_before: int) -> bool:
    running = SegmentationRun.objects.filter(state=JobState.RUNNING)
    return running.exists() or SegmentationResult.objects.count() > results_before


def wait_for(condition, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)


def ring() -> None:
    from segmentation import tasks

    tasks.ring_segmentation()


def forget_leases() -> None:
    """Let the clock pass: a lease of a dead worker has run out."""
    past = timezone.now() - timedelta(seconds=1)
    SegmentationRun.objects.filter(state=JobState.RUNNING).update(lease_until=past)
    upkeep.sweep()


@pytest.mark.parametrize("wanted", [2, pytest.param(20, marks=pytest.mark.faults)])
def test_as_many_kills_as_runs_lose_and_double_nothing(wanted: int, tmp_path: Path, settings):
    queue_runs(tmp_path, wanted)
    kills = 0
    changes = {"THRESHOLD_SECONDS": str(SECONDS)}
    with broker():
        while kills < wanted:
            worker = start_worker("cpu", **changes)
            ring()
            before = SegmentationResult.objects.count()
            wait_for(partial(has_moved_on, before), 120)
            time.sleep(SECONDS * (kills % 4) / 4)
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait(timeout=10)
            kills += 1
            forget_leases()
            # A run that was killed three times would fail by rule; here each kill is of the test.
            SegmentationRun.objects.filter(state=JobState.QUEUED).update(attempt=0)
        worker = start_worker("cpu", THRESHOLD_SECONDS="0")
        ring()
        wait_for(
            lambda: SegmentationRun.objects.filter(state=JobState.SUCCEEDED).count() == wanted, 60
        )
        end(worker)
    assert SegmentationResult.objects.count() == wanted
    paths = set(SegmentationResult.objects.values_list("mask_path", flat=True))
    assert len(paths) == wanted
    upkeep_now()
    kept = {str(p.relative_to(store.root())) for p in (store.root() / "masks").iterdir()}
    assert kept == paths
    assert list((store.root() / "tmp").iterdir()) == []
    connection.close()


def upkeep_now() -> None:
    """Clean up as if an hour had passed."""
    saved = upkeep.TEMPORARY_SECONDS, upkeep.UNREFERENCED_SECONDS
    upkeep.TEMPORARY_SECONDS = upkeep.UNREFERENCED_SECONDS = -1
    try:
        upkeep.clean_up()
    finally:
        upkeep.TEMPORARY_SECONDS, upkeep.UNREFERENCED_SECONDS = saved


@pytest.mark.parametrize(
    "place",
    [
        "segmentationrun_after_claim",
        "mid_write",
        "after_fsync",
        "after_rename",
        "in_commit",
        "after_commit",
    ],
)
@pytest.mark.faults
def test_a_kill_at_any_place_leaves_one_result(place: str, tmp_path: Path):
    world = build_world()
    models.activate(model=models.register_threshold(), reason="test")
    take_in_visit(world.visit_a, write_visit(tmp_path, seed=1))
    runs.queue_run(visit=world.visit_a)
    with broker():
        doomed = start_worker("cpu", FAILPOINT=place)
        ring()
        doomed.wait(timeout=60)
        forget_leases()
        heir = start_worker("cpu")
        ring()
        wait_for(lambda: SegmentationResult.objects.count() == 1, 60)
        end(heir)
    upkeep_now()
    assert len(list((store.root() / "masks").iterdir())) == 1
