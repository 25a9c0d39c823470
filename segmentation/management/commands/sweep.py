"""Take back lost jobs, ring again, clean up; the supervisor runs it for ever."""

import argparse
import json
import logging
import time
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand
from django.db import OperationalError, close_old_connections

from segmentation import tasks
from segmentation.services import telling, upkeep

log = logging.getLogger(__name__)
RARELY: tuple[tuple[Callable[[], object], float], ...] = (
    (upkeep.clean_up, 3600.0),
    (upkeep.end_overdue_transfers, 600.0),
    (upkeep.remove_overdue_exports, 600.0),
    (upkeep.queue_missing_runs, 60.0),
    # Runs choose as they end; this finds what was chosen by an earlier order, or while held.
    (upkeep.choose_runs, 600.0),
    (tasks.ring_checks, 60.0),
    (tasks.ring_batches, 60.0),
    # A worker rings after each run; this finds what was promoted or imported since.
    (tasks.ring_overlaps, 300.0),
    # Queues the reports of a week or a month that has begun, and takes back lost ones.
    (tasks.ring_reports, 600.0),
    (telling.tell_of_failures, 900.0),
    (upkeep.recognise_scanners, 60.0),
    (upkeep.recognise_trained_patients, 600.0),
    # A thing of last resort: the services and the import do both themselves.
    (upkeep.settle_reads, 3600.0),
    (upkeep.check_plausibility, 3600.0),
    (upkeep.void_signatures, 300.0),
    (upkeep.clean_store, 3600.0),
    (upkeep.anchor_audit_trail, 300.0),
)
"""What every sweep need not do, with the seconds between two times."""


class Command(BaseCommand):
    """One sweep, or one every few seconds."""

    help = "Take back jobs of lost workers and ring for those that wait."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--every", type=float, help="seconds between sweeps; once if absent")
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *_: Any, every: float | None, as_json: bool, **__: Any) -> None:
        """Sweep once or for ever; a database that restarts does not end the loop."""
        done_at: dict[Callable[[], object], float] = {}
        while True:
            try:
                swept = upkeep.sweep()
                tasks.ring_intake()
                tasks.ring_segmentation()
                tasks.ring_review()
                tasks.ring_quality()
                tasks.ring_tissue()
                tasks.ring_masks()
                tasks.ring_run_pictures()
                tasks.ring_image_exports()
                if swept.trainings_waiting:
                    tasks.ring_trainings()
                do_rarely(done_at, goes_on=every is not None)
            except OperationalError:
                if every is None:
                    raise
                close_old_connections()
            else:
                if every is None:
                    self.stdout.write(json.dumps(swept.as_dict()) if as_json else str(swept))
            if every is None:
                return
            time.sleep(every)


def do_rarely(done_at: dict[Callable[[], object], float], *, goes_on: bool) -> None:
    """Do what is due; a fault in one chore keeps no job from being taken back.

    Parameters
    ----------
    done_at : dict
        When each chore was last tried, brought up to date here.
    goes_on : bool
        True in the loop, where a fault is logged and the chore tried again when it is next due;
        False for a single sweep, which fails with it.
    """
    for work, seconds in RARELY:
        now = time.monotonic()
        if work in done_at and now - done_at[work] <= seconds:
            continue
        done_at[work] = now
        try:
            work()
        except OperationalError:
            raise
        except Exception:
            if not goes_on:
                raise
            log.exception("%s failed; the sweep goes on.", getattr(work, "__name__", work))
