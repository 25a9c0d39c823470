"""Which clusters are demyelinated white matter, and where each is cut, without an operator.

The rule, in percent of the robust maximum of the T2w image:

1. A cluster counts for what it has inside the white matter, where the fitted template expects at
   least 70 % of it. Its level is the highest threshold at which it has gathered 50 mm² there.
2. It is chosen if that level lies at least 1.1 times as far above normal white matter as gray
   matter does: white matter as bright as gray matter may be the neighbourhood of gray matter.
3. It is cut half way between normal white matter and its level: there a voxel is demyelinated by
   half.
4. Of a chosen cluster, only voxels with at least 30 % of white matter by the template count.

The four numbers were chosen on twelve phantoms that no reported figure uses.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmentation.imaging.geometry import voxel_size_mm
from segmentation.inference.clusterize import ClusterMatrix

PRESELECTION_VERSION = "half-way-1"
INSIDE_WHITE = 0.7
LEVEL_MM2 = 50.0
ABOVE_GRAY = 1.1
CUT = 0.5
COUNTED_WHITE = 0.3


@dataclass(frozen=True, slots=True)
class NormalLevels:
    """How bright normal tissue is on T2w, in percent of the robust maximum."""

    white_percent: float
    gray_percent: float


def preselect(
    matrix: ClusterMatrix,
    affine: NDArray[np.float64],
    *,
    white: NDArray[np.float32],
    normal: NormalLevels,
) -> dict[int, int]:
    """Return the chosen clusters and the threshold of each, in percent.

    Parameters
    ----------
    matrix : ClusterMatrix
        Clusters of the T2w image in its own grid.
    affine : ndarray of float, shape (4, 4)
        Voxel-to-world matrix of that grid, in mm.
    white : ndarray of float, shape (i, j, k)
        Share of white matter that the template expects, 0 to 1.
    normal : NormalLevels
        Brightness of normal white and gray matter.

    Raises
    ------
    ValueError
        If gray matter is not brighter than white matter, as it is on every T2w image.
    """
    if not normal.gray_percent > normal.white_percent:
        raise ValueError(
            f"Gray matter must be brighter than white, got {normal.gray_percent:.1f} % and "
            f"{normal.white_percent:.1f} %."
        )
    levels = _levels_in_white(matrix, affine, white)
    contrast = normal.gray_percent - normal.white_percent
    lowest = normal.white_percent + ABOVE_GRAY * contrast
    chosen = np.flatnonzero((levels > 0) & (levels >= lowest))
    return {
        int(number): int(
            np.ceil(normal.white_percent + CUT * (levels[number] - normal.white_percent))
        )
        for number in chosen
    }


def counted(
    matrix: ClusterMatrix, thresholds: dict[int, int], white: NDArray[np.float32]
) -> NDArray[np.bool_]:
    """Return the voxels of the chosen clusters that count as demyelinated white matter."""
    return matrix.selection(thresholds) & (white >= COUNTED_WHITE)


def _levels_in_white(
    matrix: ClusterMatrix, affine: NDArray[np.float64], white: NDArray[np.float32]
) -> NDArray[np.int64]:
    """Return by number the level of each cluster inside the white matter; 0 where it has none."""
    edges = [size for axis, size in enumerate(voxel_size_mm(affine)) if axis != matrix.slice_axis]
    needed = max(1, round(LEVEL_MM2 / (edges[0] * edges[1])))
    held = (white >= INSIDE_WHITE) & (matrix.clusters > 0)
    joined = np.zeros((matrix.cluster_count + 1, 101), dtype=np.int64)
    np.add.at(joined, (matrix.clusters[held], matrix.joined_at_percent[held]), 1)
    gathered = joined[:, ::-1].cumsum(axis=1)[:, ::-1]
    # Column 0 is "at no threshold": no voxel joined there, and argmax would find it first.
    reached = gathered[:, 1:] >= needed
    levels: NDArray[np.int64] = np.where(reached.any(axis=1), reached.sum(axis=1), 0)
    return levels
