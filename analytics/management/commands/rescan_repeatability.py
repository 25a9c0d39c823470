"""``manage.py rescan_repeatability``."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from analytics.stats.errors import NotEstimableError
from analytics.stats.method_table import STRATA
from analytics.stats.reliability import Repeatability, repeatability
from segmentation.selectors.registry import IF_NO_VERSION, NotRegisteredError, model_named
from segmentation.services.segmenters import ModelChangedError, load_segmenter
from segmentation.training.rescans import Rescanned, measure_rescans

SEED = 1


class Command(BaseCommand):
    """Scan phantom patients several times in one state and say how far their loads differ."""

    help = (
        "Draw phantom patients, each scanned several times in one state (other noise, coil, "
        "position and offset of the slices), measure every scan, and print the standard deviation "
        "and the coefficient of variation within a patient. What was measured before is kept."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the arguments of the command."""
        parser.add_argument(
            "records", type=Path, metavar="RECORDS", help="file of what was measured"
        )
        parser.add_argument("--model", default="mld-phantom", metavar="NAME")
        parser.add_argument(
            "--model-version",
            metavar="V",
            help=IF_NO_VERSION,
        )
        parser.add_argument("--patients", type=int, default=24, help="half of them 3D, half 2D")
        parser.add_argument("--scans", type=int, default=2, help="of each patient")
        parser.add_argument("--seed", type=int, default=SEED)
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Draw, measure, print.

        Raises
        ------
        CommandError
            If the model is not registered, RECORDS holds other scans, or numbers are too small.
        """
        try:
            model = model_named(options["model"], options["model_version"])
        except NotRegisteredError as error:
            raise CommandError(str(error)) from error
        if not options["records"].parent.is_dir():
            raise CommandError(f"There is no folder {options['records'].parent} for the records.")
        try:
            segmenter = load_segmenter(model)
        except ModelChangedError as error:
            raise CommandError(f"{model} cannot be run here: {error}") from error
        try:
            found = measure_rescans(
                segmenter,
                options["records"],
                patients=options["patients"],
                scans=options["scans"],
                seed=options["seed"],
                model_sha256=model.sha256,
                told=self.stderr.write,
            )
        except ValueError as error:
            raise CommandError(str(error)) from error
        by_stratum = {stratum: _repeated(found, stratum) for stratum in STRATA}
        if options["json"]:
            told = {
                s: asdict(r) if isinstance(r, Repeatability) else r for s, r in by_stratum.items()
            }
            self.stdout.write(json.dumps({"strata": told, "patients": [asdict(r) for r in found]}))
            return
        self.stdout.write(
            f"{model.name} {model.version}, phantoms; they say nothing about patients."
        )
        for stratum, result in by_stratum.items():
            self.stdout.write(f"{stratum}: {_in_words(result)}")
        refused = sum(len(one.refused) for one in found)
        self.stdout.write(f"Scans refused: {refused} of {options['patients'] * options['scans']}")


def _repeated(found: Sequence[Rescanned], stratum: str) -> Repeatability | str:
    series = [one.loads_ml for one in found if one.acq_stratum == stratum]
    try:
        return repeatability(series)
    except NotEstimableError as error:
        return f"not estimable: {error}"


def _in_words(result: Repeatability | str) -> str:
    if isinstance(result, str):
        return result
    words = (
        f"SD within {result.sd_within:.2f} mL ({result.sd_ci[0]:.2f} to {result.sd_ci[1]:.2f}), "
        f"smallest detectable change {result.smallest_detectable_change:.1f} mL, "
    )
    if result.cv_percent is None or result.cv_ci_percent is None:
        words += "no coefficient of variation (a load of 0 mL), "
    else:
        low, high = result.cv_ci_percent
        words += f"coefficient of variation {result.cv_percent:.1f} % ({low:.1f} to {high:.1f}), "
    return words + f"{result.n_subjects} patients"
