"""Measure on phantoms how uncertain the loads of a registered model are."""

import argparse
import json
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from mldtrial.audit.context import acting
from segmentation.selectors.registry import IF_NO_VERSION, NotRegisteredError, model_named
from segmentation.services import intervals
from segmentation.services.segmenters import load_segmenter
from segmentation.training.calibration import report
from segmentation.training.calibration_visits import agreement_of, records


class Command(BaseCommand):
    """Calibrate the intervals of a model and measure their coverage."""

    help = "Calibrate the interval of a model's loads on phantoms; goes on where it was stopped."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--model", required=True, help="name of a registered model")
        parser.add_argument("--model-version", help=IF_NO_VERSION)
        parser.add_argument(
            "--work", type=Path, required=True, help="file of what was segmented; it is continued"
        )
        parser.add_argument("--visits", type=int, default=100, help="phantom visits in all")
        parser.add_argument(
            "--calibrating",
            type=int,
            default=40,
            help="how many calibrate; the others are held out",
        )
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument(
            "--calibration-version", required=True, help="name of this calibration, for example 1"
        )
        parser.add_argument(
            "--out", type=Path, help="write the interval.json of the model's folder"
        )
        parser.add_argument("--record", action="store_true", help="use it from now on")
        parser.add_argument(
            "--agreement",
            action="store_true",
            help="print too how the masks of the held-out visits agree with the truth",
        )
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(
        self,
        *_: Any,
        model: str,
        model_version: str | None,
        work: Path,
        visits: int,
        calibrating: int,
        seed: int,
        calibration_version: str,
        out: Path | None,
        record: bool,
        agreement: bool,
        as_json: bool,
        **__: Any,
    ) -> None:
        """Draw, segment, calibrate, measure; put it on record if asked to."""
        try:
            found = model_named(model, model_version)
        except NotRegisteredError as error:
            raise CommandError(str(error)) from error
        self.stderr.write(f"Calibrating {found}.")
        segmenter = load_segmenter(found)
        try:
            made = records(
                segmenter,
                work,
                visits=visits,
                seed=seed,
                model_sha256=found.sha256,
                told=self.stderr.write,
            )
            content = report(
                made,
                calibrating=calibrating,
                version=calibration_version,
                seed=seed,
                model_sha256=found.sha256,
            )
            agreed = agreement_of(work, range(calibrating, visits)) if agreement else None
            if record:
                with acting(origin="command:calibrate_model", reason="calibrated"):
                    intervals.record_calibration(model=found, content=content)
        except (ValueError, ValidationError) as error:
            words = error.messages if isinstance(error, ValidationError) else [str(error)]
            raise CommandError(" ".join(words)) from error
        if out is not None:
            out.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        beside = {} if agreed is None else {"agreement": agreed}
        told = content if as_json else {"held_out": content["held_out"]}
        self.stdout.write(json.dumps({**told, **beside}, indent=None if as_json else 1))
