"""How bright fluid, gray and white matter are on the images of one visit."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmentation.imaging.brain import TemplateFit
from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.geometry import Volume
from segmentation.imaging.itk import array_of, to_itk
from segmentation.imaging.template import template_brain, template_tissues

TISSUE_LEVELS_VERSION = "mixture-1"
MOST_VOXELS = 120_000
"""Enough to know three means to a fraction of a percent."""
ROUNDS = 25
PRIOR_WEIGHT = 0.9
"""The rest is spread over the three tissues alike: the template fits only roughly."""

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class TissueMaps:
    """Shares of tissue that the fitted template expects in each voxel, 0 to 1."""

    fluid: Array
    gray: Array
    white: Array


@dataclass(frozen=True, slots=True)
class TissueLevels:
    """How bright each tissue is, darkest first on T1w.

    Attributes
    ----------
    means : ndarray of float, shape (3,)
        Of fluid, gray and white matter.
    deviations : ndarray of float, shape (3,)
        Their standard deviations.
    """

    means: NDArray[np.float64]
    deviations: NDArray[np.float64]

    @property
    def fluid_to_gray(self) -> float:
        """The intensity half way between fluid and gray matter; darker voxels are fluid.

        Half way, and not by the standard deviations: that of fluid holds the voxels it shares
        with the skull.
        """
        return float(self.means[:2].mean())

    @property
    def gray_to_white(self) -> float:
        """The intensity as far from gray as from white matter, in their standard deviations."""
        (gray, white), (narrow, wide) = self.means[1:], self.deviations[1:]
        return float((gray * wide + white * narrow) / (narrow + wide))


def tissue_maps(fit: TemplateFit, onto: Volume) -> TissueMaps:
    """Return what the template expects in each voxel of the image that it was fitted to."""
    grid = to_itk(onto)
    gray, white, brain = (
        array_of(fit.drawn(template, grid)) for template in (*template_tissues(), template_brain())
    )
    return TissueMaps(np.clip(brain - gray - white, 0, 1), gray, white)


def t1w_levels(t1w: Volume, brain: NDArray[np.bool_], maps: TissueMaps) -> TissueLevels:
    """Return the levels of the three tissues on a T1w image.

    A mixture of three normal distributions, fitted by expectation and maximisation; what the
    template expects in a voxel is the prior of that voxel.

    Raises
    ------
    ImageError
        TISSUE_UNCLEAR if fluid is not darker than gray matter and gray than white.
    """
    places = np.flatnonzero(brain & (t1w.data > 0))
    places = places[:: max(1, places.size // MOST_VOXELS)]
    values = t1w.data.ravel()[places].astype(np.float64)
    expected = [tissue.ravel()[places] for tissue in (maps.fluid, maps.gray, maps.white)]
    prior = PRIOR_WEIGHT * np.stack(expected) + (1 - PRIOR_WEIGHT) / 3
    prior /= prior.sum(axis=0)
    shares = prior
    for _ in range(ROUNDS):
        weights = shares.sum(axis=1)
        means = (shares @ values) / weights
        spread = (shares * (values - means[:, None]) ** 2).sum(axis=1) / weights
        deviations = np.sqrt(np.maximum(spread, 1e-12))
        likely = np.exp(-0.5 * ((values - means[:, None]) / deviations[:, None]) ** 2)
        shares = prior * likely / deviations[:, None] + 1e-30
        shares /= shares.sum(axis=0)
    if not means[0] < means[1] < means[2]:
        raise ImageError(
            FailureCode.TISSUE_UNCLEAR,
            "Expected a T1w image with fluid darker than gray matter and gray darker than white; "
            "the three cannot be told apart so. This method cannot measure the visit: check the "
            "image, or use another method.",
        )
    return TissueLevels(means, deviations)
