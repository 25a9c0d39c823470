"""Write phantom patients with known truth, in BIDS layout."""

import argparse
import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from segmentation.phantom.bids import make_phantoms


class Command(BaseCommand):
    """Write phantom series."""

    help = "Write phantom patients with known truth, in BIDS layout."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("out", type=Path)
        parser.add_argument("--patients", type=int, required=True)
        parser.add_argument("--visits", type=int, required=True)
        parser.add_argument("--seed", type=int, required=True)
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(
        self, *_: Any, out: Path, patients: int, visits: int, seed: int, as_json: bool, **__: Any
    ) -> None:
        """Draw and write."""
        try:
            rows = make_phantoms(out, patients=patients, visits=visits, seed=seed)
        except ValueError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(rows) if as_json else f"{len(rows)} visits were written.")
