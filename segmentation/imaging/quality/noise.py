"""How strong signal and contrast are against the noise of an image."""

from math import pi, sqrt

import numpy as np
from numpy.typing import NDArray

from segmentation.imaging.quality.metrics import NotMeasuredError

MAD_TO_SIGMA = 1.482602218505602
"""Of a normal distribution: standard deviation over median absolute deviation."""
SECOND_DIFFERENCE_GAIN = sqrt(6.0)
"""By how much 1, -2, 1 along one axis raises the standard deviation of white noise."""
FEWEST_VOXELS = 500
LARGEST_SHARE_OF_ZEROS = 0.10
"""Of the air. A scanner or a program that clears the background leaves far more."""
FINE = 1.5
"""Axes with voxels up to so many times the smallest are fine: thick slices differ by anatomy."""


def fine_axes(voxel_size_mm: tuple[float, float, float]) -> tuple[int, ...]:
    """Return the voxel axes along which neighbours differ by noise rather than by anatomy."""
    limit = FINE * min(voxel_size_mm)
    return tuple(axis for axis, size in enumerate(voxel_size_mm) if size <= limit)


def noise_sigma(data: NDArray[np.float32], mask: NDArray[np.bool_], axes: tuple[int, ...]) -> float:
    """Return the standard deviation of the noise inside a mask.

    The second difference along each axis, one after the other, removes what varies linearly and
    every edge that runs along one of the axes; what is left is noise. Its median absolute value
    is not moved by the few edges that remain.

    Parameters
    ----------
    data : ndarray of float32, shape (i, j, k)
        Intensities.
    mask : ndarray of bool, shape (i, j, k)
        Where to look; the border voxels of the box around it are not used.
    axes : tuple of int
        From `fine_axes`.

    Raises
    ------
    NotMeasuredError
        If the mask is too small, or nothing varies in it.

    Notes
    -----
    Immerkaer J, Fast noise variance estimation, Comput Vis Image Underst 1996;64:300-302, with
    a median in place of the mean, and in as many dimensions as are fine.
    """
    box = _box(mask)
    residual = data[box].astype(np.float32)
    inside = mask[box]
    for axis in axes:
        ahead, here, behind = (_shifted(axis, shift) for shift in (2, 1, 0))
        residual = residual[ahead] - 2.0 * residual[here] + residual[behind]
        inside = inside[here]
    values = np.abs(residual[inside])
    if values.size < FEWEST_VOXELS:
        raise NotMeasuredError("too little of the brain lies in the image")
    gain = SECOND_DIFFERENCE_GAIN ** len(axes)
    sigma = float(MAD_TO_SIGMA * np.median(values) / gain)
    if not sigma > 0:
        raise NotMeasuredError("neighbouring voxels of the brain do not differ")
    return sigma


def _box(mask: NDArray[np.bool_]) -> tuple[slice, ...]:
    box = []
    for axis in range(mask.ndim):
        others = tuple(other for other in range(mask.ndim) if other != axis)
        found = np.flatnonzero(mask.any(axis=others))
        if not found.size:
            raise NotMeasuredError("no brain lies in the image")
        box.append(slice(int(found[0]), int(found[-1]) + 1))
    return tuple(box)


def _shifted(axis: int, shift: int) -> tuple[slice, ...]:
    """Return the part of a box that lies `shift` voxels along, two voxels shorter than it."""
    whole = [slice(None)] * 3
    whole[axis] = slice(shift, None if shift == 2 else shift - 2)
    return tuple(whole)


def snr_of_air(signal: float, air: NDArray[np.float32]) -> float:
    """Return the signal over the noise that the air around the head shows.

    Parameters
    ----------
    signal : float
        Intensity of the tissue.
    air : ndarray of float32, shape (n,)
        Intensities of air, a magnitude image of one coil or of a sum of squares.

    Raises
    ------
    NotMeasuredError
        If there is too little air, or it was cleared.

    Notes
    -----
    Dietrich O et al., Measurement of signal-to-noise ratios in MR images, J Magn Reson Imaging
    2007;26:375-385, equation A.12: noise of a Rayleigh distribution is sqrt(2 / (4 - pi)) times
    the standard deviation of air. With many coils or parallel imaging it is only comparable
    between scans of one protocol.
    """
    check_air(air)
    spread = float(air.std(dtype=np.float64))
    return signal / (sqrt(2.0 / (4.0 - pi)) * spread)


def check_air(air: NDArray[np.float32]) -> None:
    """Refuse air that says nothing of the noise.

    Raises
    ------
    NotMeasuredError
        If there is too little of it, or it was set to zero.
    """
    if air.size < FEWEST_VOXELS:
        raise NotMeasuredError("too little air lies around the head")
    if float((air == 0).mean()) > LARGEST_SHARE_OF_ZEROS or not float(air.std()) > 0:
        raise NotMeasuredError("the background of the image was set to zero")
