"""Which T1w image of a visit a mask was drawn on."""

from uuid import UUID

import numpy as np
from django.core.exceptions import ValidationError

from mldtrial.trial.models import Scan, Visit
from segmentation.imaging.errors import ImageError
from segmentation.imaging.foreign_mask import in_grid_of
from segmentation.imaging.geometry import Volume
from segmentation.selectors.imported_masks import grids

NO_T1W = "This visit has no T1w image in use: send that first."
NOT_IN_USE = "This is no T1w image in use of this visit. Choose one that is."


def drawn_on(mask: Volume, *, visit: Visit, scan_id: UUID | None) -> tuple[Scan, Volume]:
    """Return the T1w image in use that a mask was drawn on, and the mask in its grid.

    A repeat has the same grid as the first image, and the mask does not say which it was: a person
    does. Where one image alone has the voxels of the mask, nobody needs to.

    Raises
    ------
    ImageError
        BAD_ORIENTATION if no image, or not the one that is named, has the voxels of the mask.
    ValidationError
        If there is no T1w image in use; under ``scan`` if the one that is named is not in use, or
        several have these voxels and none is named.
    """
    fitting = _fitting(mask, _asked(visit, scan_id))
    if len(fitting) > 1:
        raise ValidationError(
            {
                "scan": f"{len(fitting)} T1w images in use of this visit have the voxels of this "
                "mask. Choose the one that it was drawn on."
            }
        )
    return fitting[0]


def _asked(visit: Visit, scan_id: UUID | None) -> list[Scan]:
    scans = grids(visit)
    if not scans:
        raise ValidationError(NO_T1W)
    if scan_id is None:
        return scans
    named = [scan for scan in scans if scan.pk == scan_id]
    if not named:
        raise ValidationError({"scan": NOT_IN_USE})
    return named


def _fitting(mask: Volume, scans: list[Scan]) -> list[tuple[Scan, Volume]]:
    """Return the images that have the voxels of a mask, at least one, with the mask in each."""
    fitting: list[tuple[Scan, Volume]] = []
    refused: list[ImageError] = []
    for scan in scans:
        try:
            placed = in_grid_of(mask, np.asarray(scan.affine, dtype=np.float64), scan.shape)
        except ImageError as error:
            refused.append(error)
        else:
            fitting.append((scan, placed))
    if not fitting:
        raise refused[0]
    return fitting
