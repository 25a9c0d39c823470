"""Whether tissue that is bright in one image is dark in the other, as in T1w and T2w images.

FLAIR has the dark fluid of a T1w image, and a brain without myelin looks alike in both to a
template. It gives itself away beside the T2w image: what is bright there, gray matter and white
matter that has lost its myelin, is bright in FLAIR as well, and dark in a T1w image. Images of two
heads give themselves away in the same number: their folds do not lie upon each other.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.imaging.brain import TemplateFit
from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.geometry import Volume
from segmentation.imaging.itk import array_of, coarse, to_itk
from segmentation.imaging.suitability import COARSE_MM, MOST_CORRELATED, local_correlation
from segmentation.imaging.template import template_brain, template_tissues

LEAST_TISSUE = 0.9
"""Share of tissue around a voxel of the coarse grid, so that fluid does not decide."""


def require_opposed(t1w: Volume, t2w: NDArray[np.floating], fit: TemplateFit) -> float:
    """Return how alike two images are inside the tissue of the brain, after refusing a likeness.

    Parameters
    ----------
    t1w : Volume
        In the space that the template was fitted in; 0 is not seen.
    t2w : ndarray
        In the grid of the T1w image; 0 is not seen.

    Returns
    -------
    float
        Median correlation of small neighbourhoods, -1 (opposed, as expected) to 1.

    Raises
    ------
    ImageError
        SEQUENCE_MISMATCH.
    """
    found = tissue_correlation(t1w, t2w, fit)
    if found > MOST_CORRELATED:
        raise ImageError(
            FailureCode.SEQUENCE_MISMATCH,
            "Inside the brain, the images given as T1w and T2w are bright in the same places "
            f"(correlation {found:.2f}; at most {MOST_CORRELATED:.2f} is expected, since what is "
            "bright in T2w is dark in T1w). A FLAIR image looks like this, and so do images of two "
            "heads. Check the sequence of both and whose they are, and send the right ones.",
        )
    return found


def tissue_correlation(t1w: Volume, t2w: NDArray[np.floating], fit: TemplateFit) -> float:
    """Return the median correlation of two images in small neighbourhoods of tissue, -1 to 1.

    Returns
    -------
    float
        0 where neither image has any contrast.
    """
    grid = coarse(to_itk(t1w), COARSE_MM)
    first = array_of(grid)
    second = array_of(coarse(to_itk(Volume(t2w.astype(np.float32), t1w.affine)), COARSE_MM))
    gray, white, brain = (
        array_of(fit.drawn(share, grid)) for share in (*template_tissues(), template_brain())
    )
    tissue = ndimage.gaussian_filter(gray + white, 1.0) > LEAST_TISSUE
    seen = tissue & (brain > 0.5) & (first > 0) & (second > 0)
    if not seen.any():
        return 0.0
    return local_correlation(second / second[seen].mean(), first / first[seen].mean(), seen)
