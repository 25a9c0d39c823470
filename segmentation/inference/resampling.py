"""nnU-Net's spline resampling as matrix products, one for each axis.

nnU-Net resamples with `skimage.transform.resize` (mode ``edge``), which is `scipy.ndimage.zoom`
(mode ``nearest``, ``grid_mode``). Padding, spline filter and interpolation are linear in the voxels
and act on one axis after the other, so a zoom is a product with one matrix for each axis.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import prod

import numpy as np
import torch
from nnunetv2.preprocessing.resampling.default_resampling import determine_do_sep_z_and_axis
from numpy.typing import NDArray
from scipy import ndimage

Shape = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Resampling:
    """From which grid to which.

    Attributes
    ----------
    source, target : tuple of int
        Voxels along the three axes.
    thick_axis : int or None
        The axis of the thick slices of a strongly anisotropic image: the slices are resampled
        one by one, and along this axis the nearest one is taken (nnU-Net's "separate z").
    """

    source: Shape
    target: Shape
    thick_axis: int | None = None

    @classmethod
    def between(
        cls,
        source: Sequence[int],
        target: Sequence[int],
        *,
        source_spacing_mm: Sequence[float],
        target_spacing_mm: Sequence[float],
        force_separate_z: bool | None = None,
    ) -> "Resampling":
        """Decide about thick slices as nnU-Net does, from the two voxel sizes in mm."""
        _, axis = determine_do_sep_z_and_axis(
            force_separate_z, list(source_spacing_mm), list(target_spacing_mm)
        )
        (a, b, c), (x, y, z) = source, target
        thick_axis = None if axis is None else int(axis)
        return cls((int(a), int(b), int(c)), (int(x), int(y), int(z)), thick_axis)

    @property
    def is_identity(self) -> bool:
        """Both grids have the same shape; nnU-Net then returns what it was given."""
        return self.source == self.target

    def zoomed_axes(self) -> list[int]:
        """Return the axes that need a product, those that shrink most first."""
        axes = [a for a in range(3) if self.source[a] != self.target[a] and a != self.thick_axis]
        return sorted(axes, key=lambda axis: self.target[axis] / self.source[axis])

    def nearest_slices(self) -> NDArray[np.int64] | None:
        """Return the slice taken for each slice of the target, or None where nothing changes."""
        if self.thick_axis is None:
            return None
        n, m = self.source[self.thick_axis], self.target[self.thick_axis]
        if n == m:
            return None
        positions = float(n) / m * (np.arange(m) + 0.5) - 0.5
        numbered = np.arange(n, dtype=np.float64)
        found = ndimage.map_coordinates(numbered, positions[None], order=0, mode="nearest")
        return np.asarray(found, dtype=np.int64)


@lru_cache(maxsize=64)
def spline_matrix(n: int, m: int, order: int) -> NDArray[np.float64]:
    """Return the matrix that zooms `n` samples to `m`.

    Column i is the zoomed i-th unit vector, taken from SciPy, so that its edges and its spline
    filter are the same.

    Parameters
    ----------
    n, m : int
        Samples before and after.
    order : int
        Order of the spline, 0 to 3.

    Returns
    -------
    ndarray of float64, shape (m, n)
        Each row sums to 1.
    """
    columns = [
        ndimage.zoom(unit, 1 / (n / m), order=order, mode="nearest", grid_mode=True)
        for unit in np.eye(n)
    ]
    return np.stack(columns, axis=1)


def along(volume: torch.Tensor, matrix: torch.Tensor, axis: int) -> torch.Tensor:
    """Multiply a volume by a matrix, shape (m, n), along one of its axes of length n."""
    shape = list(volume.shape)
    before, n, after = prod(shape[:axis]), shape[axis], prod(shape[axis + 1 :])
    shape[axis] = matrix.shape[0]
    if after == 1:
        return (volume.reshape(before, n) @ matrix.T).reshape(shape)
    return torch.matmul(matrix, volume.reshape(before, n, after)).reshape(shape)


def zoom(
    volume: torch.Tensor, resampling: Resampling, *, order: int, dtype: torch.dtype
) -> torch.Tensor:
    """Return the products of one volume along the zoomed axes, in the arithmetic of `dtype`."""
    found = volume.to(dtype)
    for axis in resampling.zoomed_axes():
        matrix = spline_matrix(resampling.source[axis], resampling.target[axis], order)
        found = along(found, torch.from_numpy(matrix).to(found), axis)
    return found


def take_nearest(volume: torch.Tensor, resampling: Resampling) -> torch.Tensor:
    """Return the slices of the target along the thick axis; the volume itself if there is none."""
    nearest = resampling.nearest_slices()
    if nearest is None or resampling.thick_axis is None:
        return volume
    index = torch.from_numpy(nearest).to(volume.device)
    return volume.index_select(resampling.thick_axis, index)


def resample_images(
    channels: torch.Tensor, resampling: Resampling, *, order: int = 3
) -> torch.Tensor:
    """Resample intensities as nnU-Net does.

    In float64, whose last bit alone depends on the order of a sum, and rounded once. A cubic
    spline overshoots: each channel is cut to its own range before, each thick slice to its own.

    Parameters
    ----------
    channels : tensor of float32, shape (channel, *source)
        On the device that is to do the work.
    order : int
        Order of the spline.

    Returns
    -------
    tensor of float32, shape (channel, *target)
        The same tensor if the shape does not change.
    """
    if resampling.is_identity:
        return channels
    found = torch.empty((len(channels), *resampling.target), dtype=channels.dtype).to(channels)
    within = [axis for axis in range(3) if axis != resampling.thick_axis]
    for place, channel in enumerate(channels):
        smooth = zoom(channel, resampling, order=order, dtype=torch.float64)
        low = channel.amin(dim=within, keepdim=True).double()
        high = channel.amax(dim=within, keepdim=True).double()
        found[place] = take_nearest(torch.clamp(smooth, low, high), resampling)
    return found
