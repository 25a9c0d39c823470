"""``manage.py import_allocation``."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from mldtrial.trial.management.records import RecordCommand, find_study
from mldtrial.trial.services import unblinding
from mldtrial.trial.sheets.allocation import read_allocation
from mldtrial.trial.sheets.errors import SheetError


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


def _rows(path: Path) -> list[tuple[str, str]]:
    try:
        return read_allocation(path.read_bytes())
    except OSError as error:
        raise CommandError("The file cannot be read as UTF-8 text.") from error
    except SheetError as error:
        raise CommandError(error.message) from error
