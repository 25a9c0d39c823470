"""Hold the lease of a job from a thread, and end a process whose job no longer comes on."""

import logging
import os
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from types import TracebackType
from typing import Self

from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.db.models.functions import Now

from mldtrial.audit.context import acting
from segmentation.models import Job, JobState

log = logging.getLogger(__name__)
PROGRESS_EVERY_SECONDS = 0.5
GAVE_UP_EXIT_STATUS = 75
"""Of a process that was ended because its job hung or its GPU failed; another is started."""


class LeaseLostError(Exception):
    """Another attempt holds the job now, or it was cancelled; this one must write nothing."""


def lease_end() -> object:
    """Return when a lease that is held now runs out, by the clock of the database."""
    return Now() + timedelta(seconds=settings.JOB_LEASE_SECONDS)


def held(job: Job) -> Q:
    """Return which row this attempt may still write: its own, while it has the lease."""
    return Q(pk=job.pk, lease_token=job.lease_token, state=JobState.RUNNING)


def end_process() -> None:
    """End this process at once: a thread that hangs in C code cannot be ended otherwise.

    Nor can a GPU that failed be used by it again.
    """
    os._exit(GAVE_UP_EXIT_STATUS)


class Heartbeat:
    """Extends the lease from a thread with a connection of its own while the work goes on.

    Parameters
    ----------
    job : Job
        As claimed.
    give_up : callable
        Told the job once nothing was heard of it for too long or it takes too long in all; the
        process is ended after that, so that the memory of the device is free again.
    """

    def __init__(self, job: Job, give_up: Callable[[Job], None]):
        self._job = job
        self._give_up = give_up
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)
        self._began = self._told = time.monotonic()
        self._last_progress = 0.0
        self.lost = threading.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join(timeout=5)

    def _beat(self) -> None:
        try:
            while not self._ended.wait(settings.JOB_HEARTBEAT_SECONDS):
                self._hold()
                if self._is_overdue():
                    self._end()
                    return
        finally:
            connection.close()

    def _hold(self) -> None:
        """Hold the lease; once it is lost, only the watch over the work goes on."""
        if self.lost.is_set():
            return
        try:
            mine = type(self._job)._default_manager.filter(held(self._job))
            if not mine.update(lease_until=lease_end()):
                self.lost.set()
        except Exception:  # a heart that stops must be seen, whatever stopped it
            log.exception("The heartbeat of a job ended.")
            self.lost.set()

    def _end(self) -> None:
        log.error("A job did not come on; its process is ended.")
        try:
            # The history asks each thread for itself who writes.
            with acting(origin=f"worker:{self._job.worker}", reason="time limit"):
                self._give_up(self._job)
        except Exception:  # whatever it was, the device must be free again
            log.exception("A job that did not come on could not be put off.")
        finally:
            self.lost.set()
            end_process()

    def _is_overdue(self) -> bool:
        now = time.monotonic()
        stalled = now - self._told > settings.JOB_STALL_SECONDS
        took_too_long = now - self._began > settings.JOB_TIME_LIMIT_SECONDS
        return stalled or (self._job.has_time_limit and took_too_long)

    def check(self) -> None:
        """Raise `LeaseLostError` once another attempt may have the job."""
        if self.lost.is_set():
            raise LeaseLostError

    def progress(self, share: float, step: str) -> None:
        """Tell how far the work has come; at most twice a second reaches the database."""
        self.check()
        now = self._told = time.monotonic()
        if share < 1 and now - self._last_progress < PROGRESS_EVERY_SECONDS:
            return
        self._last_progress = now
        updated = (
            type(self._job)
            ._default_manager.filter(held(self._job))
            .update(progress=min(max(share, 0.0), 1.0), progress_step=step[:80], progress_at=Now())
        )
        if not updated:
            self.lost.set()
            raise LeaseLostError
