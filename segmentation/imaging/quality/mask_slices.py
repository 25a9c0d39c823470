"""Pictures by which a person judges a mask: axial slices of the brain, and the mask's outline."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.imaging.quality.slicing import AXIAL, Box, box_of, cut, grey

DRAWING_VERSION = "1"
"""Of how slices are chosen and drawn; kept pictures of another one are drawn anew."""
COLUMNS, ROWS = 6, 4
PIXEL_MM = 1.0
MARGIN_MM = 4.0
BEYOND_MM = 4.0
"""How far above and below the mask the first and the last slice lie."""
COLOUR = (255, 176, 0, 255)
"""Of the outline: amber, told from grey by every kind of colour vision."""


@dataclass(frozen=True, slots=True)
class MaskSlices:
    """Slices in `COLUMNS` columns and `ROWS` rows, the lowest first.

    Attributes
    ----------
    images : mapping of str to ndarray of uint8, shape (rows, columns)
        By sequence; pixels of 1 mm. Black outside of the brain: no skin, so no face.
    outline : ndarray of uint8, shape (rows, columns, 4)
        Red, green, blue and opacity, to lie over each of the images.
    places_mm : tuple of float
        Where each slice lies along the axis of the body, in world coordinates.
    """

    images: Mapping[str, NDArray[np.uint8]]
    outline: NDArray[np.uint8]
    places_mm: tuple[float, ...]

    @property
    def step_mm(self) -> float:
        """From one slice to the next."""
        return self.places_mm[1] - self.places_mm[0]

    @property
    def tile_px(self) -> tuple[int, int]:
        """Width and height of one slice."""
        height, width = self.outline.shape[:2]
        return width // COLUMNS, height // ROWS


def draw_mask(
    images: Mapping[str, NDArray[np.float32]],
    affine: NDArray[np.float64],
    *,
    brain: NDArray[np.bool_],
    mask: NDArray[np.bool_],
) -> MaskSlices:
    """Draw axial slices from the lowest to the highest part of a mask, and its outline.

    A mask without any voxel is judged on the whole brain. What a mask has outside of the brain is
    outlined as well, on black.

    Parameters
    ----------
    images : mapping of str to ndarray of float, shape (i, j, k)
        By sequence, in one grid in RAS order.
    affine : ndarray of float, shape (4, 4)
        Voxel-to-world matrix of the grid, in mm.
    brain, mask : ndarray of bool, shape (i, j, k)
        The brain has at least one voxel.
    """
    box = box_of(brain | mask, affine, margin_mm=MARGIN_MM)
    places = _places(box, mask, affine)

    def sheet(shown: NDArray[np.float32], order: int) -> NDArray[np.float32]:
        tiles = [
            cut(shown, affine, box, AXIAL, at_mm=at_mm, pixel_mm=PIXEL_MM, order=order)
            for at_mm in places
        ]
        rows = [np.hstack(tiles[row * COLUMNS : (row + 1) * COLUMNS]) for row in range(ROWS)]
        return np.vstack(rows)

    drawn = {
        name: np.clip(sheet(grey(image, brain), 1), 0, 255).astype(np.uint8)
        for name, image in images.items()
    }
    inside = sheet(mask.astype(np.float32), 0) > 0.5
    # The tiles have a margin, so that no edge is shared with the next one.
    edge = inside & ~ndimage.binary_erosion(inside)
    outline = np.zeros((*edge.shape, 4), np.uint8)
    outline[edge] = COLOUR
    return MaskSlices(drawn, outline, tuple(places.tolist()))


def _places(box: Box, mask: NDArray[np.bool_], affine: NDArray[np.float64]) -> NDArray[np.float64]:
    whole = (box.low[2] + MARGIN_MM, box.high[2] - MARGIN_MM)
    if mask.any():
        own = box_of(mask, affine, margin_mm=BEYOND_MM)
        low, high = max(own.low[2], whole[0]), min(own.high[2], whole[1])
    else:
        low, high = whole
    return np.linspace(low, high, COLUMNS * ROWS)
