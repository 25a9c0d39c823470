"""Train a network: on approved masks of a study, or the demonstration model on phantoms."""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from mldtrial.audit.context import acting
from mldtrial.trial.models import Study
from segmentation import tasks
from segmentation.models import JobState, TrainingRun
from segmentation.models.training import TrainedNetwork
from segmentation.services import trainings

POLL_SECONDS = 2.0
UNFINISHED = (JobState.QUEUED, JobState.RUNNING)


class Command(BaseCommand):
    """Order a training and follow it, or run the recipe of the demonstration model."""

    help = (
        "Train a network on the approved masks of a study (--study), and register it as a "
        "candidate; or train the small demonstration network on phantoms and write its folder (OUT "
        "and --work)."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--epochs", type=int, help="at most (300; 32 on phantoms)")
        masks = parser.add_argument_group("on approved masks")
        masks.add_argument("--study", metavar="CODE")
        masks.add_argument("--name", help="of the model")
        masks.add_argument("--model-version")
        masks.add_argument(
            "--network", choices=TrainedNetwork.values, default=TrainedNetwork.SMALL.value
        )
        masks.add_argument("--device", choices=["cpu", "cuda"], help="as the workers have it")
        masks.add_argument("--iterations", type=int, default=250, help="steps of an epoch")
        masks.add_argument(
            "--patience", type=int, default=50, help="epochs without a better one; 0: never early"
        )
        masks.add_argument("--folds", type=int, default=1, help="of 5, how many are trained")
        masks.add_argument("--held-out", type=int, default=20, metavar="PERCENT")
        masks.add_argument("--seed", type=int, default=1)
        masks.add_argument("--wait", action="store_true", help="follow the worker that does it")
        masks.add_argument("--inline", action="store_true", help="do it here")
        masks.add_argument("--json", action="store_true", dest="as_json")
        phantoms = parser.add_argument_group("on phantoms")
        phantoms.add_argument("out", type=Path, nargs="?", help="folder of the finished model")
        phantoms.add_argument("--work", type=Path)
        phantoms.add_argument("--patients", type=int, default=44)
        phantoms.add_argument(
            "--minutes", type=float, help="of training; fewer epochs if it is slow"
        )
        phantoms.add_argument("--start", type=Path, help="model folder to begin with")
        phantoms.add_argument(
            "--without-t2w",
            type=float,
            metavar="SHARE",
            help="of the samples, those that are learnt from T1w alone (none)",
        )
        phantoms.add_argument("--threads", type=int, default=2)

    def handle(self, *_: Any, **options: Any) -> None:
        """Train; a training that does not succeed makes the exit status non-zero."""
        if options["study"]:
            self._on_masks(options)
        else:
            _on_phantoms(options)

    def _on_masks(self, options: dict[str, Any]) -> None:
        if not (options["name"] and options["model_version"]):
            raise CommandError("Say also --name and --model-version of the model.")
        with acting(origin="command:train_model", reason="ordered from the command line"):
            training = _ordered(options)
        if options["inline"]:
            while trainings.execute_next(worker="inline") is not None:
                pass
        else:
            tasks.ring_trainings()
        if options["wait"] and not options["inline"]:
            self._follow(training)
        training.refresh_from_db()
        self._report(training, as_json=options["as_json"])
        if options["inline"] or options["wait"]:
            _require_success(training)

    def _follow(self, training: TrainingRun) -> None:
        told = ""
        while training.state in UNFINISHED:
            time.sleep(POLL_SECONDS)
            training.refresh_from_db()
            now = f"{100 * training.progress:.0f} % {training.progress_step}"
            if now != told:
                self.stderr.write(now)
            told = now

    def _report(self, training: TrainingRun, *, as_json: bool) -> None:
        cases = training.cases
        row = {
            "training_id": str(training.pk),
            "state": training.state,
            "reason": training.message,
            "model": None if training.model_version is None else str(training.model_version),
            "epochs_done": training.epochs_done,
            "pseudo_dice": training.pseudo_dice,
            "trained_on": cases.filter(left_out="", fold__isnull=False).count(),
            "held_out": cases.filter(left_out="", fold__isnull=True).count(),
            "left_out": list(cases.exclude(left_out="").values("name", "left_out")),
        }
        text = f"{training}: {training.get_state_display()} {training.message}".strip()
        self.stdout.write(json.dumps(row) if as_json else text)


def _ordered(options: dict[str, Any]) -> TrainingRun:
    study = Study.objects.filter(code=options["study"]).first()
    if study is None:
        raise CommandError(f"There is no study {options['study']}.")
    try:
        return trainings.order(
            study=study,
            name=options["name"],
            version=options["model_version"],
            network=options["network"],
            device=options["device"] or trainings.device_of_workers(),
            epochs=300 if options["epochs"] is None else options["epochs"],
            iterations=options["iterations"],
            patience=options["patience"],
            trained_folds=options["folds"],
            held_out_percent=options["held_out"],
            seed=options["seed"],
            by=None,
        )
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from error


def _require_success(training: TrainingRun) -> None:
    if training.state != JobState.SUCCEEDED:
        raise CommandError(training.message or f"The training is {training.state}.")


def _on_phantoms(options: dict[str, Any]) -> None:
    """Run the steps; the output of nnU-Net is passed on."""
    if options["out"] is None or options["work"] is None:
        raise CommandError("Name a study (--study), or a folder OUT and --work for phantoms.")
    options["epochs"] = 32 if options["epochs"] is None else options["epochs"]
    given = ("work", "patients", "epochs", "minutes", "start", "without_t2w", "threads")
    arguments = [
        f"--{name.replace('_', '-')}={options[name]}" for name in given if options[name] is not None
    ]
    command = [sys.executable, "-m", "segmentation.training", "all", *arguments]
    done = subprocess.run([*command, f"--out={options['out']}"], check=False)  # noqa: S603
    if done.returncode:
        raise CommandError("The training failed; see the lines above.")
