"""What a scanner makes of a head: position, blur, an uneven coil, motion, slices, noise."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from segmentation.phantom.patient import smooth_noise
from segmentation.phantom.variation import Variation

Array = NDArray[np.float32]
PHASE_AXIS = 1
"""Along which a moving patient leaves ghosts: front to back, as in most axial sequences."""


@dataclass(frozen=True, slots=True)
class Image:
    """Intensities and their voxel-to-world matrix (mm)."""

    data: Array
    affine: NDArray[np.float64]


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


def seen_by_coil(rng: np.random.Generator, tissue: Array, variation: Variation) -> Array:
    """Add blur and an uneven coil."""
    blurred = ndimage.gaussian_filter(tissue, rng.uniform(*variation.blur_mm))
    bias = np.exp(rng.uniform(*variation.bias) * smooth_noise(rng, tissue.shape, 45))
    return (blurred * bias).astype(np.float32)


def motion(
    rng: np.random.Generator, *, turned_deg: float, shifted_mm: float
) -> NDArray[np.float64]:
    """Return a rigid motion (4 x 4, mm) drawn within limits on each axis."""
    angles = np.deg2rad(rng.uniform(-turned_deg, turned_deg, size=3))
    found = np.eye(4)
    for axis, angle in enumerate(angles):
        turn = np.eye(4)
        i, j = (axis + 1) % 3, (axis + 2) % 3
        turn[i, i] = turn[j, j] = np.cos(angle)
        turn[i, j], turn[j, i] = -np.sin(angle), np.sin(angle)
        found = found @ turn
    found[:3, 3] = rng.uniform(-shifted_mm, shifted_mm, size=3)
    return found


def moved(image: Array, pose: NDArray[np.float64]) -> Array:
    """Return an image at 1 mm of a head that lies otherwise, turned about the middle."""
    if np.array_equal(pose, np.eye(4)):
        return image
    about = np.eye(4)
    about[:3, 3] = (np.asarray(image.shape) - 1) / 2
    step = about @ pose @ np.linalg.inv(about)
    found: Array = ndimage.affine_transform(
        image, step[:3, :3], offset=step[:3, 3], order=1, output=np.float32
    )
    return found


def ghosted(rng: np.random.Generator, image: Array) -> Array:
    """Return an image whose patient moved once while its lines were measured.

    The outer lines of k-space on one side of a moment are those of the moved head; the middle,
    which holds the contrast, is of the head at rest. So edges repeat along the phase axis.
    """
    after = moved(image, motion(rng, turned_deg=1.5, shifted_mm=1.5))
    lines = fft.fft(image, axis=PHASE_AXIS)
    number = fft.fftfreq(image.shape[PHASE_AXIS])
    late = number > rng.uniform(0.03, 0.2)
    lines[:, late] = fft.fft(after, axis=PHASE_AXIS)[:, late]
    return np.abs(fft.ifft(lines, axis=PHASE_AXIS)).astype(np.float32)


def slices(
    rng: np.random.Generator,
    fine: Image,
    thickness_mm: float,
    variation: Variation,
    *,
    offset_mm: float = 0.0,
    gap_share: float = 0.0,
) -> Image:
    """Sample axial slices of a thickness and add Rician noise.

    Parameters
    ----------
    thickness_mm : float
        From one slice to the next; 1 keeps the fine grid.
    offset_mm : float
        By how much the stack of slices is moved along its axis.
    gap_share : float
        Of the thickness, what no slice sees.
    """
    image = fine
    if thickness_mm > 1:
        depth = fine.data.shape[2]
        count = int(depth // thickness_mm)
        step = np.diag([1.0, 1.0, thickness_mm, 1.0])
        step[2, 3] = (depth - (count - 1) * thickness_mm) / 2 + offset_mm
        seen_mm = thickness_mm * (1 - gap_share)
        data = _average_slabs(fine.data, step[2, 3], thickness_mm, count, seen_mm)
        image = Image(data, fine.affine @ step)
    noise = rng.uniform(*variation.noise)
    real = image.data + noise * rng.standard_normal(image.data.shape, dtype=np.float32)
    imaginary = noise * rng.standard_normal(image.data.shape, dtype=np.float32)
    return Image((1000 * np.hypot(real, imaginary)).astype(np.float32), image.affine)


def _average_slabs(
    fine: Array, first: float, thickness_mm: float, count: int, seen_mm: float
) -> Array:
    """Average the fine slices of each slab: that is what partial volume is.

    Whole slices of 1 mm: a slab lies up to half a millimetre from where its header says.
    """
    slabs = np.empty((*fine.shape[:2], count), np.float32)
    for index in range(count):
        centre = first + index * thickness_mm
        low = min(max(0, round(centre - seen_mm / 2 + 0.5)), fine.shape[2] - 1)
        high = min(fine.shape[2], max(low + 1, round(centre + seen_mm / 2 + 0.5)))
        slabs[..., index] = fine[..., low:high].mean(axis=2)
    return slabs
