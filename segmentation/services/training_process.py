"""Do the steps of a training in a process of its own, and say why it ended badly."""

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings

from segmentation.services.faults import HeldElsewhereError
from segmentation.training import steps
from segmentation.training.plateau import NothingToWatchError

POLL_SECONDS = 0.5


def run(work: Path, *, told: Callable[[dict[str, Any]], None], check: Callable[[], None]) -> None:
    """Run the steps in a process group of its own, which ends with this process or its lease.

    Parameters
    ----------
    told : callable
        Given the progress whenever it has changed.
    check : callable
        Called again and again; ends the steps by raising.

    Raises
    ------
    HeldElsewhereError
        If another process works in the folder.
    MemoryError, OSError
        If the steps had no memory (or the kernel killed them for it), or no room.
    RuntimeError
        If a step fails otherwise; the log of the folder says why.
    """
    environment = steps.environment(os.environ, work, augmenters=settings.TRAINING_AUGMENTERS)
    with (work / steps.LOG).open("ab") as log:
        child = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", "segmentation.training.steps", str(work)],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            env=environment,
            cwd=settings.BASE_DIR,
            start_new_session=True,
        )
    try:
        _watch(child, work, told, check)
    finally:
        end(child)
    if child.returncode:
        raise fault_of_status(child.returncode, work / steps.LOG)


def _watch(
    child: subprocess.Popen[bytes],
    work: Path,
    told: Callable[[dict[str, Any]], None],
    check: Callable[[], None],
) -> None:
    """Pass on how far the work has come; what stands still is nothing to tell."""
    before: object = None
    while child.poll() is None:
        time.sleep(POLL_SECONDS)
        check()
        found = steps.read_progress(work)
        seen = (found, _count_of_files(work / "preprocessed"))
        if seen != before:
            told(found)
        before = seen


def _count_of_files(folder: Path) -> int:
    """Return how many files and folders there are; those that go meanwhile are no fault.

    nnU-Net empties its folder before it preprocesses anew, where a training was killed in that.
    """
    return sum(len(folders) + len(files) for _, folders, files in os.walk(folder))


def end(child: subprocess.Popen[bytes]) -> None:
    """End a child and everything in its process group, also where the child itself is gone."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    if child.stdin is not None:
        child.stdin.close()


def fault_of_status(status: int, log: Path) -> Exception:
    """Return what the exit status of the steps means, as an exception that a job understands."""
    where = f"The steps of a training ended with {status}; their log is {log}."
    if status == steps.HELD_EXIT_STATUS:
        return HeldElsewhereError(where)
    if status in (steps.NO_MEMORY_EXIT_STATUS, -signal.SIGKILL):
        return MemoryError(where)
    if status == steps.NOTHING_TO_WATCH_EXIT_STATUS:
        return NothingToWatchError(where)
    if status == steps.NO_ROOM_EXIT_STATUS:
        return OSError(errno.ENOSPC, where)
    return RuntimeError(where)
