"""Register a segmentation model."""

import argparse
import json
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from mldtrial.audit.context import acting
from segmentation.inference.trained_folder import BEST, FINAL, Statement
from segmentation.services import models

STOCK_ONLY = (
    "name",
    "model_version",
    "preprocessing",
    "label",
    "channel",
    "folds",
    "checkpoint",
    "step",
    "no_mirroring",
    "half",
    "demonstration",
)


class Command(BaseCommand):
    """Check a model folder and register it; activate it if asked to."""

    help = (
        "Register a model folder (its manifest's hashes are checked), or convert and register a "
        "trained-model folder of stock nnU-Net; say then at least --name, --model-version and "
        "--preprocessing. The folder is copied and not needed afterwards."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("folder", type=Path, nargs="?")
        parser.add_argument(
            "--conventional", action="store_true", help="the conventional method, without a folder"
        )
        parser.add_argument("--activate", action="store_true", help="make its results count")
        parser.add_argument("--reason", default="registered from the command line")
        parser.add_argument("--json", action="store_true", dest="as_json")
        stock = parser.add_argument_group("for a trained-model folder of stock nnU-Net")
        stock.add_argument("--name")
        stock.add_argument("--model-version")
        stock.add_argument("--preprocessing", help="version of the steps before the network")
        stock.add_argument(
            "--label", action="append", type=_pair, metavar="THEIRS=TERM",
            help="which term of the field a label means",
        )  # fmt: skip
        stock.add_argument(
            "--channel", action="append", type=_pair, metavar="THEIRS=SEQUENCE",
            help="which sequence a channel holds",
        )  # fmt: skip
        stock.add_argument("--folds", help="comma separated; all by default")
        stock.add_argument("--checkpoint", choices=[FINAL, BEST])
        stock.add_argument("--step", type=float, help="share of a tile between tiles (0.5)")
        stock.add_argument("--no-mirroring", action="store_true")
        stock.add_argument("--half", action="store_true", help="half-precision weights")
        stock.add_argument("--demonstration", action="store_true", help="trained on phantoms only")

    def handle(
        self,
        *_: Any,
        folder: Path | None,
        conventional: bool,
        activate: bool,
        reason: str,
        as_json: bool,
        **options: Any,
    ) -> None:
        """Register, and activate on request."""
        if conventional == (folder is not None):
            raise CommandError("Name a model folder, or --conventional.")
        stated = _statement(options)
        with acting(origin="command:register_model", reason=reason):
            try:
                model = (
                    models.register_conventional()
                    if folder is None
                    else models.register_model(folder=folder, stated=stated)
                )
                if activate:
                    model = models.activate(model=model, reason=reason)
            except ValidationError as error:
                raise CommandError(" ".join(error.messages)) from error
        row = {
            "name": model.name,
            "version": model.version,
            "state": model.state,
            "sha256": model.sha256,
        }
        self.stdout.write(json.dumps(row) if as_json else f"{model}: {model.get_state_display()}")


def _pair(text: str) -> tuple[str, str]:
    theirs, sign, ours = text.partition("=")
    if not (theirs and sign and ours):
        raise argparse.ArgumentTypeError(f"{text} is not of the form THEIRS=OURS")
    return theirs, ours


def _statement(options: dict[str, Any]) -> Statement | None:
    """Return what was said about a folder of stock nnU-Net; None if nothing was.

    Raises
    ------
    CommandError
        If only a part of what is needed was said.
    """
    if all(options[key] is None or options[key] is False for key in STOCK_ONLY):
        return None
    needed = ("name", "model_version", "preprocessing")
    missing = [f"--{key.replace('_', '-')}" for key in needed if not options[key]]
    if missing:
        raise CommandError(f"For a folder of stock nnU-Net say also {', '.join(missing)}.")
    return Statement(
        name=options["name"],
        version=options["model_version"],
        preprocessing=options["preprocessing"],
        labels=dict(options["label"] or ()),
        channels=dict(options["channel"] or ()),
        folds=tuple((options["folds"] or "").split(",")) if options["folds"] else (),
        checkpoint=options["checkpoint"] or FINAL,
        tile_step_size=0.5 if options["step"] is None else options["step"],
        is_mirrored=not options["no_mirroring"],
        is_half=options["half"],
        is_demonstration=options["demonstration"],
    )
