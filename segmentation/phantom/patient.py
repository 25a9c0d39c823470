"""What is fixed for one made-up patient: size, shape, and the course of the disease."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.phantom.anatomy import load_anatomy
from segmentation.phantom.variation import PLAIN, Variation

Array = NDArray[np.float32]

PHANTOM_VERSION = PLAIN.version
"""Of the phantoms that measurements use unless they say otherwise."""
FIELD_OF_VIEW = (168, 204, 168)
"""Voxels of 1 mm that hold the largest head of the phantoms."""
WHITE_MATTER_SHARE_AT_STAGE_1 = 0.38
MIDDLE_MM = 30.0
"""Width of what is stretched where ventricles are wide."""
EDGE = 0.035
"""Width of the transition at the border of the demyelinated region, in units of rank."""


@dataclass(frozen=True, slots=True)
class PhantomPatient:
    """A made-up patient; everything else follows from these numbers."""

    seed: int
    scale: float
    variation: Variation = PLAIN

    @classmethod
    def draw(cls, seed: int, variation: Variation = PLAIN) -> "PhantomPatient":
        """Draw a patient: the template brain, an adult's, shrinks to a toddler's at 0.80."""
        scale = float(np.random.default_rng([seed, 1]).uniform(*variation.scale))
        return cls(seed, scale, variation)


@dataclass(frozen=True, slots=True)
class PatientAnatomy:
    """Tissue of one patient on the fine grid (1 mm), shape `FIELD_OF_VIEW`.

    Attributes
    ----------
    gray, white, brain : ndarray of float32
        Shares of tissue, 0 to 1.
    rank : ndarray of float32
        Share of the white matter that is lost before this voxel, 0 to 1.
    outside_mm : ndarray of float32
        Distance from the brain, in mm; 0 inside.
    affine : ndarray of float, shape (4, 4)
        Voxel-to-world matrix, in mm.
    """

    gray: Array
    white: Array
    brain: Array
    rank: Array
    outside_mm: Array
    affine: NDArray[np.float64]

    def lost(self, stage: float) -> Array:
        """Return the share of each voxel that has lost its myelin; it only grows with stage.

        Parameters
        ----------
        stage : float
            0 (healthy) to 1 (almost all white matter but the U-fibres).
        """
        if stage <= 0:
            return np.zeros_like(self.white)
        border = stage * WHITE_MATTER_SHARE_AT_STAGE_1
        ramp = np.clip((border - self.rank) / EDGE + 0.5, 0, 1)
        return (ramp * self.white).astype(np.float32)


def smooth_noise(rng: np.random.Generator, shape: tuple[int, ...], sigma_voxels: float) -> Array:
    """Return Gaussian noise, smooth over `sigma_voxels`, with mean 0 and SD 1."""
    factor = max(1, round(sigma_voxels / 2))
    coarse = [int(np.ceil(n / factor)) + 2 for n in shape]
    noise = ndimage.gaussian_filter(rng.standard_normal(coarse), sigma_voxels / factor)
    noise = ndimage.zoom(noise, factor, order=1)[tuple(slice(0, n) for n in shape)]
    return ((noise - noise.mean()) / noise.std()).astype(np.float32)


@lru_cache(maxsize=2)
def build_anatomy(patient: PhantomPatient) -> PatientAnatomy:
    """Return the patient's tissue: the template, scaled, bent and ranked."""
    template = load_anatomy()
    rng = np.random.default_rng([patient.seed, 2])
    affine = np.eye(4)
    affine[:3, 3] = -0.5 * (np.asarray(FIELD_OF_VIEW) - 1)
    coordinates = _template_coordinates(patient, rng, template.affine, affine)
    gray, white, brain, order = (
        ndimage.map_coordinates(source, coordinates, order=1, output=np.float32)
        for source in (template.gray, template.white, template.brain, template.order)
    )
    rank = _rank(order, white, rng, _Course.draw(patient))
    outside_mm = _distance_outside(brain)
    return PatientAnatomy(gray, white, brain, rank, outside_mm, affine)


def _template_coordinates(
    patient: PhantomPatient,
    rng: np.random.Generator,
    template_affine: NDArray[np.float64],
    affine: NDArray[np.float64],
) -> Array:
    """Return where in the template each voxel of the patient comes from, in voxels."""
    anisotropy = rng.uniform(0.97, 1.03, size=3)
    centre_mm = np.array([0.0, -18.0, 10.0])
    grid = np.indices(FIELD_OF_VIEW, dtype=np.float32)
    stretch = _stretch(patient, grid, affine)
    coordinates = np.empty_like(grid)
    for axis in range(3):
        world_mm = grid[axis] + affine[axis, 3]
        world_mm = world_mm / (patient.scale * anisotropy[axis])
        if stretch is not None:
            world_mm = world_mm * stretch
        world_mm = world_mm + 2.2 * smooth_noise(rng, FIELD_OF_VIEW, 18)
        step, origin = template_affine[axis, axis], template_affine[axis, 3]
        coordinates[axis] = (world_mm + centre_mm[axis] - origin) / step
    return coordinates


def _stretch(
    patient: PhantomPatient, grid: Array, affine: NDArray[np.float64]
) -> NDArray[np.float32] | None:
    """Return by how much positions shrink towards the middle of the brain; None: by nothing.

    The middle is drawn larger than it is, ventricles above all, and what surrounds it is pressed
    outwards.
    """
    low, high = patient.variation.ventricle_growth
    if high == 0:
        return None
    growth = np.random.default_rng([patient.seed, 6]).uniform(low, high)
    squared = sum((grid[axis] + affine[axis, 3]) ** 2 for axis in range(3))
    shrunk: NDArray[np.float32] = 1 - np.float32(growth) * np.exp(-squared / (2 * MIDDLE_MM**2))
    return shrunk


@dataclass(frozen=True, slots=True)
class _Course:
    """In what order one patient loses white matter, beside the order of all."""

    front: float
    right: float
    patchiness: float
    patch_voxels: float

    @classmethod
    def draw(cls, patient: PhantomPatient) -> "_Course":
        rng = np.random.default_rng([patient.seed, 7])
        variation = patient.variation
        return cls(
            front=rng.uniform(-variation.lead, variation.lead),
            right=rng.uniform(-variation.lead, variation.lead) / 3,
            patchiness=rng.uniform(*variation.patchiness),
            patch_voxels=rng.uniform(*variation.patch_voxels),
        )


def _rank(order: Array, white: Array, rng: np.random.Generator, course: _Course) -> Array:
    """Turn the order of loss into the share of white matter lost before each voxel."""
    noise = smooth_noise(rng, FIELD_OF_VIEW, course.patch_voxels)
    mirrored = 0.5 * (noise + noise[::-1]) * np.sqrt(2) * 0.85 + 0.15 * noise
    score = order + course.patchiness * mirrored
    if course.front or course.right:
        right = np.linspace(-1, 1, order.shape[0], dtype=np.float32)[:, None, None]
        front = np.linspace(-1, 1, order.shape[1], dtype=np.float32)[None, :, None]
        score = score - course.front * front - course.right * right
    in_white = white > 0.5
    sample = np.sort(score[in_white])
    rank = np.searchsorted(sample, score.ravel()) / max(sample.size, 1)
    return rank.reshape(score.shape).astype(np.float32)


def _distance_outside(brain: Array) -> Array:
    """Return the distance from the brain in mm, measured on a 2 mm grid for speed."""
    coarse = brain[::2, ::2, ::2] > 0.5
    distance = 2.0 * ndimage.distance_transform_edt(~coarse)
    fine = ndimage.zoom(distance, 2, order=1)[tuple(slice(0, n) for n in brain.shape)]
    return np.where(brain > 0.5, 0, fine).astype(np.float32)
