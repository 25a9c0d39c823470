"""Two MRI contrasts of a phantom patient at one stage of the disease, with the truth."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmentation.phantom.acquisition import (
    Array,
    Image,
    ghosted,
    motion,
    moved,
    resample,
    seen_by_coil,
    slices,
)
from segmentation.phantom.patient import (
    PatientAnatomy,
    PhantomPatient,
    build_anatomy,
    smooth_noise,
)
from segmentation.phantom.variation import Variation

LAID_DOWN_DEG, LAID_DOWN_MM = 5.0, 5.0
"""At most, how differently a head lies after the patient was laid down again."""


@dataclass(frozen=True, slots=True)
class TrueVolumes:
    """What a phantom's head holds, in mL: sums of the shares on the fine grid.

    Attributes
    ----------
    white_matter_ml : float
        With the white matter that has lost its myelin.
    gray_matter_ml, brain_ml : float
        Brain is gray and white matter.
    intracranial_ml : float
        Inside the brain's surface: brain, ventricles, fluid of the sulci.
    """

    white_matter_ml: float
    gray_matter_ml: float
    brain_ml: float
    intracranial_ml: float

    @classmethod
    def of(cls, anatomy: PatientAnatomy) -> "TrueVolumes":
        """Return the volumes of an anatomy; they do not change with the stage."""
        white, gray = float(anatomy.white.sum()) / 1000, float(anatomy.gray.sum()) / 1000
        return cls(white, gray, white + gray, float(anatomy.brain.sum()) / 1000)


@dataclass(frozen=True, slots=True)
class PhantomVisit:
    """The images of one visit and what is true about them.

    Attributes
    ----------
    t1w, t2w : Image
        Each in its own grid.
    truth_mask : ndarray of uint8
        In the grid of the T1w image: 1 where at least half of the voxel has lost its myelin.
    demyelination_load_ml : float
        Sum of the shares on the fine grid, in mL.
    volumes : TrueVolumes
        Of the tissues of this head.
    """

    t1w: Image
    t2w: Image
    truth_mask: NDArray[np.uint8]
    demyelination_load_ml: float
    volumes: TrueVolumes


@dataclass(frozen=True, slots=True)
class Contrast:
    """Mean intensity of each tissue."""

    csf: float
    gray: float
    white: float
    lost: float
    scalp: float


def render_visit(
    patient: PhantomPatient, *, stage: float, acq_stratum: str, seed: int, rescan: int = 0
) -> PhantomVisit:
    """Draw the images of one visit.

    Parameters
    ----------
    patient : PhantomPatient
        Whose anatomy is drawn, and how widely images differ (`PhantomPatient.variation`).
    stage : float
        0 (healthy) to 1; the truth of one patient only grows with it.
    acq_stratum : str
        ``3D``: T1w with voxels of 1 mm; ``2D``: thick T1w slices. T2w slices are axial and thick
        in both.
    seed : int
        Noise, contrast, position and slice thickness of this visit.
    rescan : int
        From 1 on: one of several scans of this visit with the same contrast and slices, after the
        patient was taken off the table and laid down again; other noise, coil, position and
        offset of the slices. 0: the only scan.

    Raises
    ------
    ValueError
        If the stage or the stratum is unknown, or the scan has no such number.
    """
    if not 0 <= stage <= 1:
        raise ValueError(f"stage must lie between 0 and 1, got {stage}.")
    if acq_stratum not in {"3D", "2D"}:
        raise ValueError(f"acq_stratum must be 3D or 2D, got {acq_stratum!r}.")
    if rescan < 0:
        raise ValueError(f"rescan must not be negative, got {rescan}.")
    anatomy = build_anatomy(patient)
    rng = np.random.default_rng([patient.seed, seed, 3])
    lost = anatomy.lost(stage)
    visible = lost * _tigroid(rng, anatomy) + _focal_lesions(rng, anatomy)
    scanner = _Scanner.of(patient, seed=seed, rescan=rescan, drawn=rng)
    t1w = scanner.sees(_tissue(rng, anatomy, visible, _t1w_contrast(rng)))
    t2w = scanner.sees(_tissue(rng, anatomy, visible, _t2w_contrast(rng)))
    pose = scanner.pose()
    posed = Image(moved(t1w, pose), anatomy.affine)
    t1w_image = scanner.takes(posed, _thickness(rng, acq_stratum, patient.variation))
    t2w_image = scanner.takes_t2w(Image(t2w, anatomy.affine), rng)
    truth = resample(Image(moved(lost, pose), anatomy.affine), t1w_image, order=1)
    return PhantomVisit(
        t1w_image,
        t2w_image,
        (truth >= 0.5).astype(np.uint8),
        float(lost.sum()) / 1000,
        TrueVolumes.of(anatomy),
    )


@dataclass(frozen=True, slots=True)
class _Scanner:
    """What differs from one scan of a visit to the next.

    `more` is apart from `rng`, so that what is drawn from it changes no plain phantom.
    """

    variation: Variation
    rng: np.random.Generator
    more: np.random.Generator
    is_one_of_several: bool

    @classmethod
    def of(
        cls, patient: PhantomPatient, *, seed: int, rescan: int, drawn: np.random.Generator
    ) -> "_Scanner":
        """Return the scanner of a visit; a single scan goes on with the numbers of the visit."""
        own = np.random.default_rng([patient.seed, seed, rescan, 11])
        return cls(
            variation=patient.variation,
            rng=own if rescan else drawn,
            more=np.random.default_rng([patient.seed, seed, rescan, 12]),
            is_one_of_several=rescan > 0,
        )

    def sees(self, tissue: Array) -> Array:
        """Return an image at 1 mm as the coil sees it, of a patient who may have moved."""
        image = seen_by_coil(self.rng, tissue, self.variation)
        moves = self.variation.moving_share and self.more.random() < self.variation.moving_share
        return ghosted(self.more, image) if moves else image

    def pose(self) -> NDArray[np.float64]:
        """Return how the head lies in the T1w image: a turn and a shift, 4 x 4, mm."""
        turned, shifted = self.variation.turned_deg, self.variation.shifted_mm
        if self.is_one_of_several:
            turned, shifted = max(turned, LAID_DOWN_DEG), max(shifted, LAID_DOWN_MM)
        return motion(self.more, turned_deg=turned, shifted_mm=shifted)

    def takes(self, fine: Image, thickness_mm: float) -> Image:
        """Return the T1w image."""
        return slices(
            self.rng,
            fine,
            thickness_mm,
            self.variation,
            offset_mm=self._offset(thickness_mm),
            gap_share=self.more.uniform(*self.variation.gap_share),
        )

    def takes_t2w(self, fine: Image, drawn: np.random.Generator) -> Image:
        """Return the T2w image, taken after the head has moved a little."""
        moved_a_little = motion(self.rng, turned_deg=2.5, shifted_mm=2.5)
        low, high = self.variation.t2w_thick_mm
        thickness_mm = float(drawn.integers(round(low), round(high) + 1))
        return slices(
            self.rng,
            Image(fine.data, moved_a_little @ fine.affine),
            thickness_mm,
            self.variation,
            offset_mm=self._offset(thickness_mm),
            gap_share=self.more.uniform(*self.variation.gap_share),
        )

    def _offset(self, thickness_mm: float) -> float:
        """Return where the stack of slices begins; only where scans are compared it matters."""
        return thickness_mm * self.more.uniform(-0.5, 0.5) if self.is_one_of_several else 0.0


def _thickness(rng: np.random.Generator, acq_stratum: str, variation: Variation) -> float:
    return 1.0 if acq_stratum == "3D" else float(rng.uniform(*variation.thick_mm))


def _t1w_contrast(rng: np.random.Generator) -> Contrast:
    white = rng.uniform(0.85, 1.0)
    gray = white * rng.uniform(0.62, 0.82)
    csf = white * rng.uniform(0.15, 0.38)
    lost = white - (white - gray) * rng.uniform(0.6, 1.9)
    return Contrast(csf, gray, white, lost, rng.uniform(0.7, 1.4))


def _t2w_contrast(rng: np.random.Generator) -> Contrast:
    csf = rng.uniform(0.85, 1.1)
    white = csf * rng.uniform(0.24, 0.42)
    gray = white + (csf - white) * rng.uniform(0.18, 0.38)
    lost = white + (csf - white) * rng.uniform(0.42, 0.78)
    return Contrast(csf, gray, white, lost, rng.uniform(0.3, 1.0))


def _tigroid(rng: np.random.Generator, anatomy: PatientAnatomy) -> Array:
    """Return 1 where demyelinated tissue is fully changed and less along spared vessels."""
    stripes = np.abs(smooth_noise(rng, anatomy.white.shape, 2.2))
    spared = np.clip(1 - stripes / 0.18, 0, 1)
    return (1 - rng.uniform(0.0, 0.4) * spared).astype(np.float32)


def _focal_lesions(rng: np.random.Generator, anatomy: PatientAnatomy) -> Array:
    """Return a few small bright spots that are not MLD: every second patient has some."""
    spots = np.zeros_like(anatomy.white)
    if rng.random() < 0.5:
        return spots
    candidates = np.flatnonzero((anatomy.white > 0.9).ravel() & (anatomy.rank > 0.45).ravel())
    for index in rng.choice(candidates, size=int(rng.integers(1, 6)), replace=False):
        centre = np.unravel_index(index, spots.shape)
        radius = rng.uniform(1.2, 2.8)
        box = tuple(
            slice(max(0, int(c) - 5), min(n, int(c) + 6))
            for c, n in zip(centre, spots.shape, strict=True)
        )
        grid = np.ogrid[box]
        squared = sum((g - c) ** 2 for g, c in zip(grid, centre, strict=True))
        spots[box] = np.maximum(spots[box], 0.8 * (squared <= radius**2))
    return spots


def _tissue(
    rng: np.random.Generator, anatomy: PatientAnatomy, visible: Array, contrast: Contrast
) -> Array:
    visible = np.minimum(visible, anatomy.white)
    fluid = np.clip(anatomy.brain - anatomy.gray - anatomy.white, 0, 1)
    image = (
        contrast.csf * fluid
        + contrast.gray * anatomy.gray
        + contrast.white * (anatomy.white - visible)
        + contrast.lost * visible
    )
    return image + _head(rng, anatomy, contrast)


def _head(rng: np.random.Generator, anatomy: PatientAnatomy, contrast: Contrast) -> Array:
    """Return fluid, dark skull and bright scalp around the brain; a third have no head."""
    if rng.random() < 0.33:
        return np.zeros_like(anatomy.white)
    away = anatomy.outside_mm + 0.8 * smooth_noise(rng, anatomy.white.shape, 12)
    fluid = rng.uniform(0.5, 2.5)
    skull = fluid + rng.uniform(3.0, 7.0)
    scalp = skull + rng.uniform(3.0, 8.0)
    outside = anatomy.outside_mm > 0
    head = np.where(away <= fluid, contrast.csf, 0.06 * contrast.white)
    head = np.where((away > skull) & (away <= scalp), contrast.scalp, head)
    return np.where(outside & (away <= scalp), head, 0).astype(np.float32)
