"""Cut flat slices out of an image, in world coordinates, whatever the voxels are."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

AXIAL, CORONAL, SAGITTAL = (2, 0, 1), (1, 0, 2), (0, 1, 2)
"""World axes across a slice, to the right and upwards."""


@dataclass(frozen=True, slots=True)
class Box:
    """The world coordinates (RAS, mm) between which something lies."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]


def box_of(
    voxels: NDArray[np.bool_], affine: NDArray[np.float64], *, margin_mm: float = 0.0
) -> Box:
    """Return the box around the voxels that are true; there must be one.

    Parameters
    ----------
    voxels : ndarray of bool, shape (i, j, k)
    affine : ndarray of float, shape (4, 4)
        Voxel-to-world matrix, in mm.
    """
    found = np.argwhere(voxels)
    corners = np.array(
        np.meshgrid(*zip(found.min(axis=0), found.max(axis=0), strict=True))
    ).reshape(3, -1)
    world = affine[:3, :3] @ corners + affine[:3, 3:]
    return Box(world.min(axis=1) - margin_mm, world.max(axis=1) + margin_mm)


def cut(
    shown: NDArray[np.float32],
    affine: NDArray[np.float64],
    box: Box,
    axes: tuple[int, int, int],
    *,
    at_mm: float,
    pixel_mm: float,
    order: int = 1,
) -> NDArray[np.float32]:
    """Return one slice through a box; the patient's right lies on its left.

    Parameters
    ----------
    axes : tuple of int
        `AXIAL`, `CORONAL` or `SAGITTAL`.
    at_mm : float
        Where the slice lies along the axis across it.
    order : int
        1 linear between voxels, 0 the nearest voxel; 0 outside of the image.
    """
    across, right, up = axes
    columns = np.arange(box.low[right], box.high[right], pixel_mm)
    rows = np.arange(box.high[up], box.low[up], -pixel_mm)
    if right == 0:
        columns = columns[::-1]
    points = np.empty((3, rows.size, columns.size))
    points[across] = at_mm
    points[right] = columns[None, :]
    points[up] = rows[:, None]
    to_voxels = np.linalg.inv(affine)
    voxels = np.tensordot(to_voxels[:3, :3], points, axes=1) + to_voxels[:3, 3][:, None, None]
    drawn: NDArray[np.float32] = ndimage.map_coordinates(shown, voxels, order=order, cval=0.0)
    return drawn


def grey(image: NDArray[np.float32], brain: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return the brain of an image between 0 (black) and 255 (white), and 0 all around it.

    The 1st and the 99.5th percentile of the brain are drawn black and white.
    """
    dark, bright = np.percentile(image[brain], [1.0, 99.5])
    shown = np.where(brain, image - dark, 0.0).astype(np.float32)
    shown *= 255.0 / max(float(bright - dark), 1e-6)
    return shown
