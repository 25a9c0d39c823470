"""Write the images of a study for use outside."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from mldtrial.audit.context import acting
from mldtrial.trial.models import Study
from segmentation.services import image_export


class Command(BaseCommand):
    """Write the images of a study in BIDS layout, without faces."""

    help = "Write the images of a study in BIDS layout, without faces unless a reason is given."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("out", type=Path, metavar="OUT", help="a new folder")
        parser.add_argument("--study", required=True, metavar="CODE")
        faces = parser.add_mutually_exclusive_group(required=True)
        faces.add_argument("--deface", action="store_true", help="remove face and ears")
        faces.add_argument("--with-faces", metavar="REASON", help="kept in the access log")
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *_: Any, out: Path, **options: Any) -> None:
        """Write the folder, and say what was left out."""
        study = Study.objects.filter(code=options["study"]).first()
        if study is None:
            raise CommandError("There is no such study.")
        if not options["deface"] and not options["with_faces"].strip():
            raise CommandError("Say why the images are given out with their faces.")
        try:
            with acting(origin="command:export_images"):
                rows = image_export.export_images(
                    study=study, out=out, reason_for_faces=options["with_faces"] or ""
                )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except OSError as error:
            raise CommandError(f"The files cannot be written: {error.strerror}.") from error
        if options["as_json"]:
            self.stdout.write(json.dumps([asdict(row) for row in rows]))
            return
        written = sum(not row.left_out for row in rows)
        self.stdout.write(f"{written} of {len(rows)} images were written; see images.csv.")
