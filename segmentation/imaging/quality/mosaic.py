"""A picture of an image for a first look: slices in three orientations, the brain alone."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.imaging.quality.regions import Regions

SLICES = 6
PIXEL_MM = 1.5
MARGIN_MM = 4.0
FIRST, LAST = 0.14, 0.86
"""Where the first and the last slice lie in the box around the brain."""
DARKEST, BRIGHTEST = 1.0, 99.5
"""Percentiles of the brain that are drawn black and white."""
ORIENTATIONS = ((2, 0, 1), (1, 0, 2), (0, 1, 2))
"""World axes across a slice, to the right and upwards: axial, coronal, sagittal."""


@dataclass(frozen=True, slots=True)
class _Box:
    """The world coordinates (RAS, mm) between which the brain lies."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]


def mosaic(regions: Regions) -> NDArray[np.uint8]:
    """Draw axial, coronal and sagittal slices of the brain, a row for each.

    Nothing outside of the brain mask is drawn: no skin, so no face. The patient's right lies on
    the left of a slice, as radiologists read; a sagittal slice looks to the right.

    Returns
    -------
    ndarray of uint8, shape (rows, columns)
        Pixels of 1.5 mm.

    Raises
    ------
    ImageError
        NO_BRAIN_FOUND if the mask is smaller or larger than any brain.
    """
    box = _box_of(regions)
    dark, bright = np.percentile(regions.image.data[regions.brain], [DARKEST, BRIGHTEST])
    shown = np.where(regions.brain, regions.image.data - dark, 0.0).astype(np.float32)
    shown *= 255.0 / max(float(bright - dark), 1e-6)
    rows = [
        [_slice(shown, regions.image.affine, box, axes, share) for share in _shares()]
        for axes in ORIENTATIONS
    ]
    width = max(tile.shape[1] for row in rows for tile in row)
    lines = [np.hstack([_widened(tile, width) for tile in row]) for row in rows]
    return np.clip(np.vstack(lines), 0, 255).astype(np.uint8)


def write_png(path: Path, picture: NDArray[np.uint8]) -> None:
    """Write a picture as PNG, without any text in it."""
    sitk.WriteImage(sitk.GetImageFromArray(picture), str(path), useCompression=True)


def _shares() -> NDArray[np.float64]:
    return np.linspace(FIRST, LAST, SLICES)


def _box_of(regions: Regions) -> _Box:
    voxels = np.argwhere(regions.brain)
    corners = np.array(
        np.meshgrid(*zip(voxels.min(axis=0), voxels.max(axis=0), strict=True))
    ).reshape(3, -1)
    affine = regions.image.affine
    world = affine[:3, :3] @ corners + affine[:3, 3:]
    return _Box(world.min(axis=1) - MARGIN_MM, world.max(axis=1) + MARGIN_MM)


def _slice(
    shown: NDArray[np.float32],
    affine: NDArray[np.float64],
    box: _Box,
    axes: tuple[int, int, int],
    share: float,
) -> NDArray[np.float32]:
    """Return one slice through the box, linear between voxels, black outside of the brain."""
    across, right, up = axes
    columns = np.arange(box.low[right], box.high[right], PIXEL_MM)
    rows = np.arange(box.high[up], box.low[up], -PIXEL_MM)
    if right == 0:
        columns = columns[::-1]
    points = np.empty((3, rows.size, columns.size))
    points[across] = box.low[across] + share * (box.high[across] - box.low[across])
    points[right] = columns[None, :]
    points[up] = rows[:, None]
    to_voxels = np.linalg.inv(affine)
    voxels = np.tensordot(to_voxels[:3, :3], points, axes=1) + to_voxels[:3, 3][:, None, None]
    drawn: NDArray[np.float32] = ndimage.map_coordinates(shown, voxels, order=1, cval=0.0)
    return drawn


def _widened(tile: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    missing = width - tile.shape[1]
    return np.pad(tile, ((0, 0), (missing // 2, missing - missing // 2)))
