"""A mask of a method here that a person has corrected: a method of its own, held to its origin."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from django.core.exceptions import ValidationError

from mldtrial.trial.models import Scan, Visit
from segmentation.imaging.geometry import Volume
from segmentation.imaging.nifti import read_label_map
from segmentation.models import CORRECTED, Method, SegmentationResult, SegmentationRun
from segmentation.services import runs

if TYPE_CHECKING:
    from segmentation.services.mask_import import MadeElsewhere


def held_to_its_origin(
    made: "MadeElsewhere", *, visit: Visit, scan: Scan, mask: Volume
) -> "MadeElsewhere":
    """Return the particulars of a corrected mask, with what its origin says; others as they are.

    `software` and `version` name the method whose mask was corrected, and become a name of their
    own; the voxels that were changed are counted, not believed.

    Raises
    ------
    ImageError
        If the file of the origin is missing or has changed.
    ValidationError
        If it is not said to be edited, there is no such origin at this image, nothing was changed,
        or another number of voxels was given.
    """
    if made.method != Method.CORRECTED:
        return made
    if not made.is_edited:
        raise ValidationError({"is_edited": "Of a corrected mask voxels were changed by hand."})
    origin = _origin(made, visit, scan)
    before = read_label_map(runs.checked_mask(origin))
    changed = int(np.count_nonzero((before.data != 0) != (mask.data != 0)))
    if not changed:
        raise ValidationError(
            {"mask": f"This is the very mask of {origin.run.model_version}: nothing was corrected."}
        )
    if made.voxels_changed not in (None, changed):
        raise ValidationError(
            {
                "voxels_changed": f"Compared with the mask of {origin.run.model_version}, "
                f"{changed} voxels are changed. Leave this empty: they are counted."
            }
        )
    return replace(
        made,
        software=f"{made.software.strip()}{CORRECTED}",
        voxels_changed=changed,
        corrected_run=str(origin.pk),
    )


def is_of_demonstration(made: "MadeElsewhere") -> bool:
    """Return whether a mask of a method for demonstration was corrected."""
    if not made.corrected_run:
        return False
    origin = SegmentationRun.objects.filter(pk=made.corrected_run)
    return origin.filter(model_version__is_demonstration=True).exists()


def require_origin(made: "MadeElsewhere") -> None:
    """Refuse a corrected mask whose origin has been voided meanwhile.

    Raises
    ------
    ValidationError
        If it was.
    """
    if not made.corrected_run:
        return
    if not SegmentationRun.objects.filter(pk=made.corrected_run, is_voided=False).exists():
        raise ValidationError({"software": "The mask that was corrected is void since a moment."})


def _origin(made: "MadeElsewhere", visit: Visit, scan: Scan) -> SegmentationResult:
    found = SegmentationResult.objects.filter(
        run__visit=visit,
        run__t1w_scan=scan,
        run__analysis_flag=True,
        run__model_version__name=made.software.strip(),
        run__model_version__version=made.version.strip(),
    ).exclude(run__model_version__method=Method.CORRECTED)
    origin = found.select_related("run__model_version").first()
    if origin is None:
        raise ValidationError(
            {
                "software": f"There is no mask of {made.software.strip()} {made.version.strip()} "
                "at this T1w image. A corrected mask names the method whose mask was corrected."
            }
        )
    return origin
