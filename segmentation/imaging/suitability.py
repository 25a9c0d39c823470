"""Whether images can be measured at all: a whole head, as the method expects it.

A template always fits something. So after the fit it is asked whether what lies there looks like a
brain in the sequence that was claimed, whether all of it is inside the image, and whether both
images show it. What does not is refused with a reason; what is only unusual is measured and
carries a caution. The limits, and on what they were set, are in ``docs/suitability.md``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.imaging.brain import SMALLEST_BRAIN_ML, TemplateFit
from segmentation.imaging.cautions import Caution
from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.geometry import Volume, voxel_size_mm, voxel_volume_mm3
from segmentation.imaging.itk import array_of, coarse, to_itk
from segmentation.imaging.quality.coverage import PERCENT, coverage
from segmentation.imaging.quality.regions import Regions
from segmentation.imaging.shown import unseen_percent
from segmentation.imaging.template import template_brain, template_tissues

SUITABILITY_VERSION = "suitable-3"
COARSE_MM = 3.0
NEIGHBOURHOOD_VOXELS = 2.5
FLAT = 1e-5
"""Local variance over the mean square of an image, below which it is flat."""
AIR_SHARE = 0.1
"""Of the bright end of an image (its 99.9th percentile), below which a voxel counts as air."""

LEAST_LIKENESS = {"T1w": 0.38, "T2w": 0.08}
USUAL_LIKENESS = {"T1w": 0.48, "T2w": 0.15}
MOST_CORRELATED, USUALLY_CORRELATED = -0.2, -0.55
"""Of both images inside the tissue of the brain; see `segmentation.imaging.opposition`."""
MOST_CUT_PERCENT, USUAL_CUT_PERCENT = 0.5, 0.1
LEAST_SHOWN_PERCENT, USUAL_SHOWN_PERCENT = 90.0, 99.0

PATTERNS: Mapping[str, tuple[tuple[float, float, float], ...]] = {
    "T1w": ((0.7, 1.0, 0.2), (0.8, 0.8, 0.2), (0.8, 0.55, 0.2)),
    "T2w": ((0.5, 0.35, 1.0), (0.45, 0.45, 1.0), (0.5, 0.7, 1.0)),
}
"""Intensity of gray matter, white matter and fluid: with myelin, with as much contrast as in
the first year of life (none), and without myelin. The best of them counts, since a sick brain
must not be refused for its disease."""


@dataclass(frozen=True, slots=True)
class Suitability:
    """What was measured of the images of one visit.

    Attributes
    ----------
    t1w_likeness, t2w_likeness : float
        Median correlation of small neighbourhoods with the fitted template, -1 to 1.
    tissue_correlation : float
        Median correlation of both images in small neighbourhoods of tissue, -1 to 1.
    brain_cut_percent : float
        Share of the fitted brain outside of the T1w image, or where it holds zeros only.
    t2w_shown_percent : float
        Share of the fitted brain that the T2w image shows.
    """

    t1w_likeness: float
    t2w_likeness: float
    tissue_correlation: float
    brain_cut_percent: float
    t2w_shown_percent: float

    @property
    def cautions(self) -> tuple[Caution, ...]:
        """What is unusual, though not enough to refuse."""
        found = {
            Caution.T1W_UNUSUAL: self.t1w_likeness < USUAL_LIKENESS["T1w"],
            Caution.T2W_UNUSUAL: self.t2w_likeness < USUAL_LIKENESS["T2w"],
            Caution.BRAIN_AT_EDGE: self.brain_cut_percent > USUAL_CUT_PERCENT,
            Caution.T2W_INCOMPLETE: self.t2w_shown_percent < USUAL_SHOWN_PERCENT,
            Caution.PERHAPS_TWO_HEADS: self.tissue_correlation > USUALLY_CORRELATED,
        }
        return tuple(caution for caution, is_so in found.items() if is_so)

    def as_json(self) -> dict[str, Any]:
        """Return the measurements for a record, with the version of their definitions."""
        return {
            "version": SUITABILITY_VERSION,
            "t1w_likeness": round(self.t1w_likeness, 3),
            "t2w_likeness": round(self.t2w_likeness, 3),
            "tissue_correlation": round(self.tissue_correlation, 3),
            "brain_cut_percent": round(self.brain_cut_percent, 2),
            "t2w_shown_percent": round(self.t2w_shown_percent, 1),
        }


def require_image(image: Volume, sequence: str) -> None:
    """Refuse an image that shows nothing, or less room than a brain fills.

    Raises
    ------
    ImageError
        IMAGE_SHOWS_NOTHING or BRAIN_CUT_OFF.
    """
    voxel_ml = voxel_volume_mm3(image.affine) / 1000
    covered_ml = image.data.size * voxel_ml
    if covered_ml < SMALLEST_BRAIN_ML:
        raise ImageError(
            FailureCode.BRAIN_CUT_OFF,
            f"The {sequence} image covers {covered_ml:.0f} mL; the smallest brain needs "
            f"{SMALLEST_BRAIN_ML:.0f} mL. Expected a whole head, found a part: send the whole "
            "series.",
        )
    bright = float(np.percentile(image.data, 99.9))
    low = float(image.data.min())
    shown_ml = float((image.data > low + AIR_SHARE * (bright - low)).sum()) * voxel_ml
    if not bright > low or shown_ml < SMALLEST_BRAIN_ML:
        raise ImageError(
            FailureCode.IMAGE_SHOWS_NOTHING,
            f"The {sequence} image shows {shown_ml if bright > low else 0:.0f} mL that is not as "
            f"dark as air; the smallest brain has {SMALLEST_BRAIN_ML:.0f} mL. Expected a head, "
            "found an image that is empty or of one brightness: export and send it again.",
        )


def require_whole_brain(t1w: Volume, fit: TemplateFit) -> float:
    """Return the share of the fitted brain that an image does not show, in percent.

    Raises
    ------
    ImageError
        BRAIN_CUT_OFF.
    """
    cut_percent = unseen_percent(t1w, fit)
    if cut_percent > MOST_CUT_PERCENT:
        raise ImageError(
            FailureCode.BRAIN_CUT_OFF,
            f"{cut_percent:.1f} % of the brain lies outside of the T1w image, or where it holds "
            f"zeros only; at most {MOST_CUT_PERCENT} % may{_where(t1w, fit)}. Expected the whole "
            "head from the vertex to the cerebellum: send the whole series, or scan again.",
        )
    return cut_percent


def require_likeness(image: Volume, fit: TemplateFit, sequence: str) -> float:
    """Return how much an image looks like a brain in a sequence, after refusing what does not.

    Parameters
    ----------
    image : Volume
        In the space that the template was fitted in.
    sequence : str
        ``T1w`` or ``T2w``.

    Raises
    ------
    ImageError
        NOT_A_HEAD.
    """
    found = likeness(image, fit, sequence)
    if found < LEAST_LIKENESS[sequence]:
        raise ImageError(
            FailureCode.NOT_A_HEAD,
            f"What the image given as {sequence} shows does not look like a brain in this sequence "
            f"(agreement with the template {found:.2f}, at least {LEAST_LIKENESS[sequence]:.2f} "
            "is needed). Check the body part, the sequence (FLAIR is neither T1w nor T2w) and "
            "that the head is not upside down or turned; then send the right images.",
        )
    return found


def likeness(image: Volume, fit: TemplateFit, sequence: str) -> float:
    """Return the agreement of an image with the template in small neighbourhoods, -1 to 1.

    The median correlation within about 2 cm, with the best of `PATTERNS`. It knows nothing of
    brightness, coil or scanner. Coarse on purpose: folds differ between people, ventricles and
    lobes do not.

    Parameters
    ----------
    image : Volume
        In the space that the template was fitted in; 0 is not seen.
    """
    grid = coarse(to_itk(image), COARSE_MM)
    values = array_of(grid)
    gray, white, brain = (
        array_of(fit.drawn(share, grid)) for share in (*template_tissues(), template_brain())
    )
    fluid = np.clip(brain - gray - white, 0, 1)
    seen = (brain > 0.5) & (values > 0)
    if not seen.any():
        return 0.0
    scaled = values / float(values[seen].mean())
    return max(
        local_correlation(g * gray + w * white + f * fluid, scaled, seen)
        for g, w, f in PATTERNS[sequence]
    )


def local_correlation(
    first: NDArray[np.floating], second: NDArray[np.floating], seen: NDArray[np.bool_]
) -> float:
    """Return the median over voxels of the correlation of two images around each, -1 to 1.

    Where the first is flat there is nothing to agree on; where only the second is, it does not
    agree.

    Returns
    -------
    float
        0 where there is nothing to agree on anywhere.
    """
    if not seen.any():
        return 0.0
    weight = seen.astype(np.float64)

    def smooth(values: NDArray[np.floating]) -> NDArray[np.float64]:
        return np.asarray(ndimage.gaussian_filter(values * weight, NEIGHBOURHOOD_VOXELS))

    total = np.maximum(smooth(np.ones_like(weight)), 1e-6)
    here, there = smooth(first) / total, smooth(second) / total
    spread = smooth(first * first) / total - here**2
    other_spread = smooth(second * second) / total - there**2
    shared = smooth(first * second) / total - here * there
    told = seen & (spread > FLAT * np.square(first[seen]).mean())
    if not told.any():
        return 0.0
    is_flat = other_spread <= FLAT * np.square(second[seen]).mean()
    size = np.sqrt(np.where(is_flat, np.inf, spread * other_spread))
    return float(np.median(shared[told] / size[told]))


def require_shown(t2w: Volume, fit: TemplateFit, motion: sitk.Transform) -> float:
    """Return the share of the brain that the T2w image shows, in percent.

    Parameters
    ----------
    t2w : Volume
        As it came.
    fit : TemplateFit
        Where the template lies in the T1w image.
    motion : SimpleITK.Transform
        From points of the T1w image to points of the T2w image.

    Raises
    ------
    ImageError
        BRAIN_CUT_OFF: what one of the images does not show cannot be measured.
    """
    shown_percent = PERCENT - unseen_percent(t2w, fit, motion)
    if shown_percent < LEAST_SHOWN_PERCENT:
        raise ImageError(
            FailureCode.BRAIN_CUT_OFF,
            f"The T2w image covers {shown_percent:.0f} % of the brain of the T1w image; at least "
            f"{LEAST_SHOWN_PERCENT:.0f} % is needed, and zeros cover nothing. Check that both "
            "images belong to this visit and show the whole head.",
        )
    return shown_percent


def _where(t1w: Volume, fit: TemplateFit) -> str:
    shown = coverage(Regions(t1w, fit).points_of_brain, t1w.data.shape, voxel_size_mm(t1w.affine))
    if shown.top_margin_mm < 0:
        return f", and its top is cut off by {-shown.top_margin_mm:.0f} mm"
    if shown.bottom_margin_mm < 0:
        return f", and its lower end is cut off by {-shown.bottom_margin_mm:.0f} mm"
    return ""
