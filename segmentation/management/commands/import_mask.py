"""Import a mask that was made elsewhere."""

import argparse
import json
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from mldtrial.audit.context import acting
from mldtrial.trial.models import Visit
from segmentation import tasks
from segmentation.imaging.errors import ImageError
from segmentation.management.commands.import_scan import find_visit
from segmentation.models import Method
from segmentation.selectors.imported_masks import grids, words_for
from segmentation.services import mask_import
from segmentation.services.mask_import import MadeElsewhere

KINDS = {
    "conventional": Method.CONVENTIONAL,
    "manual": Method.MANUAL,
    "corrected": Method.CORRECTED,
}


class Command(BaseCommand):
    """Record a mask as the result of the method that made it."""

    help = (
        "Import a NIfTI mask in the voxels of the T1w image of a visit, made by other software or "
        "by hand. Its load stands beside those of other methods."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("path", type=Path)
        parser.add_argument("--study", required=True)
        parser.add_argument("--patient", required=True, help="subject code")
        parser.add_argument("--visit", required=True, help="code of the planned visit, or number")
        parser.add_argument("--software", required=True, help="what made the mask")
        parser.add_argument("--software-version", required=True)
        parser.add_argument("--method", choices=sorted(KINDS), default="conventional")
        parser.add_argument("--operator", required=True, help="a code, not a name")
        parser.add_argument("--second-operator", default="", help="a code, not a name")
        parser.add_argument("--minutes", type=float)
        edited = parser.add_mutually_exclusive_group(required=True)
        edited.add_argument("--edited", action="store_true", help="voxels were changed by hand")
        edited.add_argument("--not-edited", action="store_true")
        parser.add_argument("--voxels-changed", type=int)
        parser.add_argument("--lowest-percent", type=float, help="threshold t_L")
        parser.add_argument("--step-percent", type=float)
        parser.add_argument("--smallest-cluster-voxels", type=int)
        parser.add_argument(
            "--t1w-fluid-mask", choices=["yes", "no"], help="whether fluid was removed by T1w"
        )
        parser.add_argument(
            "--label",
            type=int,
            help="of the demyelinated white matter; a mask of 0 and 1 if absent",
        )
        parser.add_argument(
            "--scan",
            type=UUID,
            help="id of the T1w image that it was drawn on, where several have its voxels",
        )
        parser.add_argument("--reason", default="", help="why it takes the place of another mask")
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *_: Any, **options: Any) -> None:
        """Check and record, or refuse in one line."""
        path: Path = options["path"]
        if not path.is_file():
            raise CommandError("The path is not a file.")
        visit = find_visit(options["study"], options["patient"], options["visit"])
        try:
            with acting(origin="command:import_mask", reason=options["reason"]):
                run = mask_import.import_mask(
                    visit=visit,
                    path=path,
                    made=_made(options),
                    label=options["label"],
                    scan_id=options["scan"],
                    reason=options["reason"],
                )
                tasks.ring_review()
        except ImageError as error:
            raise CommandError(error.message) from error
        except ValidationError as error:
            raise CommandError(_words(error, visit)) from error
        row = {
            "run_id": str(run.pk),
            "state": run.state,
            "demyelination_load_ml": run.result.demyelination_load_ml,
            "model_version": str(run.model_version),
            "mask_sha256": run.result.mask_sha256,
        }
        load = f"{row['model_version']}: {run.result.demyelination_load_ml:.2f} mL"
        self.stdout.write(json.dumps(row) if options["as_json"] else load)


def _words(error: ValidationError, visit: Visit) -> str:
    words = " ".join(error.messages)
    if "scan" not in getattr(error, "error_dict", {}):
        return words
    named = "\n".join(f"  --scan {scan.pk}  {words_for(scan)}" for scan in grids(visit))
    return f"{words}\n{named}"


def _made(options: dict[str, Any]) -> MadeElsewhere:
    fluid = options["t1w_fluid_mask"]
    return MadeElsewhere(
        software=options["software"],
        version=options["software_version"],
        method=KINDS[options["method"]],
        operator=options["operator"],
        second_operator=options["second_operator"],
        minutes=options["minutes"],
        is_edited=options["edited"],
        voxels_changed=options["voxels_changed"],
        lowest_percent=options["lowest_percent"],
        step_percent=options["step_percent"],
        smallest_cluster_voxels=options["smallest_cluster_voxels"],
        has_t1w_fluid_mask=None if fluid is None else fluid == "yes",
    )
