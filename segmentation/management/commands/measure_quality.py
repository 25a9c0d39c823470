"""Measure the quality of images from the command line."""

import argparse
import json
from typing import Any

from django.core.management.base import BaseCommand

from mldtrial.audit.context import acting
from segmentation import tasks
from segmentation.models import JobState, ScanQuality
from segmentation.services import quality


class Command(BaseCommand):
    """Queue measurements, and do them here if asked to."""

    help = "Measure the quality of the images that have not been measured, or of all again."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--again", action="store_true", help="also what was measured, and phantoms"
        )
        parser.add_argument("--inline", action="store_true", help="do the work in this process")
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *_: Any, again: bool, inline: bool, as_json: bool, **__: Any) -> None:
        """Queue, work if asked to, report."""
        with acting(origin="command:measure_quality"):
            queued = quality.queue_all_again() if again else quality.queue_missing()
        measured: list[ScanQuality] = []
        if inline:
            while (row := quality.execute_next(worker="inline")) is not None:
                measured.append(row)
        else:
            tasks.ring_quality()
        if as_json:
            self.stdout.write(json.dumps([_row(row) for row in measured]))
            return
        done = sum(row.state == JobState.SUCCEEDED for row in measured)
        self.stdout.write(
            f"{done} of {len(measured)} images were measured."
            if inline
            else f"{queued} images were queued."
        )


def _row(row: ScanQuality) -> dict[str, Any]:
    return {
        "scan_id": str(row.scan_id),
        "state": row.state,
        "reason": row.message,
        "method_version": row.method_version,
        "metrics": row.metrics,
        "mosaic_sha256": row.mosaic_sha256,
    }
