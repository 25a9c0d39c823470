"""The process of a training as its worker sees it: its lock, its helpers, its faults."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from segmentation.models import JobState, TrainingRun
from segmentation.services import faults, training_data, training_process, trainings, transfers
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
