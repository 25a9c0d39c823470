"""The denominators of a demyelination load: gray, white, brain and intracranial volume."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from segmentation.imaging.brain import (
    LARGEST_BRAIN_ML,
    SMALLEST_BRAIN_ML,
    TemplateFit,
    fit_template,
)
from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.geometry import Volume, to_ras, voxel_size_mm, voxel_volume_mm3
from segmentation.imaging.registration import (
    register_rigid,
    resample_onto,
)
from segmentation.imaging.tissue.atlas import (
    expected_shares,
    intracranial_volume_ml,
    refined,
    seen_share,
)
from segmentation.imaging.tissue.mixture import (
    FLUID,
    GRAY,
    LOST,
    WHITE,
    Mixture,
    NotSeparableError,
    fit_mixture,
)

METHOD_VERSION = "tissue-1"
"""Of everything below together with brain extraction and registration; a change of any of them
is a new version."""
STEP_MM = 3.0
"""One voxel stands for its neighbours up to here: tens of thousands of voxels settle a volume."""
WIDE, NARROW = 0.02, 0.2
"""Expected share of the inside of the head from which on a voxel is looked at: before and after
the fit is refined."""
LEAST_SEEN = 0.98
LARGEST_BLIND_SHARE = 0.05
LEAST_SEPARABILITY = 2.0
"""Where the contrast of gray and white matter is taken out of two phantoms step by step, the white
matter drifts by up to 3.3 % at a separability of 3 and 5.5 % at 2.2; below, the number is what the
atlas expects, whatever the image. Thick-slice T1w images of adults reach 2.5, phantoms 3.3 to 8.1.
"""
LARGEST_DISAGREEMENT = 0.15
LARGEST_REFINEMENT = 0.30


class Denominator(StrEnum):
    """What a load is divided by; the codes are PARAMCD of the analysis data sets."""

    BRAIN = "BRNVOL"
    WHITE_MATTER = "WMVOL"
    GRAY_MATTER = "GMVOL"
    INTRACRANIAL = "ICVOL"


@dataclass(frozen=True, slots=True)
class TissueVolumes:
    """The volumes that could be told, and why the others could not.

    Attributes
    ----------
    volumes_ml : mapping of Denominator to float
        A denominator that cannot be told is absent, never 0.
    reasons : mapping of Denominator to str
        One sentence for each that is absent.
    separability : float or None
        Gray from white matter on T1w: the difference of their means in standard deviations of
        what neither explains; negative where white matter is darker. None if not measured.
    """

    volumes_ml: Mapping[Denominator, float]
    reasons: Mapping[Denominator, str] = field(default_factory=dict)
    separability: float | None = None


def measure_tissue(t1w: Volume, t2w: Volume, demyelinated: NDArray[np.bool_]) -> TissueVolumes:
    """Return the denominators of one visit.

    White matter includes the demyelinated white matter: the voxels of the mask count as white
    matter whatever they look like. Brain is gray and white matter. The intracranial volume is
    that inside the template's brain surface as fitted: brain, ventricles, fluid of the sulci.

    Parameters
    ----------
    t1w, t2w : Volume
        Intensities, each in its own grid and orientation.
    demyelinated : ndarray of bool, shape of `t1w.data`
        The mask of the segmentation.

    Raises
    ------
    ImageError
        NO_BRAIN_FOUND or REGISTRATION_FAILED if the images do not show one head.
    """
    if demyelinated.shape != t1w.data.shape:
        raise ValueError("The mask must lie in the grid of the T1w image.")
    fixed = to_ras(t1w)
    mask = to_ras(Volume(demyelinated, t1w.affine)).data.astype(bool)
    fit = fit_template(fixed)
    aligned = resample_onto(t2w, fixed, register_rigid(t2w, fixed))
    return measure_fitted(fixed, aligned, mask, fit)


def measure_fitted(
    t1w: Volume, aligned_t2w: NDArray[np.float32], mask: NDArray[np.bool_], fit: TemplateFit
) -> TissueVolumes:
    """Do the same as `measure_tissue` with images of one grid, in RAS order, and a fit.

    Parameters
    ----------
    aligned_t2w : ndarray of float32, shape of `t1w.data`
    """
    lattice = _lattice(t1w.affine, t1w.data.shape)
    thin = Volume(np.ascontiguousarray(t1w.data[lattice.voxels]), lattice.affine)
    channels = np.stack([thin.data, aligned_t2w[lattice.voxels]], axis=-1).astype(np.float64)
    lost = mask[lattice.voxels]
    try:
        shares, _ = _classified(channels, lost, lattice, fit, WIDE)
        tissue = Volume(shares[..., GRAY:].sum(axis=-1).astype(np.float32), lattice.affine)
        better = refined(fit, tissue)
        _check_size(fit, better)
        _check_seen(t1w, channels, lattice, better)
        shares, mixture = _classified(channels, lost, lattice, better, NARROW)
    except NotSeparableError as error:
        return _nothing(str(error))
    except RuntimeError as error:  # how the registration says that the two do not overlap
        raise ImageError(
            FailureCode.NO_BRAIN_FOUND, "The brain could not be told from what surrounds it."
        ) from error
    mask_ml = float(mask.sum()) * voxel_volume_mm3(t1w.affine) / 1000
    return _told(shares, mixture, lattice, mask_ml, intracranial_volume_ml(better))


@dataclass(frozen=True, slots=True)
class _Lattice:
    voxels: tuple[slice, slice, slice]
    affine: NDArray[np.float64]


def _lattice(affine: NDArray[np.float64], shape: tuple[int, ...]) -> _Lattice:
    """Return every n-th voxel along each axis, about 3 mm apart."""
    steps = np.maximum(1, np.round(STEP_MM / np.asarray(voxel_size_mm(affine)))).astype(int)
    steps = np.minimum(steps, shape)
    first, second, third = (slice(int(step) // 2, None, int(step)) for step in steps)
    thinned = affine.copy()
    thinned[:3, 3] += affine[:3, :3] @ (steps // 2)
    thinned[:3, :3] = affine[:3, :3] * steps
    return _Lattice((first, second, third), thinned)


def _classified(
    channels: NDArray[np.float64],
    lost: NDArray[np.bool_],
    lattice: _Lattice,
    fit: TemplateFit,
    least: float,
) -> tuple[NDArray[np.float64], Mixture]:
    """Return the shares of tissue in every voxel of the lattice, and how they were found."""
    grid = Volume(channels[..., 0], lattice.affine)
    expected = expected_shares(grid, fit)
    looked_at = expected.sum(axis=-1) > least
    places = np.argwhere(looked_at) @ lattice.affine[:3, :3].T
    mixture = fit_mixture(channels[looked_at], expected[looked_at], places, lost[looked_at])
    shares = np.zeros((*lost.shape, 5))
    shares[looked_at] = mixture.shares
    return shares, mixture


def _check_size(before: TemplateFit, after: TemplateFit) -> None:
    volume_ml = intracranial_volume_ml(after)
    ratio = volume_ml / intracranial_volume_ml(before)
    is_brain = SMALLEST_BRAIN_ML < volume_ml < LARGEST_BRAIN_ML
    if not is_brain or abs(ratio - 1) > LARGEST_REFINEMENT:
        raise NotSeparableError("the surface of the brain was not found")


def _check_seen(
    t1w: Volume, channels: NDArray[np.float64], lattice: _Lattice, fit: TemplateFit
) -> None:
    seen = seen_share(t1w, fit)
    if seen < LEAST_SEEN:
        raise NotSeparableError(f"the T1w image shows {100 * seen:.0f} % of the brain only")
    inside = expected_shares(Volume(channels[..., 0], lattice.affine), fit).sum(axis=-1) > 0.95
    blind = float((channels[inside, 1] <= 0).mean()) if inside.any() else 1.0
    if blind > LARGEST_BLIND_SHARE:
        raise NotSeparableError(f"the T2w image leaves out {100 * blind:.0f} % of the brain")


def _told(
    shares: NDArray[np.float64],
    mixture: Mixture,
    lattice: _Lattice,
    mask_ml: float,
    intracranial_ml: float,
) -> TissueVolumes:
    voxel_ml = voxel_volume_mm3(lattice.affine) / 1000
    total_ml = shares.reshape(-1, 5).sum(axis=0) * voxel_ml
    # The mask is counted voxel by voxel; the lattice only stands for the rest.
    lattice_mask_ml = float((shares[..., LOST] == 1).sum()) * voxel_ml
    white_ml = float(total_ml[WHITE] + total_ml[LOST]) - lattice_mask_ml + mask_ml
    gray_ml = float(total_ml[GRAY])
    fluid_ml = float(total_ml[FLUID])
    inside_ml = white_ml + gray_ml + fluid_ml
    if abs(inside_ml / intracranial_ml - 1) > LARGEST_DISAGREEMENT:
        return _nothing("tissue and fluid do not fill the inside of the head")
    found = {Denominator.INTRACRANIAL: intracranial_ml}
    reasons: dict[Denominator, str] = {}
    separability = _separability(mixture)
    if _is_fluid_distinct(mixture):
        found[Denominator.BRAIN] = white_ml + gray_ml
    else:
        reasons[Denominator.BRAIN] = _cannot("fluid and brain look alike")
    if Denominator.BRAIN in found and separability >= LEAST_SEPARABILITY:
        found[Denominator.WHITE_MATTER] = white_ml
        found[Denominator.GRAY_MATTER] = gray_ml
    else:
        why = _cannot(
            f"gray and white matter differ too little on T1w (separability {separability:.1f}, "
            f"at least {LEAST_SEPARABILITY:.1f} is needed)"
            if Denominator.BRAIN in found
            else "fluid and brain look alike"
        )
        reasons[Denominator.WHITE_MATTER] = reasons[Denominator.GRAY_MATTER] = why
    return TissueVolumes(found, reasons, separability)


def _separability(mixture: Mixture) -> float:
    apart = mixture.means[WHITE, 0] - mixture.means[GRAY, 0]
    return float(apart / mixture.noise[0])


def _is_fluid_distinct(mixture: Mixture) -> bool:
    """Return whether fluid is darker than gray matter on T1w and brighter on T2w."""
    apart = (mixture.means[FLUID] - mixture.means[GRAY]) / mixture.noise
    return bool(apart[0] < -LEAST_SEPARABILITY and apart[1] > LEAST_SEPARABILITY)


def _cannot(why: str) -> str:
    return f"Cannot be told: {why}."


def _nothing(why: str) -> TissueVolumes:
    return TissueVolumes({}, dict.fromkeys(Denominator, _cannot(why)))
