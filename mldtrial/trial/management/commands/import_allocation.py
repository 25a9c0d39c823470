"""``manage.py import_allocation``."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from mldtrial.trial.management.records import RecordCommand, find_study
from mldtrial.trial.services import unblinding

COLUMNS = ["subject_code", "arm"]


class Command(RecordCommand):
    """Keep which patient is in which arm; nothing ever shows the file back."""

    help = (
        "Load the allocation of a study from a CSV file with the columns subject_code and arm, "
        "as the unblinded statistician or the pharmacist gives it. All rows or none."
    )
    summary = "{loaded} allocations of study {study_code} were loaded. Destroy the file now."

    def add_fields(self, parser: CommandParser) -> None:
        """Add the arguments of the command."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--study", required=True, metavar="CODE")
        parser.add_argument(
            "--by", required=True, metavar="NAME", help="who vouches for the allocation"
        )

    def record(self, options: dict[str, Any]) -> dict[str, Any]:
        """Load the file."""
        study = find_study(options["study"])
        loaded = unblinding.load_allocations(
            study=study, rows=_rows(options["file"]), by_whom=options["by"]
        )
        return {"loaded": loaded, "study_code": study.code}


def _rows(path: Path) -> Iterator[tuple[str, str]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as handle:
            reader = csv.DictReader(handle)
            if reader.fieldnames != COLUMNS:
                raise CommandError(
                    f"Expected the columns {' and '.join(COLUMNS)}, in this order, and no others."
                )
            for row in reader:
                yield (row["subject_code"] or "").strip(), (row["arm"] or "").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError("The file cannot be read as UTF-8 text.") from error
