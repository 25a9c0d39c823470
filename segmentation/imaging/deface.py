"""Remove face and ears from an image, and never a voxel of the brain.

A plane of the template cuts the face off, from the brow to below the brain stem; the ears go
with it. Where the template lies is known from the same fit by which the brain is found. What is
left is the image as it was: nothing is resampled, smoothed or rescaled.
"""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from segmentation.imaging.brain import TemplateFit, brain_mask
from segmentation.imaging.geometry import Volume, from_ras, to_ras
from segmentation.imaging.itk import array_of, to_itk
from segmentation.imaging.placing import place, to_template

DEFACING_VERSION = "template-plane-1"
GUARD_MM = 5.0
"""No voxel this near to the brain mask, which has a margin of 2 mm itself, is removed."""
BROW_MM = (90.0, 20.0)
BELOW_BRAIN_STEM_MM = (-10.0, -75.0)
"""Two points (anterior, superior; mm, MNI) of the plane that cuts the face off."""
EAR_RIGHT_MM = 66.0
EAR_ANTERIOR_MM = (-65.0, 25.0)
EAR_SUPERIOR_MM = (-110.0, 5.0)
"""The boxes around the ears: this far to the side, between these limits (mm, MNI)."""


@dataclass(frozen=True, slots=True)
class Defaced:
    """An image without its face.

    Attributes
    ----------
    image : Volume
        In the voxel order of the original; 0 where something was removed.
    removed, brain : ndarray of bool, shape of the image
        What was set to 0, and the brain mask; they have no voxel in common.
    """

    image: Volume
    removed: NDArray[np.bool_]
    brain: NDArray[np.bool_]


def deface(image: Volume, *, t1w: Volume | None = None) -> Defaced:
    """Return an image without face and ears.

    Parameters
    ----------
    image : Volume
        Intensities in any orientation.
    t1w : Volume, optional
        The T1w image of the same visit, with its face, if `image` is of another sequence: both
        are cut along the same plane of the head.

    Raises
    ------
    ImageError
        If no brain is found, or both images do not belong together: nothing is given out then.
    """
    turned = to_ras(image)
    fit = place(turned, None if t1w is None else to_ras(t1w))
    brain = brain_mask(turned, fit)
    removed = face_of(turned, fit) & ~_guarded(turned, brain)
    data = np.where(from_ras(removed, image.affine), np.zeros(1, image.data.dtype), image.data)
    return Defaced(
        Volume(data, image.affine),
        np.ascontiguousarray(from_ras(removed, image.affine)),
        np.ascontiguousarray(from_ras(brain, image.affine)),
    )


def face_of(image: Volume, fit: TemplateFit) -> NDArray[np.bool_]:
    """Return what lies on the face's side of the plane or in the boxes of the ears.

    The brain is not left out yet.

    Returns
    -------
    ndarray of bool, shape (i, j, k)
    """
    way = to_template(fit, image.affine)
    shape = image.data.shape
    right, anterior, superior = (_coordinate(way[axis], shape) for axis in range(3))
    (y1, z1), (y0, z0) = BROW_MM, BELOW_BRAIN_STEM_MM
    slope = (z1 - z0) / (y1 - y0)
    face = superior < z0 + slope * (anterior - y0)
    ears = np.abs(right) > EAR_RIGHT_MM
    for values, (low, high) in ((anterior, EAR_ANTERIOR_MM), (superior, EAR_SUPERIOR_MM)):
        ears &= (values > low) & (values < high)
    return np.asarray(face | ears)


def _coordinate(row: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Return one coordinate of every voxel, from its row of the matrix."""
    i, j, k = (
        (step * np.arange(side)).astype(np.float32)
        for step, side in zip(row[:3], shape, strict=True)
    )
    return np.asarray(i[:, None, None] + j[None, :, None] + k[None, None, :] + np.float32(row[3]))


def _guarded(image: Volume, brain: NDArray[np.bool_]) -> NDArray[np.bool_]:
    mask = to_itk(Volume(brain, image.affine)) > 0.5
    distance = sitk.SignedMaurerDistanceMap(
        mask, insideIsPositive=False, squaredDistance=False, useImageSpacing=True
    )
    near = array_of(sitk.Cast(distance <= GUARD_MM, sitk.sitkFloat32)) > 0.5
    # The brain itself, whatever the distance map makes of its edge.
    return np.asarray(near | brain)
