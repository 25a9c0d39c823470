"""From the images of a visit to the input of the network: the same steps in training and use."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from segmentation.imaging.brain import (
    BRAIN_EXTRACTION_VERSION,
    TemplateFit,
    brain_mask,
    fit_template,
)
from segmentation.imaging.contrast import check_contrasts, fluid_contrast
from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.geometry import Volume, from_ras, to_ras
from segmentation.imaging.nifti import read_volume
from segmentation.imaging.opposition import require_opposed
from segmentation.imaging.registration import (
    REGISTRATION_VERSION,
    register_rigid,
    resample_onto,
)
from segmentation.imaging.suitability import (
    Suitability,
    require_image,
    require_likeness,
    require_shown,
    require_whole_brain,
)

PREPROCESSING_VERSION = f"ras+{BRAIN_EXTRACTION_VERSION}+{REGISTRATION_VERSION}"


@dataclass(frozen=True, slots=True)
class Prepared:
    """The stacked channels of one visit, in RAS order.

    Attributes
    ----------
    channels : ndarray of float32, shape (2, i, j, k)
        T1w and T2w inside the brain, 0 outside, in the T1w grid turned to RAS.
    affine : ndarray of float, shape (4, 4)
        Voxel-to-world matrix of that grid, in mm.
    original_affine : ndarray of float, shape (4, 4)
        Of the T1w image as stored.
    fluid_contrasts : mapping of str to float
        What the check for exchanged images measured, by sequence.
    suitability : Suitability or None
        What the other checks of the images measured; None for channels that were not checked.
    """

    channels: NDArray[np.float32]
    affine: NDArray[np.float64]
    original_affine: NDArray[np.float64]
    fluid_contrasts: Mapping[str, float]
    suitability: Suitability | None = None

    def to_original(self, label_map: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return a label map of the RAS grid in the grid of the T1w image as stored."""
        return np.ascontiguousarray(from_ras(label_map, self.original_affine))


@dataclass(frozen=True, slots=True)
class Aligned:
    """The images of one visit in one place, whole.

    Attributes
    ----------
    t1w : Volume
        In RAS order.
    t2w : ndarray of float32, shape of `t1w.data`
        The T2w image in the grid of `t1w`, 0 where it ends.
    brain : ndarray of bool, shape of `t1w.data`
    fit : TemplateFit
        Where the template lies in `t1w`.
    motion : SimpleITK.Transform
        From points of the T1w image to points of the T2w image.
    fluid_contrasts : mapping of str to float
        What the check for exchanged images measured, by sequence.
    suitability : Suitability
        What the other checks of the images measured.
    """

    t1w: Volume
    t2w: NDArray[np.float32]
    brain: NDArray[np.bool_]
    fit: TemplateFit
    motion: sitk.Transform
    fluid_contrasts: Mapping[str, float]
    suitability: Suitability


def prepare(images: Mapping[str, Path]) -> Prepared:
    """Read, orient, extract the brain, align, stack.

    Parameters
    ----------
    images : mapping of str to Path
        NIfTI files under ``T1w`` and ``T2w``.

    Raises
    ------
    ImageError
        If a file is damaged, no brain is found, the two do not belong together, or one does
        not have the contrast of its name.
    """
    return prepare_volumes(read_volume(images["T1w"]), read_volume(images["T2w"]))


def prepare_volumes(t1w: Volume, t2w: Volume) -> Prepared:
    """Do the same as `prepare` with images that are in memory."""
    aligned = align(t1w, t2w)
    channels = np.stack([aligned.t1w.data, aligned.t2w]).astype(np.float32) * aligned.brain
    return Prepared(
        channels,
        aligned.t1w.affine,
        t1w.affine,
        aligned.fluid_contrasts,
        aligned.suitability,
    )


def align(t1w: Volume, t2w: Volume) -> Aligned:
    """Orient, extract the brain, bring the T2w image into the grid of the T1w image.

    Raises
    ------
    ImageError
        If no whole brain is found, the two do not belong together, or one does not have the
        contrast of its name.
    """
    require_image(t1w, "T1w")
    require_image(t2w, "T2w")
    fixed = to_ras(t1w)
    fit = fit_template(fixed)
    brain = brain_mask(fixed, fit)
    motion = register_rigid(t2w, fixed)
    aligned = resample_onto(t2w, fixed, motion)
    seen = float((aligned[brain] > 0).mean())
    if seen < 0.6:
        raise ImageError(
            FailureCode.REGISTRATION_FAILED,
            f"The T2w image covers {100 * seen:.0f} % of the brain of the T1w image; at least 60 % "
            "is needed. Check that both images belong to this visit and show the whole head.",
        )
    contrasts = {
        "T1w": fluid_contrast(fixed, fit),
        "T2w": fluid_contrast(Volume(aligned, fixed.affine), fit),
    }
    check_contrasts(contrasts["T1w"], contrasts["T2w"])
    suitability = Suitability(
        t1w_likeness=require_likeness(fixed, fit, "T1w"),
        t2w_likeness=require_likeness(Volume(aligned, fixed.affine), fit, "T2w"),
        tissue_correlation=require_opposed(fixed, aligned, fit),
        brain_cut_percent=require_whole_brain(fixed, fit),
        t2w_shown_percent=require_shown(t2w, fit, motion),
    )
    return Aligned(fixed, aligned, brain, fit, motion, contrasts, suitability)
