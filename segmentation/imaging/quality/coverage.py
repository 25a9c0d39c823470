"""How much of the brain an image shows, and how much image lies beyond it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PERCENT = 100.0


@dataclass(frozen=True, slots=True)
class Coverage:
    """Margins in mm, negative where the brain is cut off; what is cut off, in percent."""

    top_margin_mm: float
    bottom_margin_mm: float
    brain_cut_percent: float


def coverage(
    brain: NDArray[np.float64], shape: tuple[int, ...], voxel_size_mm: tuple[float, float, float]
) -> Coverage:
    """Return how an image covers a brain.

    Parameters
    ----------
    brain : ndarray of float, shape (n, 3)
        Points that fill the brain, in voxel indices of an image in RAS order; they may lie
        outside of it.
    shape : tuple of int
        Voxels of the image.
    voxel_size_mm : tuple of float
        Edge lengths of a voxel.
    """
    below, above = -0.5, np.asarray(shape) - 0.5
    is_seen = ((brain >= below) & (brain <= above)).all(axis=1)
    heights = brain[:, 2]
    return Coverage(
        top_margin_mm=float((above[2] - heights.max()) * voxel_size_mm[2]),
        bottom_margin_mm=float((heights.min() - below) * voxel_size_mm[2]),
        brain_cut_percent=float(PERCENT * (1.0 - is_seen.mean())),
    )
