"""Volume of a label in millilitres."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation.imaging.geometry import voxel_volume_mm3

MM3_PER_ML = 1000.0


def label_volume_ml(labels: NDArray[Any], affine: NDArray[np.float64], label: int) -> float:
    """Return the volume of one label of a label map.

    Parameters
    ----------
    labels : ndarray of int, shape (i, j, k)
        Label map in the voxel grid of the scan; 0 is background.
    affine : ndarray of float, shape (4, 4)
        Voxel-to-world matrix, in mm; a mirrored grid counts the same.
    label : int
        The label to measure.

    Returns
    -------
    float
        Volume in mL; 0.0 where the label does not occur.

    Raises
    ------
    ValueError
        If the label map is not three-dimensional or not finite, or the affine is not finite and
        invertible.
    """
    if np.ndim(labels) != 3:
        raise ValueError(f"Expected a label map of 3 dimensions, got {np.ndim(labels)}.")
    matrix = np.asarray(affine, np.float64)
    if matrix.shape != (4, 4):
        raise ValueError(f"Expected an affine of shape (4, 4), got {matrix.shape}.")
    if not (np.isfinite(matrix).all() and voxel_volume_mm3(matrix) > 0):
        raise ValueError("Expected a finite affine that spans a volume.")
    if not np.isfinite(labels).all():
        raise ValueError("The label map holds values that are not finite.")
    voxels = int(np.count_nonzero(np.asarray(labels) == label))
    return voxels * voxel_volume_mm3(matrix) / MM3_PER_ML
