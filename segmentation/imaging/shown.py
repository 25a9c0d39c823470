"""How much of the brain an image shows: neither what lies beyond it nor what it fills with zeros.

Whatever slices an image anew (FSL, SPM) fills with zeros what it has no values for, so that the
grid alone does not say where an image ends. An image without a skull is 0 around the brain, and
in the rim where the fitted brain does not follow it; so zeros count from some depth on.
"""

from functools import cache

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.imaging.brain import TemplateFit
from segmentation.imaging.geometry import Volume
from segmentation.imaging.itk import array_of, to_itk
from segmentation.imaging.quality.coverage import PERCENT
from segmentation.imaging.template import template_brain

STEP_MM = 3
"""Of the grid that is looked at, in the space of the template."""
RIM_MM, BARE_RIM_MM = 3.0, 15.0
"""How deep zeros may reach into the fitted brain: of a whole head, and of a brain without a skull,
which an affine fit does not follow and from which an extraction may have cut a little."""
SHELL_MM = 9.0
"""Around the fitted brain, where a whole head has fluid, skull and scalp."""
BARE_FROM = 0.55
"""Share of zeros in that shell: real heads 0.03 to 0.06, 0.39 with 35 % of the top in zeros;
without a skull from 0.68 on."""
BEYOND, EMPTY, SHOWN = 0, 1, 2


def unseen_percent(image: Volume, fit: TemplateFit, motion: sitk.Transform | None = None) -> float:
    """Return the share of the fitted brain that an image does not show, in percent.

    Parameters
    ----------
    image : Volume
        As it came; exactly 0, or the lowest value there is, holds nothing.
    fit : TemplateFit
        Where the template lies, in the image or in the one that `motion` starts from.
    motion : SimpleITK.Transform, optional
        From points of the image that the template was fitted to, to points of `image`.
    """
    holds = (image.data != 0) & (image.data > image.data.min())
    status = Volume(np.where(holds, SHOWN, EMPTY), image.affine)
    # Of several transforms, the last is applied first.
    way = sitk.CompositeTransform([*([] if motion is None else [motion]), fit.transform])
    brain, depth_mm = _brain()
    grid = to_itk(Volume(brain, template_brain().affine @ np.diag([STEP_MM] * 3 + [1.0])))
    found = sitk.Resample(to_itk(status), grid, way, sitk.sitkNearestNeighbor, float(BEYOND))
    return PERCENT * unseen_share(array_of(found), depth_mm)


def unseen_share(status: NDArray[np.floating], depth_mm: NDArray[np.floating]) -> float:
    """Return the share of a brain that an image does not show, 0 to 1.

    All that lies beyond the image; of zeros, those that reach from outside below the rim of the
    brain, as a share of what lies below it. Holes, as dark ventricles may be, are shown.

    Parameters
    ----------
    status : ndarray
        BEYOND, EMPTY or SHOWN.
    depth_mm : ndarray
        Distance from the edge of the brain, negative outside of it.
    """
    is_brain = depth_mm > 0
    ended = float((status == BEYOND)[is_brain].mean())
    around = status[~is_brain & (depth_mm >= -SHELL_MM) & (status != BEYOND)]
    is_bare = around.size > 0 and float((around == EMPTY).mean()) >= BARE_FROM
    below_rim = depth_mm > (BARE_RIM_MM if is_bare else RIM_MM)
    from_outside = ~ndimage.binary_fill_holes(status == SHOWN)
    return max(ended, float(from_outside[below_rim].mean()))


@cache
def _brain() -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return the template's brain in the grid that is looked at, and the depth in it, in mm."""
    data = template_brain().data[::STEP_MM, ::STEP_MM, ::STEP_MM]
    # The brain ends with the grid, wherever it reaches it.
    is_brain = np.pad(data > 0.5, 1)
    inside, outside = (ndimage.distance_transform_edt(mask) for mask in (is_brain, ~is_brain))
    return data, ((inside - outside) * STEP_MM)[1:-1, 1:-1, 1:-1]
