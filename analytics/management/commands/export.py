"""``manage.py export``."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from analytics.exports import columns as dictionary
from analytics.selectors.exports import DATASETS
from analytics.services import exporting
from mldtrial.audit.context import acting
from mldtrial.trial.models import Study

ORIGIN = "command:export"


class Command(BaseCommand):
    """Write a table and the dictionary of its columns."""

    help = "Write a table of a study as CSV, with the dictionary of its columns beside it."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the arguments of the command."""
        parser.add_argument("dataset", metavar="DATASET", help=", ".join(DATASETS))
        parser.add_argument("out", type=Path, metavar="OUT", help="a file, or a folder")
        parser.add_argument("--study", required=True, metavar="CODE")
        parser.add_argument("--format", default="csv", choices=["csv"])
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Write both files.

        Raises
        ------
        CommandError
            If the dataset or the study is unknown, or the files cannot be written.
        """
        dataset = options["dataset"]
        if dataset not in DATASETS:
            raise CommandError(f"Unknown dataset {dataset!r}; there are {', '.join(DATASETS)}.")
        study = Study.objects.filter(code=options["study"]).first()
        if study is None:
            raise CommandError(f"There is no study {options['study']!r}.")
        out: Path = options["out"]
        table = out / f"{dataset}.csv" if out.is_dir() else out
        described = table.with_suffix(".dictionary.csv")
        try:
            record = _write(study, dataset, table, described)
        except OSError as error:
            raise CommandError(f"The files cannot be written: {error.strerror}.") from error
        result = {
            "dataset": dataset,
            "study_code": study.code,
            "path": str(table),
            "dictionary_path": str(described),
            "row_count": record.row_count,
            "sha256": record.sha256,
            "dictionary_version": record.dictionary_version,
        }
        if options["json"]:
            self.stdout.write(json.dumps(result))
        else:
            self.stdout.write(f"{record.row_count} rows in {table}, SHA-256 {record.sha256}")


def _write(study: Study, dataset: str, table: Path, described: Path) -> exporting.ExportRecord:
    # Under a temporary name first: a table that was cut off must not look whole.
    partial = table.with_name(table.name + ".partial")
    with acting(origin=ORIGIN):
        with partial.open("wb") as handle:
            export = exporting.begin(study=study, dataset=dataset, by=None, origin=ORIGIN)
            for piece in export.pieces():
                handle.write(piece)
        described.write_text(dictionary.as_csv(dataset), encoding="utf-8", newline="")
        partial.replace(table)
    return export.record
