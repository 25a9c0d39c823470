"""Bring the T2w image of a visit into the voxel grid of its T1w image."""

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.geometry import Volume
from segmentation.imaging.itk import array_of, coarse, to_itk

REGISTRATION_VERSION = "rigid-mi-1"
COARSE_MM = 3.0
LARGEST_SHIFT_MM = 40.0
LARGEST_TURN_DEGREES = 30.0


def register_rigid(moving: Volume, fixed: Volume) -> sitk.Transform:
    """Return the rigid motion from points of `fixed` to points of `moving`.

    Starts from the scanner's own coordinates and maximises mutual information (Mattes
    2003); the same images give the same answer.

    Raises
    ------
    ImageError
        REGISTRATION_FAILED if the images do not overlap, or the motion found is larger
        than a patient moves within one session.
    """
    target, source = (coarse(to_itk(volume), COARSE_MM) for volume in (fixed, moving))
    start = sitk.Euler3DTransform()
    start.SetCenter(_middle(target))
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(32)
    method.SetMetricSamplingStrategy(method.REGULAR)
    method.SetMetricSamplingPercentage(0.4, 1)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(2.0, 0.02, 80, 0.6)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetShrinkFactorsPerLevel([2, 1])
    method.SetSmoothingSigmasPerLevel([2, 0])
    method.SetInitialTransform(start, inPlace=True)
    try:
        method.Execute(target, source)
    except RuntimeError as error:
        raise _failed() from error
    turn = np.rad2deg(np.abs([start.GetAngleX(), start.GetAngleY(), start.GetAngleZ()]).max())
    shift = float(np.linalg.norm(start.GetTranslation()))
    if shift > LARGEST_SHIFT_MM or turn > LARGEST_TURN_DEGREES:
        raise _failed()
    return start


def resample_onto(moving: Volume, fixed: Volume, transform: sitk.Transform) -> NDArray[np.float32]:
    """Return `moving` in the grid of `fixed`, linear, 0 where there is nothing."""
    return array_of(sitk.Resample(to_itk(moving), to_itk(fixed), transform, sitk.sitkLinear, 0.0))


def _middle(image: sitk.Image) -> tuple[float, ...]:
    half = [(n - 1) / 2 for n in image.GetSize()]
    point: tuple[float, ...] = image.TransformContinuousIndexToPhysicalPoint(half)
    return point


def _failed() -> ImageError:
    return ImageError(
        FailureCode.REGISTRATION_FAILED,
        "The T2w image could not be aligned with the T1w image of the visit. Expected two images "
        "of one session; check that both belong to this patient and this visit.",
    )
