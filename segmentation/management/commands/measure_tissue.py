"""Measure the denominators of loads from the command line."""

import argparse
import json
from typing import Any

from django.core.management.base import BaseCommand

from mldtrial.audit.context import acting
from segmentation import tasks
from segmentation.models import JobState, TissueMeasurement
from segmentation.services import tissue


class Command(BaseCommand):
    """Queue measurements, and do them here if asked to."""

    help = "Measure white matter, gray matter, brain and intracranial volume of segmented visits."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--again", action="store_true", help="also what failed or was refused before"
        )
        parser.add_argument("--demonstration", action="store_true", help="also phantoms")
        parser.add_argument("--inline", action="store_true", help="do the work in this process")
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(
        self, *_: Any, again: bool, demonstration: bool, inline: bool, as_json: bool, **__: Any
    ) -> None:
        """Queue, work if asked to, report."""
        with acting(origin="command:measure_tissue"):
            queued = tissue.queue_missing(demonstration=demonstration)
            queued += tissue.queue_again() if again else 0
        measured: list[TissueMeasurement] = []
        if inline:
            while (row := tissue.execute_next(worker="inline")) is not None:
                measured.append(row)
        else:
            tasks.ring_tissue()
        if as_json:
            self.stdout.write(json.dumps([_row(row) for row in measured]))
            return
        done = sum(row.state == JobState.SUCCEEDED for row in measured)
        self.stdout.write(
            f"{done} of {len(measured)} segmentations were measured."
            if inline
            else f"{queued} segmentations were queued."
        )


def _row(row: TissueMeasurement) -> dict[str, Any]:
    return {
        "run_id": str(row.run_id),
        "state": row.state,
        "reason": row.message,
        "method_version": row.method_version,
        "separability": row.separability,
        "volumes_ml": dict(row.volumes.values_list("code", "volume_ml")),
        "reasons": row.reasons,
    }
