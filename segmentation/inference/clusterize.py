"""Clusters of bright voxels, slice by slice, by a threshold that descends (after Clas 2012).

A threshold falls from the highest intensity to a lower limit in equal steps. A local maximum
becomes the core of a cluster when the threshold reaches it; every other voxel joins a cluster
when the threshold reaches the voxel, and of several clusters the one that it is connected to
first. Which cluster, and at which threshold: these two numbers per voxel are kept, so that
clusters can be switched on and off, and each be cut at its own threshold, without computing
anything again.

Source: Clas P, Groeschel S, Wilke M. A semi-automatic algorithm for determining the
demyelination load in metachromatic leukodystrophy. Acad Radiol 2012; 19:26-34.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.morphology import area_opening, local_maxima
from skimage.segmentation import watershed

from segmentation.imaging.geometry import ras_axis, voxel_size_mm

CLUSTERING_VERSION = "descending-threshold-1"
ALIKE = 1.1
"""Voxel edges that differ by less than a tenth count as equal: then no edge names the slices."""


@dataclass(frozen=True, slots=True)
class ClusterParameters:
    """How clusters are found.

    Attributes
    ----------
    lowest_percent : int
        The threshold at which the descent ends, in percent of the robust maximum (t_L).
    step_percent : int
        By how much the threshold falls in each step.
    smallest_cluster_mm2 : float
        A local maximum is a core only if it gathers this area before it meets a brighter
        cluster; 0: every local maximum is.

    Raises
    ------
    ValueError
        If the limit is not within 1 to 99, the step is not positive, or the area negative.
    """

    lowest_percent: int = 20
    step_percent: int = 1
    smallest_cluster_mm2: float = 25.0

    def __post_init__(self) -> None:
        if not 1 <= self.lowest_percent <= 99:
            raise ValueError(f"lowest_percent must be 1 to 99, got {self.lowest_percent}.")
        if self.step_percent < 1:
            raise ValueError(f"step_percent must be at least 1, got {self.step_percent}.")
        if not self.smallest_cluster_mm2 >= 0:
            raise ValueError(
                f"smallest_cluster_mm2 must be 0 or more, got {self.smallest_cluster_mm2}."
            )

    @property
    def level_count(self) -> int:
        """How many thresholds there are: 80 for 20 % and steps of 1 %."""
        return -(-(100 - self.lowest_percent) // self.step_percent)

    def as_dict(self) -> dict[str, float]:
        """Return the parameters by name, as provenance keeps them."""
        return {
            "lowest_percent": self.lowest_percent,
            "step_percent": self.step_percent,
            "smallest_cluster_mm2": self.smallest_cluster_mm2,
        }


@dataclass(frozen=True, slots=True)
class ClusterMatrix:
    """Which cluster each voxel belongs to, and at which threshold it joined.

    Attributes
    ----------
    clusters : ndarray of int32, shape (i, j, k)
        Number of the cluster, from 1; 0 for a voxel of none.
    joined_at_percent : ndarray of uint8, shape (i, j, k)
        Threshold at which the voxel joined, in percent of the robust maximum; 0 for a voxel of
        none.
    slice_axis : int
        The axis that counts the slices; no cluster reaches beyond its slice.
    robust_maximum : float
        The intensity that 100 % stands for.
    parameters : ClusterParameters
    """

    clusters: NDArray[np.int32]
    joined_at_percent: NDArray[np.uint8]
    slice_axis: int
    robust_maximum: float
    parameters: ClusterParameters

    @property
    def cluster_count(self) -> int:
        """How many clusters there are."""
        return int(self.clusters.max(initial=0))

    def selection(self, thresholds: Mapping[int, int]) -> NDArray[np.bool_]:
        """Return the voxels of chosen clusters, each cut at its own threshold.

        Parameters
        ----------
        thresholds : mapping of int to int
            For the number of each chosen cluster its threshold, in percent.

        Raises
        ------
        ValueError
            If there is no cluster of a number.
        """
        unknown = [number for number in thresholds if not 1 <= number <= self.cluster_count]
        if unknown:
            raise ValueError(f"There are clusters 1 to {self.cluster_count}, not {unknown[0]}.")
        # Above every threshold: a cluster that is not chosen shows nothing.
        cut = np.full(self.cluster_count + 1, 255, dtype=np.uint8)
        for number, percent in thresholds.items():
            cut[number] = min(percent, 255)
        return (self.clusters > 0) & (self.joined_at_percent >= cut[self.clusters])


@dataclass(frozen=True, slots=True)
class ClusterTable:
    """One row per cluster, in the order of their numbers: row 0 is cluster 1.

    Attributes
    ----------
    slice_index : ndarray of int, shape (n,)
        The slice it lies in.
    peak_percent : ndarray of int, shape (n,)
        Threshold at which its core appeared, in percent of the robust maximum.
    thresholds_percent : ndarray of int, shape (m,)
        The thresholds, from the highest to the lowest.
    voxels : ndarray of int, shape (n, m)
        How many voxels the cluster has at each threshold; grows along each row.
    """

    slice_index: NDArray[np.int64]
    peak_percent: NDArray[np.int64]
    thresholds_percent: NDArray[np.int64]
    voxels: NDArray[np.int64]


def slice_axis_of(affine: NDArray[np.float64]) -> int:
    """Return which axis counts the slices as acquired: the one with the longest voxel edge.

    Where no edge is longer than the others by a tenth, it is the axis nearest to the direction
    from feet to head: such an image has no thick slices, and axial ones are what people read.

    Parameters
    ----------
    affine : ndarray of float, shape (4, 4)
        Voxel-to-world matrix, in mm, RAS+.
    """
    size_mm = voxel_size_mm(affine)
    longest = int(np.argmax(size_mm))
    others = [edge for axis, edge in enumerate(size_mm) if axis != longest]
    if size_mm[longest] > ALIKE * max(others):
        return longest
    return next(axis for axis in range(3) if ras_axis(affine, axis) == 2)


def find_clusters(
    intensities: NDArray[np.floating],
    affine: NDArray[np.float64],
    *,
    inside: NDArray[np.bool_],
    robust_maximum: float,
    parameters: ClusterParameters | None = None,
) -> ClusterMatrix:
    """Divide the bright voxels of an image into clusters, each slice by itself.

    Voxels count as neighbours by an edge or a corner within the slice. A voxel that is connected
    to several clusters when the threshold reaches it joins that of its brightest neighbour, of
    equally bright ones that which was reached in fewer steps. A voxel of a local maximum too
    small for a core joins where that maximum meets a brighter cluster; one that meets none
    belongs to no cluster.

    Parameters
    ----------
    intensities : ndarray of float, shape (i, j, k)
        The T2w image in its own grid, not resampled.
    affine : ndarray of float, shape (4, 4)
        Voxel-to-world matrix, in mm.
    inside : ndarray of bool, shape (i, j, k)
        The voxels that take part: brain without fluid.
    robust_maximum : float
        The intensity that 100 % stands for; brighter voxels count as 100 %.
    parameters : ClusterParameters, optional
        The defaults of the source, if absent.

    Raises
    ------
    ValueError
        If the shapes differ, or the maximum is not positive and finite.
    """
    chosen = parameters or ClusterParameters()
    if intensities.shape != inside.shape or intensities.ndim != 3:
        raise ValueError(f"Expected two arrays (i, j, k), got {intensities.shape}, {inside.shape}.")
    if not (np.isfinite(robust_maximum) and robust_maximum > 0):
        raise ValueError(f"robust_maximum must be positive, got {robust_maximum}.")
    axis = slice_axis_of(affine)
    steps = np.moveaxis(_steps(intensities, inside, robust_maximum, chosen), axis, 0)
    clusters, joined = _flooded(steps, _smallest(affine, axis, chosen))
    percent = chosen.lowest_percent + (joined - 1) * chosen.step_percent
    percent = np.where(joined > 0, percent, 0).astype(np.uint8)
    return ClusterMatrix(
        clusters=np.ascontiguousarray(np.moveaxis(clusters, 0, axis)),
        joined_at_percent=np.ascontiguousarray(np.moveaxis(percent, 0, axis)),
        slice_axis=axis,
        robust_maximum=float(robust_maximum),
        parameters=chosen,
    )


def tabulate(matrix: ClusterMatrix) -> ClusterTable:
    """Return slice, peak and size by threshold of each cluster."""
    chosen, count = matrix.parameters, matrix.cluster_count
    levels = chosen.lowest_percent + chosen.step_percent * np.arange(chosen.level_count)
    held = matrix.clusters > 0
    numbers = matrix.clusters[held].astype(np.int64) - 1
    step = (matrix.joined_at_percent[held].astype(np.int64) - levels[0]) // chosen.step_percent
    joined = np.zeros((count, levels.size), dtype=np.int64)
    np.add.at(joined, (numbers, levels.size - 1 - step), 1)
    slices = np.zeros(count, dtype=np.int64)
    slices[numbers] = np.nonzero(held)[matrix.slice_axis]
    descending = levels[::-1]
    peaks = descending[(joined > 0).argmax(axis=1)] if count else np.zeros(0, dtype=np.int64)
    return ClusterTable(slices, peaks, descending, joined.cumsum(axis=1))


def _steps(
    intensities: NDArray[np.floating],
    inside: NDArray[np.bool_],
    robust_maximum: float,
    parameters: ClusterParameters,
) -> NDArray[np.uint8]:
    """Return the step, from 1 for the lowest threshold, at which the threshold meets each voxel."""
    # In this order, since 100 * (29 / 100) is less than 29.
    percent = 100.0 * intensities.astype(np.float64) / robust_maximum
    above = np.floor((percent - parameters.lowest_percent) / parameters.step_percent) + 1
    above = np.clip(above, 0, parameters.level_count)
    return np.where(inside, above, 0).astype(np.uint8)


def _smallest(affine: NDArray[np.float64], axis: int, parameters: ClusterParameters) -> int:
    """Return the smallest cluster in voxels of a slice, at least one."""
    edges = [edge for other, edge in enumerate(voxel_size_mm(affine)) if other != axis]
    return max(1, round(parameters.smallest_cluster_mm2 / (edges[0] * edges[1])))


def _flooded(
    steps: NDArray[np.uint8], smallest: int
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return clusters and steps at which voxels joined; the first axis counts the slices.

    Slice by slice: in one queue for all of them, equal voxels of one would be reached in an order
    that depends on the others.
    """
    clusters = np.zeros(steps.shape, dtype=np.int32)
    joined = np.zeros(steps.shape, dtype=np.int64)
    count = 0
    for index, one in enumerate(steps):
        for rows, columns in ndimage.find_objects((one > 0).astype(np.uint8)):
            found, met = _flooded_slice(one[rows, columns], smallest)
            clusters[index, rows, columns] = np.where(found > 0, found + count, 0)
            joined[index, rows, columns] = met
            count += int(found.max())
    return clusters, joined


def _flooded_slice(
    steps: NDArray[np.uint8], smallest: int
) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
    # A rim of zeros: a plateau that fills the slice is a maximum as well.
    framed = np.pad(steps, 1)
    if smallest > 1:
        framed = area_opening(framed, smallest, connectivity=2)
    cores, _ = ndimage.label(local_maxima(framed, connectivity=2), np.ones((3, 3)))
    # The queue of skimage hands out the brightest voxel first, of equals that which came first.
    found = watershed(-framed.astype(np.int16), cores, connectivity=2, mask=framed > 0)
    return found[1:-1, 1:-1].astype(np.int32), framed[1:-1, 1:-1]
