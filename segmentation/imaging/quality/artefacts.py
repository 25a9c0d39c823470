"""What motion and imperfect encoding leave in an image: ghosts in the air, and entropy."""

from collections.abc import Sequence
from math import log, sqrt

import numpy as np
from numpy.typing import NDArray

from segmentation.imaging.quality.metrics import NotMeasuredError
from segmentation.imaging.quality.noise import FEWEST_VOXELS, check_air

PERCENT = 100.0


def ghosting_percent(
    data: NDArray[np.float32],
    air: NDArray[np.bool_],
    head: NDArray[np.bool_],
    signal: float,
    axes: Sequence[int],
) -> float:
    """Return how much brighter the air is where the head can be repeated than elsewhere.

    Ghosts of the head, whole or smeared, lie along the phase-encode axis: in the air whose line
    along this axis meets the head. Noise lies in all of the air, so it cancels.

    Parameters
    ----------
    data : ndarray of float32, shape (i, j, k)
        Intensities.
    air, head : ndarray of bool, shape (i, j, k)
        Air well away from the head, and the head.
    signal : float
        Intensity of the tissue.
    axes : sequence of int
        The phase-encode axis, or every axis that may be it; the largest value counts.

    Returns
    -------
    float
        Percent of the signal; a little below 0 where there is no ghost.

    Raises
    ------
    NotMeasuredError
        If there is too little air in line with the head or beside it, or it was cleared.
    """
    check_air(data[air])
    return PERCENT * max(_excess(data, air, head, axis) for axis in axes) / signal


def _excess(
    data: NDArray[np.float32], air: NDArray[np.bool_], head: NDArray[np.bool_], axis: int
) -> float:
    in_line = np.broadcast_to(head.any(axis=axis, keepdims=True), head.shape)
    along, beside = data[air & in_line], data[air & ~in_line]
    if min(along.size, beside.size) < FEWEST_VOXELS:
        raise NotMeasuredError("too little air lies in line with the head or beside it")
    return float(along.mean(dtype=np.float64) - beside.mean(dtype=np.float64))


def entropy_focus(data: NDArray[np.float32]) -> float:
    """Return the entropy focus criterion, from 0 (one bright voxel) to 1 (all alike).

    Parameters
    ----------
    data : ndarray of float32, shape (i, j, k)
        Intensities of the whole image; their sizes count.

    Raises
    ------
    NotMeasuredError
        If the image is empty.

    Notes
    -----
    Atkinson D et al., Automatic correction of motion artifacts in magnetic resonance images
    using an entropy focus criterion, IEEE Trans Med Imaging 1997;16:903-910; divided by its
    maximum for the number of voxels.
    """
    energy = sum(float(np.square(part, dtype=np.float64).sum()) for part in data)
    count = data.size
    if not energy > 0 or count < 2:
        raise NotMeasuredError("the image is empty")
    return sum(_entropy(part, sqrt(energy)) for part in data) / (sqrt(count) * log(sqrt(count)))


def _entropy(part: NDArray[np.float32], norm: float) -> float:
    shares = np.abs(part[part != 0]).astype(np.float64) / norm
    return float(-(shares * np.log(shares)).sum())
