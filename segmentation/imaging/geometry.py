"""Where voxels lie: voxel size, right-angled axes, and the nearest RAS order of an image."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

AcqStratum = Literal["3D", "2D"]

LONGEST_EDGE_OF_3D_MM = 1.5
"""A voxel edge above this makes an acquisition 2D for analysis, however it was scanned."""


@dataclass(frozen=True, slots=True)
class Volume:
    """Intensities in a voxel grid, and where the grid lies.

    Attributes
    ----------
    data : ndarray, shape (i, j, k)
        Values of the voxels.
    affine : ndarray of float, shape (4, 4)
        Voxel-to-world matrix, in mm; world axes point right, anterior, superior (RAS+).
    """

    data: NDArray[Any]
    affine: NDArray[np.float64]


def voxel_size_mm(affine: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return the edge lengths of a voxel along its three axes.

    Parameters
    ----------
    affine : ndarray of float, shape (4, 4)
        Voxel-to-world matrix, in mm.

    Returns
    -------
    tuple of float
        Edge lengths along i, j and k, in mm.
    """
    i, j, k = np.linalg.norm(affine[:3, :3], axis=0)
    return float(i), float(j), float(k)


def voxel_volume_mm3(affine: NDArray[np.float64]) -> float:
    """Return the volume of one voxel in mm³, whichever way its axes point."""
    return float(abs(np.linalg.det(affine[:3, :3])))


def shear(affine: NDArray[np.float64]) -> float:
    """Return the largest cosine between two voxel axes: 0 for axes at right angles."""
    directions = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    cosines = directions.T @ directions
    return float(np.abs(cosines - np.diag(np.diag(cosines))).max())


def squared_up(affine: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the affine with its axes turned to the nearest right angles.

    Origin and voxel size stay. The directions become the orthogonal factor of their polar
    decomposition, which is the nearest orthogonal matrix.
    """
    size_mm = np.linalg.norm(affine[:3, :3], axis=0)
    left, _, right = np.linalg.svd(affine[:3, :3] / size_mm)
    result = affine.copy()
    result[:3, :3] = (left @ right) * size_mm
    return result


def to_ras(volume: Volume) -> Volume:
    """Return the volume with its axes reordered and flipped to point as nearly RAS as they can.

    No value is changed and nothing is resampled: an oblique image stays oblique. The data are a
    view of the input.
    """
    order, flips = _nearest_ras(volume.affine)
    data = _flip(np.transpose(volume.data, order), flips)
    return Volume(data, _reordered_affine(volume.affine, data.shape, order, flips))


def from_ras(array: NDArray[Any], original_affine: NDArray[np.float64]) -> NDArray[Any]:
    """Return an array from the grid of `to_ras` in the voxel order it came from.

    Parameters
    ----------
    array : ndarray, shape (i, j, k)
        An array in the grid that `to_ras` returned, for example a label map.
    original_affine : ndarray of float, shape (4, 4)
        The affine of the volume that was given to `to_ras`.

    Returns
    -------
    ndarray
        A view of `array` in the original order; the exact inverse of `to_ras`.
    """
    order, flips = _nearest_ras(original_affine)
    inverse = tuple(int(axis) for axis in np.argsort(order))
    return np.transpose(_flip(array, flips), inverse)


def ras_axis(affine: NDArray[np.float64], axis: int) -> int:
    """Return which axis of `to_ras` a voxel axis becomes."""
    return _nearest_ras(affine)[0].index(axis)


def same_grid(
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    shape: tuple[int, int, int],
    *,
    tolerance_mm: float = 1e-3,
) -> bool:
    """Tell whether two affines place every voxel of a grid within `tolerance_mm` of each other."""
    return farthest_difference_mm(first, second, shape) <= tolerance_mm


def farthest_difference_mm(
    first: NDArray[np.float64], second: NDArray[np.float64], shape: tuple[int, int, int]
) -> float:
    """Return how far apart two affines place the same voxel at most, in mm.

    The difference of two affine maps is largest at a corner of the grid, so eight points suffice.
    """
    corners = np.array(np.meshgrid(*[(0, side - 1) for side in shape])).reshape(3, -1)
    difference = first - second
    apart = difference[:3, :3] @ corners + difference[:3, 3:]
    return float(np.linalg.norm(apart, axis=0).max())


def slice_axis(affine: NDArray[np.float64], orientation: Sequence[float]) -> int:
    """Return which axis of a grid counts the slices of the images that it was made from.

    Parameters
    ----------
    affine : ndarray of float, shape (4, 4)
        Voxel-to-world matrix, in mm, RAS+.
    orientation : sequence of float, length 6
        DICOM ImageOrientationPatient: direction cosines of the rows and of the columns, LPS+.

    Returns
    -------
    int
        0, 1 or 2: the axis nearest to the normal of the images, whichever way it points.
    """
    rows, columns = np.reshape(np.asarray(orientation, dtype=np.float64), (2, 3))
    return _axis_along(affine, np.cross(rows, columns))


def phase_axis(
    affine: NDArray[np.float64], orientation: Sequence[float], direction: str | None
) -> int | None:
    """Return the axis of a grid along which the phase was encoded, as `slice_axis` does.

    Parameters
    ----------
    direction : str or None
        DICOM InPlanePhaseEncodingDirection: ``ROW`` along the rows, ``COL`` along the columns.

    Returns
    -------
    int or None
        None where the header does not say.
    """
    rows, columns = np.reshape(np.asarray(orientation, dtype=np.float64), (2, 3))
    directions = {"ROW": rows, "COL": columns, "COLUMN": columns}
    found = directions.get((direction or "").strip().upper())
    return None if found is None else _axis_along(affine, found)


def _axis_along(affine: NDArray[np.float64], direction_lps: NDArray[np.float64]) -> int:
    """Return the voxel axis nearest to a direction, whichever way it points."""
    directions = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    return int(np.abs((direction_lps * (-1, -1, 1)) @ directions).argmax())


def acq_stratum(
    voxel_size_mm: tuple[float, float, float], mr_acquisition_type: str | None
) -> AcqStratum:
    """Return the stratum in which an image is analysed.

    Parameters
    ----------
    voxel_size_mm : tuple of float
        Edge lengths of a voxel, in mm.
    mr_acquisition_type : str or None
        DICOM MRAcquisitionType (0018,0023), ``"3D"`` or ``"2D"``; None where it is not known, as
        in NIfTI, in which case the voxel size alone decides.

    Returns
    -------
    str
        ``"3D"`` for a volume acquisition whose longest voxel edge is at most 1.5 mm, else ``"2D"``.
    """
    scanned_as_3d = mr_acquisition_type is None or mr_acquisition_type.strip().upper() in ("3D", "")
    # One part in a thousand, the precision to which headers are believed.
    thin = max(voxel_size_mm) <= LONGEST_EDGE_OF_3D_MM * (1 + 1e-3)
    return "3D" if scanned_as_3d and thin else "2D"


def _nearest_ras(affine: NDArray[np.float64]) -> tuple[tuple[int, ...], tuple[bool, ...]]:
    """Return which voxel axis lies nearest to R, A and S, and which of these runs backwards."""
    directions = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    # Six orders are few enough to try; the best as a whole never uses an axis twice.
    order = max(
        permutations(range(3)),
        key=lambda axes: sum(abs(directions[world, axis]) for world, axis in enumerate(axes)),
    )
    flips = tuple(bool(directions[world, axis] < 0) for world, axis in enumerate(order))
    return order, flips


def _flip(array: NDArray[Any], flips: tuple[bool, ...]) -> NDArray[Any]:
    return array[tuple(slice(None, None, -1 if flip else 1) for flip in flips)]


def _reordered_affine(
    affine: NDArray[np.float64],
    shape: tuple[int, ...],
    order: tuple[int, ...],
    flips: tuple[bool, ...],
) -> NDArray[np.float64]:
    result = affine.copy()
    for world, (axis, flip) in enumerate(zip(order, flips, strict=True)):
        step = affine[:3, axis]
        result[:3, world] = -step if flip else step
        if flip:
            result[:3, 3] += step * (shape[world] - 1)
    return result
