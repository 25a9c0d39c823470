"""Register a segmentation model."""

import argparse
import json
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from mldtrial.audit.context import acting
from segmentation.services import models


class Command(BaseCommand):
    """Check a model folder and register it; activate it if asked to."""

    help = "Register a model folder (its manifest's hashes are checked)."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("folder", type=Path)
        parser.add_argument("--activate", action="store_true", help="make its results count")
        parser.add_argument("--reason", default="registered from the command line")
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(
        self, *_: Any, folder: Path, activate: bool, reason: str, as_json: bool, **__: Any
    ) -> None:
        """Register, and activate on request."""
        with acting(origin="command:register_model", reason=reason):
            try:
                model = models.register_model(folder=folder)
                if activate:
                    model = models.activate(model=model, reason=reason)
            except ValidationError as error:
                raise CommandError(" ".join(error.messages)) from error
        row = {"name": model.name, "version": model.version, "state": model.state}
        self.stdout.write(json.dumps(row) if as_json else f"{model}: {model.get_state_display()}")
