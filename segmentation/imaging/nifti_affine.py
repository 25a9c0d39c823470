"""Where a NIfTI image lies: the up to three statements of a header, compared, and one affine.

A header states the voxel size (pixdim), and may state position and direction twice (qform and
sform). Readers choose between them by rules of their own, so that one file can have two volumes.
Only files whose statements agree are accepted.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.geometry import farthest_difference_mm, shear, squared_up

MIN_VOXEL_MM = 0.05
MAX_VOXEL_MM = 20.0
AGREEMENT = 1e-3
"""Largest relative difference between two statements about the same thing."""
SQUARE = 1e-4
"""Axes this near to right angles are left as they are.

ITK accepts an sform with a shear of 1e-4 and refuses one of 5e-4 (SimpleITK 2.5.7), so anything
above is turned to the nearest right angles once, here, instead of differently by each reader.
"""
HALF_TURN = 3 * float(np.finfo(np.float32).eps)
"""A rest below this is the rounding of single precision around a half turn, and taken for 0."""
MAX_ORIGIN_MM = 1e5
XFORM_CODES = range(6)

Matrix = NDArray[np.float64]


def checked_affine(
    *,
    pixdim: Sequence[float],
    codes: tuple[int, int],
    quaternion: Sequence[float],
    qoffset: Sequence[float],
    sform: Sequence[float],
    shape: tuple[int, int, int],
) -> tuple[Matrix, int]:
    """Return the one affine that every statement of the header agrees with, and its code.

    Parameters
    ----------
    pixdim : sequence of float, length 8
        qfac, then the voxel size in mm.
    codes : tuple of int
        qform code and sform code; 0 means that the form is not given.
    quaternion, qoffset : sequence of float, length 3
        Rotation (b, c, d) and translation in mm of the qform.
    sform : sequence of float, length 12
        The first three rows of the sform, in mm.
    shape : tuple of int
        Voxels along each axis, over which the two forms are compared.

    Raises
    ------
    ImageError
        BAD_VOXEL_SIZE or BAD_ORIENTATION.
    """
    size_mm = _checked_voxel_size(pixdim[1:4])
    qform_code, sform_code = codes
    _check_codes(qform_code, sform_code)
    affine = None
    if qform_code:
        affine = _affine_of_qform(pixdim[0], size_mm, quaternion, qoffset)
    if sform_code:
        from_sform = _affine_of_sform(sform, size_mm)
        if affine is not None:
            _check_agreement(from_sform, affine, shape)
        affine = from_sform
    if affine is None:
        raise _orientation_error(
            "Expected the header to say where the image lies (sform or qform), found neither. "
            "Convert the image again from the original DICOM files."
        )
    return affine, sform_code or qform_code


def _checked_voxel_size(size_mm: Sequence[float]) -> NDArray[np.float64]:
    if not all(MIN_VOXEL_MM <= size <= MAX_VOXEL_MM for size in size_mm):
        found = " x ".join(f"{size:g}" for size in size_mm)
        raise ImageError(
            FailureCode.BAD_VOXEL_SIZE,
            f"Expected a voxel size between {MIN_VOXEL_MM:g} and {MAX_VOXEL_MM:g} mm, found "
            f"{found}. Convert the image again from the original DICOM files.",
        )
    return np.array(size_mm, np.float64)


def _check_codes(qform_code: int, sform_code: int) -> None:
    if qform_code not in XFORM_CODES or sform_code not in XFORM_CODES:
        raise _orientation_error(
            f"Expected orientation codes from 0 to 5, found qform code {qform_code} and sform "
            f"code {sform_code}. Convert the image again from the original DICOM files."
        )


def _affine_of_qform(
    qfac: float, size_mm: Matrix, quaternion: Sequence[float], qoffset: Sequence[float]
) -> Matrix:
    if qfac not in (-1.0, 0.0, 1.0):
        raise _orientation_error(
            f"Expected a qform handedness of 1 or -1, found {qfac:g}. "
            "Convert the image again from the original DICOM files."
        )
    _check_finite((*quaternion, *qoffset), "qform")
    # The standard takes a qfac of 0 for 1.
    handed = size_mm * [1.0, 1.0, -1.0 if qfac < 0 else 1.0]
    affine = np.eye(4)
    affine[:3, :3] = _rotation(quaternion) * handed
    affine[:3, 3] = qoffset
    _check_origin(affine)
    return affine


def _rotation(quaternion: Sequence[float]) -> Matrix:
    b, c, d = quaternion
    rest = 1.0 - (b * b + c * c + d * d)
    if rest < -AGREEMENT:
        raise _orientation_error(
            f"Expected a unit quaternion in the qform, found one of squared length {1 - rest:g}. "
            "Convert the image again from the original DICOM files."
        )
    a = math.sqrt(rest) if rest > HALF_TURN else 0.0
    a, b, c, d = np.array([a, b, c, d]) / math.sqrt(a * a + b * b + c * c + d * d)
    return np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ]
    )


def _affine_of_sform(sform: Sequence[float], size_mm: Matrix) -> Matrix:
    _check_finite(sform, "sform")
    affine = np.eye(4)
    affine[:3] = np.array(sform, np.float64).reshape(3, 4)
    _check_origin(affine)
    lengths = np.linalg.norm(affine[:3, :3], axis=0)
    if not np.all(np.abs(lengths - size_mm) <= AGREEMENT * size_mm):
        stated = " x ".join(f"{size:.4g}" for size in size_mm)
        implied = " x ".join(f"{length:.4g}" for length in lengths)
        raise ImageError(
            FailureCode.BAD_VOXEL_SIZE,
            f"The header contradicts itself: voxel size {stated} mm, but {implied} mm by its "
            "sform. Convert the image again from the original DICOM files.",
        )
    slant = shear(affine)
    if slant > AGREEMENT:
        raise _orientation_error(
            f"Expected voxel axes at right angles, found {math.degrees(math.asin(slant)):.1f} "
            "degrees off (shear, as from a tilted gantry). Send the image in its original grid."
        )
    return squared_up(affine) if slant > SQUARE else affine


def _check_agreement(from_sform: Matrix, from_qform: Matrix, shape: tuple[int, int, int]) -> None:
    """Compare two affines where they differ most, over the field of view."""
    extent_mm = float(np.linalg.norm(from_sform[:3, :3] @ (np.array(shape) - 1)))
    apart_mm = farthest_difference_mm(from_sform, from_qform, shape)
    if apart_mm > AGREEMENT * extent_mm:
        raise _orientation_error(
            f"The header contradicts itself: sform and qform place the same voxel {apart_mm:.1f} "
            "mm apart. Convert the image again from the original DICOM files."
        )


def _check_finite(values: Sequence[float], form: str) -> None:
    if not all(math.isfinite(value) for value in values):
        raise _orientation_error(
            f"Expected finite numbers in the {form}, found others. "
            "Convert the image again from the original DICOM files."
        )


def _check_origin(affine: Matrix) -> None:
    if np.abs(affine[:3, 3]).max() > MAX_ORIGIN_MM:
        raise _orientation_error(
            "Expected the image to lie inside the scanner, found it more than "
            f"{MAX_ORIGIN_MM / 1000:.0f} m away. "
            "Convert the image again from the original DICOM files."
        )


def _orientation_error(message: str) -> ImageError:
    return ImageError(FailureCode.BAD_ORIENTATION, message)
