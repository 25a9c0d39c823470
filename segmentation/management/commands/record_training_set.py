"""Put on record which patients a model was trained on."""

import argparse
import json
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from mldtrial.audit.context import acting
from segmentation.models import ModelVersion
from segmentation.services import training_sets


class Command(BaseCommand):
    """Read a list of patients and record it as the training set of a model."""

    help = (
        "Record the whole training set of a model: a CSV table or a JSON list with study_code and "
        "subject_code. A later list takes the place of an earlier one. --no-patients: none."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("list", type=Path, nargs="?", help="a .csv or .json file")
        parser.add_argument("--model", required=True, help="name of a registered model")
        parser.add_argument("--model-version", required=True)
        parser.add_argument("--source", required=True, help="where the list comes from")
        parser.add_argument("--reason", default="recorded from the command line")
        parser.add_argument("--no-patients", action="store_true", help="trained on no patient")
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *_: Any, **options: Any) -> None:
        """Record, and say how many patients are known here."""
        name, version = options["model"], options["model_version"]
        model = ModelVersion.objects.filter(name=name, version=version).first()
        if model is None:
            raise CommandError(
                f"No model {name} {version} is registered; use register_model first."
            )
        with acting(origin="command:record_training_set", reason=options["reason"]):
            try:
                found = training_sets.record_training_set(
                    model=model,
                    patients=_patients(options["list"], options["no_patients"]),
                    source=options["source"],
                    reason=options["reason"],
                )
            except ValidationError as error:
                raise CommandError(" ".join(error.messages)) from error
        current = found.members.filter(is_current=True)
        row = {
            "model": str(model),
            "patients": current.count(),
            "known_here": current.filter(patient__isnull=False).count(),
        }
        text = (
            f"{row['model']}: trained on {row['patients']} patients, {row['known_here']} known here"
        )
        self.stdout.write(json.dumps(row) if options["as_json"] else text)


def _patients(path: Path | None, is_empty: bool) -> list[training_sets.Trained]:
    if (path is None) != is_empty:
        raise CommandError("Name a list, or say --no-patients.")
    if path is None:
        return []
    try:
        content = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError("The list cannot be read as UTF-8 text.") from error
    is_json = path.suffix.lower() == ".json"
    return training_sets.read_json(content) if is_json else training_sets.read_csv(content)
