"""A picture of an image for a first look: slices in three orientations, the brain alone."""

from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from segmentation.imaging.quality.regions import Regions
from segmentation.imaging.quality.slicing import AXIAL, CORONAL, SAGITTAL, Box, box_of, cut, grey

SLICES = 6
PIXEL_MM = 1.5
MARGIN_MM = 4.0
FIRST, LAST = 0.14, 0.86
"""Where the first and the last slice lie in the box around the brain."""
ORIENTATIONS = (AXIAL, CORONAL, SAGITTAL)


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
    affine = regions.image.affine
    box = box_of(regions.brain, affine, margin_mm=MARGIN_MM)
    shown = grey(regions.image.data, regions.brain)
    rows = [
        [
            cut(shown, affine, box, axes, at_mm=at_mm, pixel_mm=PIXEL_MM)
            for at_mm in _places(box, axes[0])
        ]
        for axes in ORIENTATIONS
    ]
    width = max(tile.shape[1] for row in rows for tile in row)
    lines = [np.hstack([_widened(tile, width) for tile in row]) for row in rows]
    return np.clip(np.vstack(lines), 0, 255).astype(np.uint8)


def write_png(path: Path, picture: NDArray[np.uint8]) -> None:
    """Write a picture as PNG, without any text in it; in grey, or with a last axis of colours."""
    image = sitk.GetImageFromArray(picture, isVector=picture.ndim == 3)
    sitk.WriteImage(image, str(path), useCompression=True)


def _places(box: Box, across: int) -> NDArray[np.float64]:
    shares = np.linspace(FIRST, LAST, SLICES)
    places: NDArray[np.float64] = box.low[across] + shares * (box.high[across] - box.low[across])
    return places


def _widened(tile: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    missing = width - tile.shape[1]
    return np.pad(tile, ((0, 0), (missing // 2, missing - missing // 2)))
