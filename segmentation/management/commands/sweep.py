"""Take back lost jobs, ring again, clean up; the supervisor runs it for ever."""

import argparse
import json
import time
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand
from django.db import OperationalError, close_old_connections

from segmentation import tasks
from segmentation.services import upkeep

RARELY: tuple[tuple[Callable[[], object], float], ...] = (
    (upkeep.clean_up, 3600.0),
    (upkeep.settle_and_check_records, 60.0),
    (upkeep.void_signatures, 300.0),
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
                _do_rarely(done_at)
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


def _do_rarely(done_at: dict[Callable[[], object], float]) -> None:
    for work, seconds in RARELY:
        now = time.monotonic()
        if work not in done_at or now - done_at[work] > seconds:
            work()
            done_at[work] = now
