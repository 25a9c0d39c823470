"""Where the brain is: the template's brain mask, fitted to the T1w image of a visit."""

from dataclasses import dataclass
from itertools import product

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.geometry import Volume
from segmentation.imaging.itk import array_of, coarse, to_itk
from segmentation.imaging.template import load_template, template_brain

BRAIN_EXTRACTION_VERSION = "mni-affine-1"
COARSE_MM = 4.0
MARGIN_MM = 2.0
SCALES = (0.82, 0.92, 1.0)
LIFTS_MM = (-15.0, 0.0, 15.0)
SMALLEST_BRAIN_ML, LARGEST_BRAIN_ML = 450.0, 2600.0
SMALLEST_STRETCH, LARGEST_STRETCH = 0.68, 1.18
WORST_METRIC = -0.10
"""Mutual information (negative) above which no brain was found: noise reaches -0.01, the thick
slices of a real head -0.21, phantoms -0.37 to -0.58. Only voxels inside the template's brain
count: with a rim around it, the fit grows until the brain's edge lies on the scalp."""


@dataclass(frozen=True, slots=True)
class TemplateFit:
    """Where the MNI152 template lies in a patient's image.

    Attributes
    ----------
    transform : SimpleITK.AffineTransform
        From points of the template to points of the patient (LPS, mm).
    metric : float
        Mutual information of both, negative: the lower, the better they fit.
    """

    transform: sitk.AffineTransform
    metric: float

    def drawn(self, template: Volume, onto: sitk.Image) -> sitk.Image:
        """Return a map of the template in the grid of a patient's image, 0 outside."""
        return sitk.Resample(
            to_itk(template), onto, self.transform.GetInverse(), sitk.sitkLinear, 0.0
        )


def fit_template(t1w: Volume) -> TemplateFit:
    """Fit the MNI152 template to a T1w image.

    An affine fit by mutual information from several starting sizes; the same image gives the
    same fit. Works on whole heads, on thick slices and on images without a skull.

    Parameters
    ----------
    t1w : Volume
        Intensities in any orientation.

    Raises
    ------
    ImageError
        NO_BRAIN_FOUND if no brain of a plausible shape fits.
    """
    try:
        transform, metric = _fit(coarse(to_itk(t1w), COARSE_MM))
    except RuntimeError as error:  # how the registration says that the images do not overlap
        raise _no_brain() from error
    if metric > WORST_METRIC:
        raise _no_brain()
    return TemplateFit(transform, metric)


def brain_mask(t1w: Volume, fit: TemplateFit) -> NDArray[np.bool_]:
    """Return the brain mask of a T1w image, with a margin of 2 mm.

    Parameters
    ----------
    t1w : Volume
        The image that the template was fitted to.

    Returns
    -------
    ndarray of bool, shape of `t1w.data`

    Raises
    ------
    ImageError
        NO_BRAIN_FOUND if the brain is smaller or larger than any brain.
    """
    fitted = fit.drawn(template_brain(), to_itk(t1w))
    distance = sitk.SignedMaurerDistanceMap(
        fitted > 0.5, insideIsPositive=False, squaredDistance=False, useImageSpacing=True
    )
    mask = array_of(sitk.Cast(distance <= MARGIN_MM, sitk.sitkFloat32)) > 0.5
    volume_ml = float(mask.sum()) * abs(np.linalg.det(t1w.affine[:3, :3])) / 1000
    if not SMALLEST_BRAIN_ML < volume_ml < LARGEST_BRAIN_ML:
        raise _no_brain()
    return mask


def extract_brain(t1w: Volume) -> NDArray[np.bool_]:
    """Return the brain mask of a T1w image; see `fit_template` and `brain_mask`."""
    return brain_mask(t1w, fit_template(t1w))


def _fit(patient: sitk.Image) -> tuple[sitk.AffineTransform, float]:
    """Return the affine map from the template to the patient, and its metric (lower is better).

    Sizes and positions compete first, without shear; only the best two are bent to fit.
    """
    template = coarse(to_itk(load_template("t1")), COARSE_MM)
    brain = coarse(to_itk(template_brain()), COARSE_MM) > 0.5
    similar: list[tuple[float, int, sitk.Similarity3DTransform]] = []
    for start in _starts(template, patient):
        method = _method(brain, start, share=0.15, step_mm=4.0, iterations=40)
        method.Execute(template, patient)
        similar.append((float(method.GetMetricValue()), len(similar), start))
    similar.sort(key=lambda scored: scored[:2])
    fits = []
    for _, index, start in [fit for fit in similar if _is_plausible(fit[2])][:2]:
        affine = sitk.AffineTransform(3)
        affine.SetCenter(start.GetCenter())
        affine.SetMatrix(start.GetMatrix())
        affine.SetTranslation(start.GetTranslation())
        method = _method(brain, affine, share=1.0, step_mm=1.5, iterations=80)
        method.Execute(template, patient)
        if _is_plausible(affine):
            fits.append((float(method.GetMetricValue()), index, affine))
    if not fits:
        raise _no_brain()
    metric, _, best = min(fits, key=lambda fit: fit[:2])
    return best, metric


def _is_plausible(transform: sitk.Transform) -> bool:
    """Return whether a map keeps the brain between a toddler's and a large adult's size."""
    matrix = np.asarray(transform.GetMatrix()).reshape(3, 3)
    stretches = np.linalg.svd(matrix, compute_uv=False)
    return bool(stretches.min() > SMALLEST_STRETCH and stretches.max() < LARGEST_STRETCH)


def _starts(template: sitk.Image, patient: sitk.Image) -> list[sitk.Similarity3DTransform]:
    """Return starting maps: the template under the top of the head, in several sizes."""
    centre = np.asarray(
        template.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in template.GetSize()])
    )
    low, high = extent_of_head(patient)
    starts = []
    for scale, lift in product(SCALES, LIFTS_MM):
        start = sitk.Similarity3DTransform()
        start.SetCenter(centre.tolist())
        start.SetScale(scale)
        target = 0.5 * (low + high)
        # The height of a head counts from its top: a neck may or may not be in the image.
        target[2] = high[2] - 78.0 * scale + lift
        start.SetTranslation((target - centre).tolist())
        starts.append(start)
    return starts


def extent_of_head(patient: sitk.Image) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lowest and highest world coordinates (LPS, mm) of what is not air."""
    threshold = sitk.OtsuThresholdImageFilter()
    threshold.SetInsideValue(0)
    threshold.SetOutsideValue(1)
    mask = threshold.Execute(patient)
    voxels = np.argwhere(sitk.GetArrayFromImage(mask).transpose(2, 1, 0) > 0)
    if voxels.shape[0] < 100:
        raise ImageError(
            FailureCode.NO_BRAIN_FOUND,
            "No brain was found in the T1w image: it is almost empty. Send the image again.",
        )
    direction = np.asarray(patient.GetDirection()).reshape(3, 3) * patient.GetSpacing()
    world = voxels @ direction.T + np.asarray(patient.GetOrigin())
    return np.percentile(world, 1, axis=0), np.percentile(world, 99.5, axis=0)


def _method(
    mask: sitk.Image, start: sitk.Transform, *, share: float, step_mm: float, iterations: int
) -> sitk.ImageRegistrationMethod:
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(32)
    method.SetMetricSamplingStrategy(method.NONE if share == 1.0 else method.REGULAR)
    if share < 1.0:
        method.SetMetricSamplingPercentage(share, 1)
    method.SetMetricFixedMask(mask)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(step_mm, 0.05, iterations, 0.6)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetInitialTransform(start, inPlace=True)
    return method


def _no_brain() -> ImageError:
    return ImageError(
        FailureCode.NO_BRAIN_FOUND,
        "No brain was found in the T1w image. Expected a T1-weighted image of a whole head; "
        "check the body part and the sequence.",
    )
