"""Train the demonstration model on phantoms, in processes of its own."""

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    """Draw cases, plan, train and export, step by step."""

    help = "Train the small nnU-Net on phantoms and export a model folder."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("out", type=Path, help="folder of the finished model")
        parser.add_argument("--work", type=Path, required=True)
        parser.add_argument("--patients", type=int, default=44)
        parser.add_argument("--epochs", type=int, default=32)
        parser.add_argument("--minutes", type=float, help="of training; fewer epochs if it is slow")
        parser.add_argument("--start", type=Path, help="model folder to begin with")
        parser.add_argument("--threads", type=int, default=2)

    def handle(self, *_: Any, **options: Any) -> None:
        """Run the steps; the output of nnU-Net is passed on."""
        arguments = [
            f"--{name}={options[name]}"
            for name in ("work", "patients", "epochs", "minutes", "start", "threads")
            if options[name] is not None
        ]
        command = [sys.executable, "-m", "segmentation.training", "all", *arguments]
        done = subprocess.run([*command, f"--out={options['out']}"], check=False)  # noqa: S603
        if done.returncode:
            raise CommandError("The training failed; see the lines above.")
