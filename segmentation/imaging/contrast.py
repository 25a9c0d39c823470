"""Whether images have the contrast that their names claim: fluid dark on T1w, bright on T2w."""

from functools import cache

import numpy as np

from segmentation.imaging.brain import TemplateFit
from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.geometry import Volume
from segmentation.imaging.itk import array_of, coarse, to_itk
from segmentation.imaging.template import load_template, template_brain

CONTRAST_CHECK_VERSION = "fluid-1"
COARSE_MM = 3.0
PURE = 0.8
"""Share of one tissue in a coarse voxel of the template that counts as that tissue."""
FEWEST_VOXELS = 30


def fluid_contrast(image: Volume, fit: TemplateFit) -> float:
    """Return how much brighter cerebrospinal fluid is than brain tissue, from -1 to 1.

    The medians of both, at the places where the fitted template has them, as
    (fluid - tissue) / (fluid + tissue). The sign is that of the sequence: a T1w image is
    negative at every age and in late disease too, a T2w image positive; a FLAIR image, whose
    fluid is suppressed, is negative.

    Parameters
    ----------
    image : Volume
        Intensities in the space that the template was fitted in.

    Raises
    ------
    ImageError
        NO_BRAIN_FOUND if the image shows too little of the brain to tell.
    """
    bright, dark = fluid_and_tissue(image, fit)
    return (bright - dark) / (bright + dark)


def fluid_and_tissue(image: Volume, fit: TemplateFit) -> tuple[float, float]:
    """Return the median intensities of cerebrospinal fluid and of brain tissue.

    At the places where the fitted template has them; gray and white matter together.

    Raises
    ------
    ImageError
        NO_BRAIN_FOUND if the image shows too little of the brain to tell.
    """
    grid = coarse(to_itk(image), COARSE_MM)
    values = array_of(grid)
    # Exactly 0 is where an image ends, or where its skull was taken off; it is no intensity.
    is_seen = values > 0
    fluid = values[is_seen & (array_of(fit.drawn(_fluid(), grid)) > PURE)]
    tissue = values[is_seen & (array_of(fit.drawn(_tissue(), grid)) > PURE)]
    if min(fluid.size, tissue.size) < FEWEST_VOXELS:
        raise ImageError(
            FailureCode.NO_BRAIN_FOUND,
            "The image shows too little of the brain to check its contrast. Expected a whole head.",
        )
    return float(np.median(fluid)), float(np.median(tissue))


def check_contrasts(t1w: float, t2w: float) -> None:
    """Refuse images whose contrast is not that of their names.

    Parameters
    ----------
    t1w, t2w : float
        Fluid contrasts of the images that were given as T1w and as T2w.

    Raises
    ------
    ImageError
        SEQUENCE_MISMATCH, naming which image does not look as it should.
    """
    if t1w < 0 < t2w:
        return
    if t2w < 0 < t1w:
        fault = "the T1w and the T2w image seem to be exchanged"
    elif t1w >= 0:
        fault = "the image given as T1w is not T1-weighted: its fluid is as bright as brain or more"
    else:
        fault = "the image given as T2w is not T2-weighted: its fluid is as dark as brain or darker"
    raise ImageError(
        FailureCode.SEQUENCE_MISMATCH,
        f"Expected fluid dark on T1w and bright on T2w; {fault}. Check which file is which, "
        "and that both show a head, and upload them again.",
    )


@cache
def _fluid() -> Volume:
    """Return the template's share of cerebrospinal fluid inside the brain."""
    brain = template_brain()
    tissue = load_template("gm").data + load_template("wm").data
    return Volume(np.clip(brain.data - tissue, 0, 1), brain.affine)


@cache
def _tissue() -> Volume:
    """Return the template's share of gray and white matter."""
    gray, white = load_template("gm"), load_template("wm")
    return Volume(np.clip(gray.data + white.data, 0, 1), gray.affine)
