"""The process of a training as its worker sees it: its lock, its helpers, its faults."""

import math
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from segmentation.models import JobState, TrainingRun
from segmentation.services import (
    faults,
    jobs,
    training_data,
    training_process,
    trainings,
    transfers,
)
from segmentation.training import steps
from tests.support.approved import approved_masks
from tests.support.world import World

LEADER = """
import subprocess, sys
helper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
print(helper.pid, flush=True)
"""


def test_helpers_are_ended_also_where_the_process_itself_is_gone():
    child = subprocess.Popen(
        [sys.executable, "-c", LEADER], stdout=subprocess.PIPE, start_new_session=True
    )
    assert child.stdout is not None
    helper = int(child.stdout.readline())
    child.wait(timeout=30)
    os.kill(helper, 0)
    training_process.end(child)
    deadline = time.monotonic() + 10
    while Path(f"/proc/{helper}").exists() and _state(helper) != "Z":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    training_process.end(child)


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


@pytest.mark.parametrize(
    ("status", "code", "passes"),
    [
        (steps.HELD_EXIT_STATUS, "HELD_ELSEWHERE", True),
        (steps.NO_MEMORY_EXIT_STATUS, "OUT_OF_MEMORY", True),
        (-signal.SIGKILL, "OUT_OF_MEMORY", True),
        (steps.NO_ROOM_EXIT_STATUS, "NO_ROOM", True),
        (steps.NOTHING_TO_WATCH_EXIT_STATUS, "NOTHING_TO_WATCH", False),
        (steps.FAILED_EXIT_STATUS, "UNEXPECTED", False),
        (-signal.SIGSEGV, "UNEXPECTED", False),
    ],
)
def test_an_exit_status_is_a_fault_of_the_job(status: int, code: str, passes: bool):
    error = training_process.fault_of_status(status, Path("work/log.txt"))
    assert "work/log.txt" in str(error)
    found = faults.fault_of(error)
    assert (found.code, found.passes) == (code, passes)


@pytest.fixture
def training(world: World, monkeypatch) -> TrainingRun:
    """Return an ordered training whose masks have no files: nothing reads them here."""
    approved_masks(world)
    monkeypatch.setattr(training_data, "files_of", lambda _training: ())
    return trainings.order(
        study=world.study,
        name="ours",
        version="1",
        network="tiny",
        device="cpu",
        epochs=3,
        by=world.user("administrator"),
    )


@pytest.mark.django_db
def test_a_training_whose_folder_is_in_use_is_put_off(training: TrainingRun):
    work = trainings.work_folder(training)
    work.mkdir(parents=True)
    lock = steps.hold(work)
    done = trainings.execute_next(worker="test")
    os.close(lock)
    assert done is not None
    assert (done.state, done.attempt) == (JobState.QUEUED, 1)
    assert done.not_before > timezone.now()
    assert "tried again by itself" in done.message
    assert "Another process works in this folder." in (work / steps.LOG).read_text()


@pytest.mark.django_db
def test_a_training_does_not_begin_where_there_is_no_room(training: TrainingRun, monkeypatch):
    started: list[Any] = []
    monkeypatch.setattr(training_process, "run", lambda *_, **__: started.append(1))
    needed = training_data.room_needed_bytes(training, is_prepared=False)
    prepared = training_data.room_needed_bytes(training, is_prepared=True)
    # Four patients learn, each image of 9 x 10 x 11 voxels.
    assert needed - prepared == 4 * 990 * 16
    monkeypatch.setattr(transfers, "room_bytes", lambda: needed - 1)
    done = trainings.execute_next(worker="test")
    assert done is not None
    assert done.state == JobState.QUEUED
    assert "storage of the server is full" in done.message
    assert not started


def test_a_folder_that_is_emptied_while_it_is_counted_is_no_fault(tmp_path: Path):
    folder = tmp_path / "preprocessed"
    assert training_process._count_of_files(folder) == 0

    def empty_again_and_again() -> None:
        for _ in range(100):
            for number in range(20):
                (folder / f"case {number}" / "parts").mkdir(parents=True)
            shutil.rmtree(folder)

    nnunet = threading.Thread(target=empty_again_and_again)
    nnunet.start()
    counts = [training_process._count_of_files(folder)]
    while nnunet.is_alive():
        counts.append(training_process._count_of_files(folder))
    nnunet.join()
    assert max(counts) <= 40


def test_progress_that_was_taken_away_is_none_yet(tmp_path: Path):
    assert steps.read_progress(tmp_path) == {}


@pytest.mark.django_db
def test_an_epoch_whose_pseudo_dice_cannot_be_computed_ends_no_training(training: TrainingRun):
    claimed = jobs.claim_next(TrainingRun, worker="test")
    assert claimed is not None
    found = {"step": "train", "epoch": 2, "epochs": 3, "values": [0.25, math.nan]}
    trainings._tell(claimed, jobs.Heartbeat(claimed, give_up=print), found)
    row = TrainingRun.objects.get(pk=training.pk)
    assert (row.epochs_done, row.pseudo_dice) == (2, [0.25, None])
    assert row.progress_step == "epoch 3 of 3"
