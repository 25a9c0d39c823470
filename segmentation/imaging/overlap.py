"""Agreement of two masks: of their voxels, 95th-percentile Hausdorff distance and surface Dice.

A mask is any array whose non-zero voxels are foreground. The surface of a mask is the set of its
voxels that touch the background, or the border of the array, with a face.
"""

from dataclasses import dataclass
from math import isnan
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Mask = NDArray[np.bool_]
Spacing = tuple[float, float, float]
Distances = tuple[NDArray[np.float64], NDArray[np.float64]]

SURFACE_TOLERANCE_MM = {"3D": 1.0, "2D": 2.5}
"""Of the surface Dice, by stratum."""
OVERLAP_VERSION = "overlap-1"
"""Of `overlap_of`; goes up when the same two masks get other figures."""
_FACES = ndimage.generate_binary_structure(3, 1)
# Distances are sums of squared multiples of the voxel size: 0.1 * 3 must not exceed 0.3.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Overlap:
    """How far two masks agree; None where a figure is not defined."""

    dice: float | None
    hausdorff95_mm: float | None
    surface_dice: float | None


def overlap_of(
    prediction: NDArray[Any], reference: NDArray[Any], voxel_size_mm: Spacing, acq_stratum: str
) -> Overlap:
    """Return the three figures of two masks, with the surface tolerance of their stratum.

    Parameters
    ----------
    prediction, reference : ndarray, shape (i, j, k)
        Masks; non-zero is foreground.
    acq_stratum : str
        ``3D`` or ``2D``.

    Raises
    ------
    ValueError
        As `surface_dice`.
    """
    first, second = _masks(prediction, reference)
    # The distances take most of the time, and both figures of the surface rest on them.
    distances = _surface_distances_mm(first, second, voxel_size_mm)
    is_empty = not (first.any() or second.any())
    return Overlap(
        _defined(dice(first, second)),
        _defined(_hausdorff95(distances)),
        _defined(_surface_dice(distances, SURFACE_TOLERANCE_MM[acq_stratum], is_empty=is_empty)),
    )


def _defined(value: float) -> float | None:
    # NaN has no place in a record.
    return None if isnan(value) else float(value)


def dice(prediction: NDArray[Any], reference: NDArray[Any]) -> float:
    """Return twice the shared foreground over the sum of both.

    Parameters
    ----------
    prediction, reference : ndarray, same shape
        Masks; non-zero is foreground.

    Returns
    -------
    float
        0 to 1; NaN where both masks are empty.

    Raises
    ------
    ValueError
        If the shapes differ or a mask is not finite.
    """
    counted = _counted(prediction, reference)
    return _share(2 * counted.shared, counted.first + counted.second)


def precision(prediction: NDArray[Any], reference: NDArray[Any]) -> float:
    """Return the share of the prediction that lies in the reference; as `dice`, NaN if empty.

    Taha and Hanbury 2015, BMC Med Imaging 15:29, for this and the three that follow.
    """
    counted = _counted(prediction, reference)
    return _share(counted.shared, counted.first)


def sensitivity(prediction: NDArray[Any], reference: NDArray[Any]) -> float:
    """Return the share of the reference that the prediction holds; as `dice`, NaN if empty."""
    counted = _counted(prediction, reference)
    return _share(counted.shared, counted.second)


def relative_volume_difference(prediction: NDArray[Any], reference: NDArray[Any]) -> float:
    """Return by how much the prediction is larger, in shares of the reference; NaN if empty.

    Parameters and errors as `dice`; negative where the prediction is smaller.
    """
    counted = _counted(prediction, reference)
    return _share(counted.first - counted.second, counted.second)


def volumetric_similarity(prediction: NDArray[Any], reference: NDArray[Any]) -> float:
    """Return 1 less the difference of both volumes over their sum, wherever they lie.

    Parameters, errors and range as `dice`, which is never larger.
    """
    counted = _counted(prediction, reference)
    total = counted.first + counted.second
    return _share(total - abs(counted.first - counted.second), total)


@dataclass(frozen=True, slots=True)
class _Counted:
    """Voxels of either mask, and of both."""

    first: int
    second: int
    shared: int


def _counted(prediction: NDArray[Any], reference: NDArray[Any]) -> _Counted:
    first, second = _masks(prediction, reference)
    return _Counted(int(first.sum()), int(second.sum()), int((first & second).sum()))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


def hausdorff95(prediction: NDArray[Any], reference: NDArray[Any], voxel_size_mm: Spacing) -> float:
    """Return the larger of the two directed 95th-percentile surface distances.

    Parameters
    ----------
    prediction, reference : ndarray, shape (i, j, k)
        Masks; non-zero is foreground.
    voxel_size_mm : tuple of float
        Edge lengths of a voxel, in mm.

    Returns
    -------
    float
        Distance in mm; NaN where a mask is empty, since the distance to nothing is not defined.
        Report how many cases that concerns.

    Raises
    ------
    ValueError
        If the shapes differ, a mask is not finite, or a voxel size is not positive.
    """
    return _hausdorff95(_surface_distances_mm(*_masks(prediction, reference), voxel_size_mm))


def _hausdorff95(distances: Distances | None) -> float:
    if distances is None:
        return float("nan")
    return float(max(np.percentile(directed, 95) for directed in distances))


def surface_dice(
    prediction: NDArray[Any],
    reference: NDArray[Any],
    voxel_size_mm: Spacing,
    tolerance_mm: float,
) -> float:
    """Return the share of both surfaces that lies within a tolerance of the other.

    Parameters
    ----------
    prediction, reference : ndarray, shape (i, j, k)
        Masks; non-zero is foreground.
    voxel_size_mm : tuple of float
        Edge lengths of a voxel, in mm.
    tolerance_mm : float
        Distance that still counts as agreement, in mm.

    Returns
    -------
    float
        0 to 1; 0 where one mask is empty, NaN where both are.

    Raises
    ------
    ValueError
        If the shapes differ, a mask is not finite, a voxel size is not positive, or the tolerance
        is negative or not a number.
    """
    if not tolerance_mm >= 0:
        raise ValueError(f"tolerance_mm must be zero or positive, got {tolerance_mm}.")
    first, second = _masks(prediction, reference)
    distances = _surface_distances_mm(first, second, voxel_size_mm)
    is_empty = not (first.any() or second.any())
    return _surface_dice(distances, tolerance_mm, is_empty=is_empty)


def _surface_dice(distances: Distances | None, tolerance_mm: float, *, is_empty: bool) -> float:
    if distances is None:
        return float("nan") if is_empty else 0.0
    within = sum(int((d <= tolerance_mm * (1 + _ROUNDING)).sum()) for d in distances)
    return within / sum(d.size for d in distances)


def _masks(prediction: NDArray[Any], reference: NDArray[Any]) -> tuple[Mask, Mask]:
    first, second = np.asarray(prediction), np.asarray(reference)
    if first.shape != second.shape:
        raise ValueError(f"Expected masks of one shape, got {first.shape} and {second.shape}.")
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise ValueError("A mask holds values that are not finite.")
    return first != 0, second != 0


def _surface_distances_mm(first: Mask, second: Mask, voxel_size_mm: Spacing) -> Distances | None:
    """Return the distances from each surface to the other, or None where a mask is empty."""
    if len(voxel_size_mm) != 3 or not all(np.isfinite(s) and s > 0 for s in voxel_size_mm):
        raise ValueError(f"Expected three positive voxel sizes, got {tuple(voxel_size_mm)}.")
    if first.ndim != 3:
        raise ValueError(f"Expected masks of 3 dimensions, got {first.ndim}.")
    if not (first.any() and second.any()):
        return None
    # Both surfaces lie inside the box around both masks, and so does every shortest line's end.
    box = ndimage.find_objects((first | second).astype(np.uint8))[0]
    surfaces = [mask[box] & ~_eroded(mask[box]) for mask in (first, second)]
    to_first, to_second = (
        ndimage.distance_transform_edt(~surface, sampling=voxel_size_mm) for surface in surfaces
    )
    return to_second[surfaces[0]], to_first[surfaces[1]]


def _eroded(mask: Mask) -> Mask:
    return np.asarray(ndimage.binary_erosion(mask, _FACES), np.bool_)
