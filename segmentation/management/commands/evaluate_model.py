"""Measure a registered model on phantoms with known truth."""

import argparse
import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mldtrial.audit.context import acting
from segmentation.selectors.registry import IF_NO_VERSION, NotRegisteredError, model_named
from segmentation.services import evaluations
from segmentation.services.segmenters import load_segmenter
from segmentation.training.evaluate import evaluate


class Command(BaseCommand):
    """Evaluate a model on a folder of make_phantoms."""

    help = "Measure a registered model on a folder written by make_phantoms."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--model", required=True, help="name of a registered model")
        parser.add_argument("--model-version", help=IF_NO_VERSION)
        parser.add_argument("--data", type=Path, required=True)
        parser.add_argument(
            "--record", metavar="WORDS", help="keep the figures with the model; on what, in words"
        )
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(
        self,
        *_: Any,
        model: str,
        model_version: str | None,
        data: Path,
        record: str | None,
        as_json: bool,
        **__: Any,
    ) -> None:
        """Segment, compare, report; put it on record if asked to."""
        try:
            found = model_named(model, model_version)
        except NotRegisteredError as error:
            raise CommandError(str(error)) from error
        if not (data / "truth.csv").exists():
            raise CommandError("The folder has no truth.csv; write it with make_phantoms.")
        report = evaluate(load_segmenter(found), data, told=self.stderr.write)
        if record:
            with acting(origin="command:evaluate_model", reason="measured"):
                evaluations.record_evaluation(model=found, report=report, data=record)
        self.stdout.write(
            json.dumps(report) if as_json else json.dumps(report["summary"], indent=1)
        )
