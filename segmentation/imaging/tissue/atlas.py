"""Where the atlas expects fluid, gray and white matter, and how well the template fits tissue."""

from functools import cache

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.imaging.brain import TemplateFit
from segmentation.imaging.geometry import Volume, voxel_volume_mm3
from segmentation.imaging.itk import array_of, coarse, to_itk
from segmentation.imaging.template import template_brain, template_tissues

Shares = NDArray[np.float64]

BLUR_MM = 2.0
"""What an affine fit leaves: the atlas blurred by it is the share to expect at a place."""
COARSE_MM = 4.0
PATIENT_BLUR_MM = 2.0
RIM_VOXELS = 2


@cache
def _maps(blur_mm: float) -> tuple[Volume, Volume, Volume]:
    """Return the template's shares of fluid, gray and white matter (Fonov 2011), blurred."""
    brain = template_brain()
    gray, white = (tissue.data * brain.data for tissue in template_tissues())
    fluid = np.clip(brain.data - gray - white, 0, 1)
    blurred = (ndimage.gaussian_filter(share, blur_mm) for share in (fluid, gray, white))
    fluid, gray, white = (share.astype(np.float32) for share in blurred)
    return (
        Volume(fluid, brain.affine),
        Volume(gray, brain.affine),
        Volume(white, brain.affine),
    )


@cache
def _images(blur_mm: float) -> tuple[sitk.Image, ...]:
    return tuple(to_itk(part) for part in _maps(blur_mm))


@cache
def _tissue_of_template() -> tuple[sitk.Image, sitk.Image]:
    """Return the template's share of tissue, coarse, and where it is compared with a patient."""
    _, gray, white = _maps(0.0)
    tissue = coarse(to_itk(Volume(gray.data + white.data, gray.affine)), COARSE_MM)
    around = coarse(to_itk(template_brain()), COARSE_MM) > 0.02
    return tissue, sitk.BinaryDilate(around, [RIM_VOXELS] * 3)


def expected_shares(image: Volume, fit: TemplateFit) -> Shares:
    """Return the shares of fluid, gray and white matter that the atlas expects in an image.

    Returns
    -------
    ndarray of float, shape (i, j, k, 3)
        0 to 1, in the grid of the image.
    """
    grid, back = to_itk(image), fit.transform.GetInverse()
    drawn = (sitk.Resample(part, grid, back, sitk.sitkLinear, 0.0) for part in _images(BLUR_MM))
    return np.stack([array_of(part) for part in drawn], axis=-1).astype(np.float64)


def intracranial_volume_ml(fit: TemplateFit) -> float:
    """Return the volume inside the template's brain surface, as the fit scales it, in mL.

    That is brain, ventricles and the fluid of the sulci. A fit knows it also where an image
    ends early.
    """
    brain = template_brain()
    matrix = np.asarray(fit.transform.GetMatrix()).reshape(3, 3)
    of_template = float((brain.data > 0).sum()) * voxel_volume_mm3(brain.affine)
    return of_template * float(abs(np.linalg.det(matrix))) / 1000


def seen_share(image: Volume, fit: TemplateFit) -> float:
    """Return the share of the template's brain that lies inside an image, 0 to 1."""
    grid = to_itk(image)
    inside = float(array_of(fit.drawn(template_brain(), grid)).sum())
    return inside * voxel_volume_mm3(image.affine) / 1000 / intracranial_volume_ml(fit)


def refined(fit: TemplateFit, tissue: Volume) -> TemplateFit:
    """Return the fit bent so that the template's tissue lies on the tissue of the patient.

    The fit that finds a brain maximises mutual information inside the template alone and tends
    to be a few percent large; tissue against tissue has an edge to hold on to.

    Parameters
    ----------
    tissue : Volume
        Share of brain tissue in each voxel of the patient, 0 to 1.

    Raises
    ------
    RuntimeError
        If the two do not overlap.
    """
    moving = sitk.SmoothingRecursiveGaussian(to_itk(tissue), PATIENT_BLUR_MM)
    fixed, around = _tissue_of_template()
    transform = sitk.AffineTransform(fit.transform)
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMeanSquares()
    method.SetMetricFixedMask(around)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(1.5, 0.02, 80, 0.6)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetInitialTransform(transform, inPlace=True)
    method.Execute(fixed, moving)
    return TemplateFit(transform, fit.metric)
