"""A mask made by other software, in the grid of the T1w image of a visit."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from segmentation.imaging.brain import LARGEST_BRAIN_ML, extract_brain
from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.geometry import Volume, from_ras, same_grid, to_ras, voxel_size_mm
from segmentation.imaging.volume import label_volume_ml

GRID_TOLERANCE_MM = 0.01
"""Other software stores matrices in single precision, and rotations as quaternions."""
SMALLEST_SHARE_INSIDE = 0.5


def chosen_label(label_map: Volume, label: int | None) -> NDArray[np.uint8]:
    """Return the voxels of one label as 1.

    Parameters
    ----------
    label : int or None
        The label of the demyelinated white matter; None for a binary mask of 0 and 1.

    Raises
    ------
    ImageError
        UNEXPECTED_LABELS if the map is not binary, or has other labels but not the one named.
    """
    found = sorted({int(value) for value in np.unique(label_map.data)} - {0})
    if label is None and not set(found) <= {1}:
        raise ImageError(
            FailureCode.UNEXPECTED_LABELS,
            f"Expected a mask of 0 and 1, found the labels {_listed(found)}. Say which label is "
            "demyelinated white matter.",
        )
    if label is not None and found and label not in found:
        raise ImageError(
            FailureCode.UNEXPECTED_LABELS,
            f"Expected the label {label}, found the labels {_listed(found)}. Say which label is "
            "demyelinated white matter.",
        )
    mask: NDArray[np.uint8] = (label_map.data == (1 if label is None else label)).astype(np.uint8)
    return mask


def in_grid_of(mask: Volume, affine: NDArray[np.float64], shape: Sequence[int]) -> Volume:
    """Return a mask in a grid that has the same voxels, whatever the order of its axes.

    Nothing is resampled: a mask whose voxels are not those of the grid is refused.

    Raises
    ------
    ImageError
        BAD_ORIENTATION if the voxels are others.
    """
    columns, rows, slices = shape
    wanted = (columns, rows, slices)
    turned = to_ras(mask)
    # The grid is turned without its intensities.
    target = to_ras(Volume(np.broadcast_to(np.uint8(0), wanted), affine))
    size = target.data.shape
    if turned.data.shape != size or not same_grid(
        turned.affine, target.affine, (size[0], size[1], size[2]), tolerance_mm=GRID_TOLERANCE_MM
    ):
        raise ImageError(
            FailureCode.BAD_ORIENTATION,
            f"Expected the voxels of the T1w image ({_grid(wanted, affine)}), found "
            f"{_grid(mask.data.shape, mask.affine)}"
            f"{' in another place' if turned.data.shape == size else ''}. Export the mask in the "
            "grid of the T1w image of this visit; it is not resampled here.",
        )
    return Volume(np.ascontiguousarray(from_ras(turned.data, affine)), affine)


def check_place(mask: Volume, t1w: Volume) -> float | None:
    """Refuse a mask that is larger than the brain or lies outside of it.

    Returns
    -------
    float or None
        The volume of the brain, in mL; None where no brain was found in the T1w image: then only
        the largest brain there is bounds the mask.

    Raises
    ------
    ImageError
        UNEXPECTED_LABELS if the load is not below the volume of the brain, or less than half of
        the mask lies inside it.
    """
    load_ml = label_volume_ml(mask.data, mask.affine, 1)
    try:
        brain = extract_brain(t1w)
    except ImageError:
        brain = None
    ones = np.uint8(1)
    brain_ml = None if brain is None else label_volume_ml(brain.astype(np.uint8), t1w.affine, 1)
    limit_ml = LARGEST_BRAIN_ML if brain_ml is None else brain_ml
    if load_ml >= limit_ml:
        raise ImageError(
            FailureCode.UNEXPECTED_LABELS,
            f"Expected a load below the volume of the brain ({limit_ml:.0f} mL), found "
            f"{load_ml:.0f} mL. Check that the mask is of the demyelination and not of the brain.",
        )
    if brain is not None and mask.data.any():
        inside = float(brain[mask.data == ones].mean())
        if inside < SMALLEST_SHARE_INSIDE:
            raise ImageError(
                FailureCode.UNEXPECTED_LABELS,
                f"Expected the mask inside the brain, found {100 * inside:.0f} % of it there. "
                "Check that it was drawn on this image and not flipped.",
            )
    return brain_ml


def _listed(labels: Sequence[int]) -> str:
    return ", ".join(str(label) for label in labels[:8]) + (" ..." if len(labels) > 8 else "")


def _grid(shape: Sequence[int], affine: NDArray[np.float64]) -> str:
    voxels = " x ".join(str(side) for side in shape)
    return f"{voxels} voxels of {' x '.join(f'{edge:.2f}' for edge in voxel_size_mm(affine))} mm"
