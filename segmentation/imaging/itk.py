"""Between the arrays of this package (RAS, i-j-k) and SimpleITK's images (LPS, k-j-i)."""

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from segmentation.imaging.geometry import Volume, voxel_size_mm

_RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0])


def to_itk(volume: Volume) -> sitk.Image:
    """Return a SimpleITK image of the same voxels in the same place, as float32."""
    image = sitk.GetImageFromArray(
        np.ascontiguousarray(volume.data.astype(np.float32).transpose(2, 1, 0))
    )
    size_mm = np.asarray(voxel_size_mm(volume.affine))
    direction = _RAS_TO_LPS @ (volume.affine[:3, :3] / size_mm)
    image.SetSpacing(size_mm.tolist())
    image.SetDirection(direction.ravel().tolist())
    image.SetOrigin((_RAS_TO_LPS @ volume.affine[:3, 3]).tolist())
    return image


def array_of(image: sitk.Image) -> NDArray[np.float32]:
    """Return the voxels of a SimpleITK image in i-j-k order, as float32."""
    voxels: NDArray[np.float32] = sitk.GetArrayFromImage(image).transpose(2, 1, 0)
    return np.ascontiguousarray(voxels, dtype=np.float32)


def coarse(image: sitk.Image, size_mm: float) -> sitk.Image:
    """Return an image blurred and sampled at isotropic voxels of a size, over the same space."""
    spacing = np.asarray(image.GetSpacing())
    shape = np.maximum(1, np.round(np.asarray(image.GetSize()) * spacing / size_mm)).astype(int)
    blurred = sitk.SmoothingRecursiveGaussian(
        image, [max(0.35 * size_mm, 0.01 * s) for s in spacing]
    )
    # The first sample lies in the middle of the first coarse voxel.
    origin = image.TransformContinuousIndexToPhysicalPoint((0.5 * size_mm / spacing - 0.5).tolist())
    return sitk.Resample(
        blurred,
        shape.tolist(),
        sitk.Transform(),
        sitk.sitkLinear,
        origin,
        [size_mm] * 3,
        image.GetDirection(),
        0.0,
        sitk.sitkFloat32,
    )
