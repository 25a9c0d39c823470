"""Where the template lies in an image of any sequence: found in the T1w image of the visit."""

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from segmentation.imaging.brain import TemplateFit, fit_template
from segmentation.imaging.geometry import Volume
from segmentation.imaging.registration import register_rigid

LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
"""From RAS to LPS and back."""


def place(image: Volume, t1w: Volume | None) -> TemplateFit:
    """Return where the template lies in an image.

    Parameters
    ----------
    image : Volume
        In RAS order.
    t1w : Volume or None
        The T1w image of the same visit if `image` is of another sequence: the template is fitted
        to it, and both are aligned. A fit to a T2w or FLAIR image itself fails, or takes scalp
        for brain, too often (docs/image_quality.md).

    Raises
    ------
    ImageError
        NO_BRAIN_FOUND, or REGISTRATION_FAILED.
    """
    if t1w is None:
        return fit_template(image)
    return _after(fit_template(t1w), register_rigid(image, t1w))


def to_template(fit: TemplateFit, affine: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the map from voxel indices of an image to points of the template (RAS, mm).

    Returns
    -------
    ndarray of float, shape (4, 4)
    """
    return np.asarray(LPS @ np.linalg.inv(as_matrix(fit.transform)) @ LPS @ affine)


def _after(fit: TemplateFit, motion: sitk.Transform) -> TemplateFit:
    """Return the map from the template to the other image: first the fit, then the motion."""
    whole = as_matrix(motion) @ as_matrix(fit.transform)
    transform = sitk.AffineTransform(3)
    transform.SetMatrix(whole[:3, :3].ravel().tolist())
    transform.SetTranslation(whole[:3, 3].tolist())
    return TemplateFit(transform, fit.metric)


def as_matrix(transform: sitk.Transform) -> NDArray[np.float64]:
    """Return a linear map of points (LPS, mm) as a matrix of shape (4, 4)."""
    matrix = np.eye(4)
    origin = np.asarray(transform.TransformPoint((0.0, 0.0, 0.0)))
    matrix[:3, 3] = origin
    for axis, unit in enumerate(np.eye(3)):
        matrix[:3, axis] = np.asarray(transform.TransformPoint(unit.tolist())) - origin
    return matrix
