"""Two MRI contrasts of a phantom patient at one stage of the disease, with the truth."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.phantom.patient import (
    PatientAnatomy,
    PhantomPatient,
    build_anatomy,
    smooth_noise,
)

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Image:
    """Intensities and their voxel-to-world matrix (mm)."""

    data: Array
    affine: NDArray[np.float64]


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
    patient: PhantomPatient, *, stage: float, acq_stratum: str, seed: int
) -> PhantomVisit:
    """Draw the images of one visit.

    Parameters
    ----------
    patient : PhantomPatient
        Whose anatomy is drawn.
    stage : float
        0 (healthy) to 1; the truth of one patient only grows with it.
    acq_stratum : str
        ``3D``: T1w with voxels of 1 mm; ``2D``: T1w slices of 4 to 5 mm. T2w slices are
        axial, 3 to 5 mm, in both.
    seed : int
        Noise, contrast, position and slice thickness of this visit.

    Raises
    ------
    ValueError
        If the stage or the stratum is unknown.
    """
    if not 0 <= stage <= 1:
        raise ValueError(f"stage must lie between 0 and 1, got {stage}.")
    if acq_stratum not in {"3D", "2D"}:
        raise ValueError(f"acq_stratum must be 3D or 2D, got {acq_stratum!r}.")
    anatomy = build_anatomy(patient)
    rng = np.random.default_rng([patient.seed, seed, 3])
    lost = anatomy.lost(stage)
    visible = lost * _tigroid(rng, anatomy) + _focal_lesions(rng, anatomy)
    t1w = _acquire(rng, _tissue(rng, anatomy, visible, _t1w_contrast(rng)), anatomy)
    t2w = _acquire(rng, _tissue(rng, anatomy, visible, _t2w_contrast(rng)), anatomy)
    t1w_image = _slices(rng, t1w, anatomy.affine, _thickness(rng, acq_stratum))
    t2w_image = _slices(rng, t2w, _moved(rng, anatomy.affine), float(rng.integers(3, 6)))
    truth = resample(Image(lost, anatomy.affine), t1w_image, order=1)
    return PhantomVisit(
        t1w_image,
        t2w_image,
        (truth >= 0.5).astype(np.uint8),
        float(lost.sum()) / 1000,
        TrueVolumes.of(anatomy),
    )


def resample(image: Image, onto: Image, *, order: int) -> Array:
    """Return an image in the grid of another, 0 outside, averaging over thick slices."""
    step = np.linalg.inv(image.affine) @ onto.affine
    thickness = np.abs(np.linalg.norm(step[:3, :3], axis=0))
    data = image.data
    sigma = [max(0.0, (t - 1) / 2.5) for t in thickness]
    if max(sigma) > 0.2:
        data = ndimage.gaussian_filter(data, sigma)
    resampled: Array = ndimage.affine_transform(
        data,
        step[:3, :3],
        offset=step[:3, 3],
        output_shape=onto.data.shape,
        order=order,
        output=np.float32,
    )
    return resampled


def _thickness(rng: np.random.Generator, acq_stratum: str) -> float:
    return 1.0 if acq_stratum == "3D" else float(rng.uniform(4.0, 5.0))


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


def _acquire(rng: np.random.Generator, tissue: Array, anatomy: PatientAnatomy) -> Array:
    """Add what a scanner adds: blur, an uneven coil."""
    blurred = ndimage.gaussian_filter(tissue, rng.uniform(0.35, 0.75))
    bias = np.exp(rng.uniform(0.03, 0.16) * smooth_noise(rng, anatomy.white.shape, 45))
    return (blurred * bias).astype(np.float32)


def _moved(rng: np.random.Generator, affine: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the world matrix of an image taken after the head has moved a little."""
    angles = np.deg2rad(rng.uniform(-2.5, 2.5, size=3))
    motion = np.eye(4)
    for axis, angle in enumerate(angles):
        turn = np.eye(4)
        i, j = (axis + 1) % 3, (axis + 2) % 3
        turn[i, i] = turn[j, j] = np.cos(angle)
        turn[i, j], turn[j, i] = -np.sin(angle), np.sin(angle)
        motion = motion @ turn
    motion[:3, 3] = rng.uniform(-2.5, 2.5, size=3)
    moved: NDArray[np.float64] = motion @ affine
    return moved


def _slices(
    rng: np.random.Generator, fine: Array, affine: NDArray[np.float64], thickness_mm: float
) -> Image:
    """Sample axial slices of a thickness and add Rician noise."""
    if thickness_mm > 1:
        count = int(fine.shape[2] // thickness_mm)
        step = np.diag([1.0, 1.0, thickness_mm, 1.0])
        step[2, 3] = (fine.shape[2] - (count - 1) * thickness_mm) / 2
        target = Image(np.empty((*fine.shape[:2], count), np.float32), affine @ step)
        data = _average_slabs(fine, step[2, 3], thickness_mm, count)
        image = Image(data, target.affine)
    else:
        image = Image(fine, affine)
    noise = rng.uniform(0.008, 0.035)
    real = image.data + noise * rng.standard_normal(image.data.shape, dtype=np.float32)
    imaginary = noise * rng.standard_normal(image.data.shape, dtype=np.float32)
    return Image((1000 * np.hypot(real, imaginary)).astype(np.float32), image.affine)


def _average_slabs(fine: Array, first: float, thickness_mm: float, count: int) -> Array:
    """Average the fine slices of each slab: that is what partial volume is."""
    slabs = np.empty((*fine.shape[:2], count), np.float32)
    for index in range(count):
        centre = first + index * thickness_mm
        low = max(0, round(centre - thickness_mm / 2 + 0.5))
        high = min(fine.shape[2], max(low + 1, round(centre + thickness_mm / 2 + 0.5)))
        slabs[..., index] = fine[..., low:high].mean(axis=2)
    return slabs
