"""Whether two T1w images show the same head: a check against images of the wrong patient.

Two scans of one head, laid over each other, agree in every small neighbourhood; two heads agree in
their lobes and ventricles, but not in their folds. So the scans are aligned by a similarity
(rotation, shift and one scale, since children grow), and correlated within neighbourhoods of about
2 cm. A local correlation knows nothing of brightness, coil or scanner.

What it can tell, measured with this version on eight real images of seven heads (1.5 and 3 T, 1 to
5 mm, one patient twice) and on simulated second scans of six of them:

- Same head: the real pair, and 72 of 80 simulated second scans (tilts up to 20 degrees, slices of 5
  mm in any plane, voxels of 2 mm, noise, uneven coil, 4 % smaller to 6 % larger, ventricles widened
  by up to 8 mm, folds displaced by 2.6 mm) are the same; the other 8 (folds displaced by 5 mm,
  white matter 30 % darker, contrast bent) cannot be told. None is different. In 8 more, no brain
  was found.
- The same image without its face, without its skull, or cut to 60 or 75 % of its height: 45 of 45
  are the same; in 15 more, cut from below or on both sides, no brain was found.
- Two heads: none of 187 pairs is the same; 149 (80 %) are different, 38 cannot be told.

What it cannot tell: T1w with another sequence; images of the first year of life, when myelin turns
the contrast of white and gray matter round; heads of whom less than 60 % of the brain is seen by
both. The limits were set on adults and phantoms: no image of a child with MLD can be shared. It
takes about 2 s of one processor (at most 4.4) after about 3 s (at most 4.8) for each head.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.imaging.brain import (
    SMALLEST_BRAIN_ML,
    TemplateFit,
    extent_of_head,
    fit_template,
)
from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.geometry import Volume, voxel_volume_mm3
from segmentation.imaging.head_growth import size_limits
from segmentation.imaging.itk import array_of, coarse, to_itk
from segmentation.imaging.template import template_brain

SAME_HEAD_VERSION = "same-head-1"
FINE_MM, ROUGH_MM = 3.0, 6.0
MARGIN_MM, ROUGH_MARGIN_MM = 2.0, 6.0
NEIGHBOURHOOD_VOXELS = 2.5
BRAIN_CENTRE_MM = (0.0, -18.0, 10.0)
LIFTS_MM = (0.0, -15.0, 15.0)
KEPT_STARTS = 2

SMALLEST_SHARE_SEEN = 0.6
SAME_FROM = 0.80
"""Two heads reached 0.67, or 0.68 where one had lost its skull; two phantoms, which are all bent
from one template, 0.78."""
DIFFERENT_UP_TO = 0.62
"""Second scans of one head with folds displaced by 5 mm, as no disease does, began at 0.67."""
ALIGNED_FROM = 0.40
"""Below, the two were not laid over each other well: one head once gave 0.26 by that alone."""


class Verdict(StrEnum):
    """What the comparison of two heads says."""

    SAME = "same"
    DIFFERENT = "different"
    CANNOT_TELL = "cannot be told"


@dataclass(frozen=True, slots=True)
class _Steps:
    """How far an alignment moves at once, and whether it may change the size."""

    first_mm: float
    smallest_mm: float
    most: int
    free_scale: bool


ROUGH_STEPS = _Steps(first_mm=4.0, smallest_mm=0.1, most=40, free_scale=False)
FINE_STEPS = _Steps(first_mm=1.5, smallest_mm=0.02, most=60, free_scale=True)


@dataclass(frozen=True, slots=True)
class _Agreement:
    """Median local correlation of two aligned heads, and the share of the brain in both images."""

    similarity: float
    share_seen: float


@dataclass(frozen=True, slots=True)
class Head:
    """A head, coarse, with the place of its brain; made once and compared many times."""

    image: sitk.Image
    fit: TemplateFit


@dataclass(frozen=True, slots=True)
class HeadComparison:
    """What two T1w images say about whether they show one head.

    Attributes
    ----------
    similarity : float
        Median correlation of small neighbourhoods inside the brain after alignment, -1 to 1.
    size_ratio : float
        Length of the new head over that of the earlier one.
    smallest_ratio, largest_ratio : float
        Between which `size_ratio` must lie if it is one child.
    share_seen : float
        Share of the brain that both images show.
    reason : str
        The verdict in a sentence for people.
    """

    verdict: Verdict
    similarity: float
    size_ratio: float
    smallest_ratio: float
    largest_ratio: float
    share_seen: float
    reason: str
    version: str = SAME_HEAD_VERSION


def find_head(t1w: Volume) -> Head:
    """Return the head of a T1w image, ready to be compared.

    Raises
    ------
    ImageError
        NO_BRAIN_FOUND if no brain of a plausible shape is seen, or none has room.
    """
    covered_ml = t1w.data.size * voxel_volume_mm3(t1w.affine) / 1000
    if covered_ml < SMALLEST_BRAIN_ML:
        raise ImageError(
            FailureCode.NO_BRAIN_FOUND,
            f"The image covers {covered_ml:.0f} mL, the smallest brain {SMALLEST_BRAIN_ML:.0f} mL.",
        )
    return Head(coarse(to_itk(t1w), FINE_MM), fit_template(t1w))


def compare_heads(
    new: Head,
    earlier: Head,
    *,
    age_months: float | None = None,
    interval_months: float | None = None,
) -> HeadComparison:
    """Compare the head of a new scan with that of an earlier one.

    The same two heads give the same answer, in either order and on any number of processors.

    Parameters
    ----------
    age_months : float or None
        Age at the first of the two scans in time.
    interval_months : float or None
        From the earlier scan to the new one; negative if `new` was acquired first.
    """
    # The better fitted head is held still, so that the order of the two does not matter.
    swapped = earlier.fit.metric < new.fit.metric
    fixed, moving = (earlier, new) if swapped else (new, earlier)
    transform, agreement = _align(fixed, moving)
    similarity, share_seen = agreement.similarity, agreement.share_seen
    scale = float(transform.GetScale())
    # The transform leads from the fixed head to the moving one.
    size_ratio = scale if swapped else 1 / scale
    limits = size_limits(age_months, interval_months)
    verdict, reason = _verdict(similarity, size_ratio, limits, share_seen)
    return HeadComparison(verdict, similarity, size_ratio, *limits, share_seen, reason)


def judge(comparisons: Sequence[HeadComparison]) -> Verdict:
    """Return what the comparisons of one scan with all earlier ones of a patient say together.

    Same or different only where none contradicts; a contradiction says that one of the earlier
    scans is itself in doubt.
    """
    found = {comparison.verdict for comparison in comparisons} - {Verdict.CANNOT_TELL}
    return found.pop() if len(found) == 1 else Verdict.CANNOT_TELL


def _verdict(
    similarity: float, size_ratio: float, limits: tuple[float, float], share_seen: float
) -> tuple[Verdict, str]:
    fits = limits[0] <= size_ratio <= limits[1]
    if share_seen < SMALLEST_SHARE_SEEN:
        return Verdict.CANNOT_TELL, (
            f"The two images share only {share_seen:.0%} of the brain; "
            f"{SMALLEST_SHARE_SEEN:.0%} are needed to compare them."
        )
    if similarity >= SAME_FROM and fits:
        return Verdict.SAME, (
            f"The folds of the brain agree (similarity {similarity:.2f}, the same head from "
            f"{SAME_FROM:.2f})."
        )
    if similarity >= SAME_FROM:
        return Verdict.CANNOT_TELL, (
            f"The folds of the brain agree (similarity {similarity:.2f}), but the size does not: "
            f"ratio {size_ratio:.2f}, expected {limits[0]:.2f} to {limits[1]:.2f}. The voxel size "
            "of one of them may be wrong."
        )
    if ALIGNED_FROM <= similarity <= DIFFERENT_UP_TO:
        return Verdict.DIFFERENT, (
            f"The folds of the brain do not agree (similarity {similarity:.2f}, another head up to "
            f"{DIFFERENT_UP_TO:.2f})."
        )
    return Verdict.CANNOT_TELL, (
        f"The two images could not be compared well enough (similarity {similarity:.2f}): "
        "quality, contrast or disease differ too much."
    )


def _align(fixed: Head, moving: Head) -> tuple[sitk.Similarity3DTransform, _Agreement]:
    """Return the similarity from points of one head to those of another, and how well they agree.

    Several starts compete on a rough grid, their scale held: free, it runs away where only one of
    the two images shows the skull. The best two are refined, and the one that agrees better wins.
    """
    rough = [coarse(head.image, ROUGH_MM) for head in (fixed, moving)]
    mask = _brain(fixed, rough[0], ROUGH_MARGIN_MM)
    tried = [
        (_optimise(rough, mask, start, ROUGH_STEPS), index, start)
        for index, start in enumerate(_starts(fixed, moving))
    ]
    fine, mask = [fixed.image, moving.image], _brain(fixed, fixed.image, MARGIN_MM)
    agreements = []
    for _metric, index, start in sorted(tried, key=lambda tried: tried[:2])[:KEPT_STARTS]:
        _optimise(fine, mask, start, FINE_STEPS)
        agreements.append((_agreement(fixed, moving, start), -index, start))
    agreement, _index, best = max(agreements, key=lambda found: (found[0].similarity, found[1]))
    return best, agreement


def _starts(fixed: Head, moving: Head) -> list[sitk.Similarity3DTransform]:
    """Return where to begin: brain on brain by way of the template, and top of head on top."""
    centre, target = (
        np.asarray(head.fit.transform.TransformPoint(BRAIN_CENTRE_MM)) for head in (fixed, moving)
    )
    inner, outer = (
        np.asarray(head.fit.transform.GetMatrix()).reshape(3, 3) for head in (fixed, moving)
    )
    left, stretches, right = np.linalg.svd(outer @ np.linalg.inv(inner))
    by_template = sitk.Similarity3DTransform()
    by_template.SetCenter(centre.tolist())
    by_template.SetMatrix((left @ right).ravel().tolist(), 1e-6)
    by_template.SetScale(float(np.exp(np.log(stretches).mean())))
    by_template.SetTranslation((target - centre).tolist())
    starts = [by_template]
    (low, high), (other_low, other_high) = (extent_of_head(head.image) for head in (fixed, moving))
    shift = 0.5 * (other_low + other_high) - 0.5 * (low + high)
    for lift_mm in LIFTS_MM:
        start = sitk.Similarity3DTransform()
        start.SetCenter(centre.tolist())
        start.SetTranslation([shift[0], shift[1], other_high[2] - high[2] + lift_mm])
        starts.append(start)
    return starts


def _optimise(
    images: Sequence[sitk.Image],
    mask: sitk.Image,
    start: sitk.Similarity3DTransform,
    steps: _Steps,
) -> float:
    """Improve a transform in place and return its metric; infinite where the images part."""
    method = sitk.ImageRegistrationMethod()
    # Sums of several threads differ in the last digit with their number.
    method.SetNumberOfThreads(1)
    method.SetNumberOfWorkUnits(1)
    method.SetMetricAsMattesMutualInformation(32)
    method.SetMetricSamplingStrategy(method.NONE)
    method.SetMetricFixedMask(mask)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(
        steps.first_mm, steps.smallest_mm, steps.most, 0.6
    )
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetOptimizerWeights([1.0] * 6 + [float(steps.free_scale)])
    method.SetInitialTransform(start, inPlace=True)
    try:
        method.Execute(*images)
    except RuntimeError:
        return float("inf")
    return float(method.GetMetricValue())


def _brain(head: Head, grid: sitk.Image, margin_mm: float) -> sitk.Image:
    """Return the brain of a head in a grid, with a margin."""
    drawn = head.fit.drawn(template_brain(), grid)
    distance = sitk.SignedMaurerDistanceMap(
        drawn > 0.5, insideIsPositive=False, squaredDistance=False, useImageSpacing=True
    )
    return distance <= margin_mm


def _whole_brain_voxels(fit: TemplateFit) -> float:
    """Return how many voxels of the fine grid the whole brain of a head would fill."""
    stretch = float(np.linalg.det(np.asarray(fit.transform.GetMatrix()).reshape(3, 3)))
    brain = template_brain()
    volume_mm3 = float(brain.data.sum()) * voxel_volume_mm3(brain.affine) * abs(stretch)
    return volume_mm3 / FINE_MM**3


def _agreement(fixed: Head, moving: Head, transform: sitk.Transform) -> _Agreement:
    """Correlate two heads around each voxel of the brain that both images show."""
    here = array_of(fixed.image)
    there = array_of(sitk.Resample(moving.image, fixed.image, transform, sitk.sitkLinear, 0.0))
    ones = sitk.Cast(moving.image * 0.0 + 1.0, sitk.sitkFloat32)
    shown = array_of(sitk.Resample(ones, fixed.image, transform, sitk.sitkLinear, 0.0)) > 0.99
    brain = array_of(_brain(fixed, fixed.image, MARGIN_MM)) > 0.5
    seen = brain & shown
    if not seen.any():
        return _Agreement(0.0, 0.0)
    # An image may end within the brain; what lies outside of it is not seen either.
    share = float(seen.sum() / max(int(brain.sum()), _whole_brain_voxels(fixed.fit)))
    weight = seen.astype(np.float64)
    here, there = (image / max(float(np.abs(image[seen]).mean()), 1e-6) for image in (here, there))

    def smooth(values: NDArray[np.floating]) -> NDArray[np.float64]:
        return np.asarray(ndimage.gaussian_filter(values * weight, NEIGHBOURHOOD_VOXELS))

    total = smooth(np.ones_like(weight)) + 1e-6
    first, second = smooth(here) / total, smooth(there) / total
    spread = smooth(here * here) / total - first**2
    other_spread = smooth(there * there) / total - second**2
    shared = smooth(here * there) / total - first * second
    # Where an image is flat there is nothing to agree on.
    told = seen & (spread > 1e-4 * spread.max()) & (other_spread > 1e-4 * other_spread.max())
    found = shared[told] / np.sqrt(spread[told] * other_spread[told])
    return _Agreement(float(np.median(found)) if found.size else 0.0, share)
