"""Small heads of which the tissue of every voxel is known, and where the template lies in them."""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from segmentation.imaging.brain import TemplateFit
from segmentation.imaging.geometry import Volume, voxel_volume_mm3
from segmentation.imaging.itk import array_of, to_itk
from segmentation.imaging.template import load_template, template_brain

FLUID, GRAY, WHITE = 1, 2, 3
T1W = np.array([0.0, 300.0, 800.0, 1100.0])
T2W = np.array([0.0, 1800.0, 1100.0, 700.0])
GRID = np.array([[4, 0, 0, -94], [0, 4, 0, -130], [0, 0, 4, -75], [0, 0, 0, 1.0]])
SHAPE = (48, 58, 48)


@dataclass(frozen=True)
class Head:
    """A head whose voxels hold one tissue each, and where the template lies in it."""

    tissue: np.ndarray
    fit: TemplateFit

    def t1w(self, intensity: np.ndarray = T1W) -> Volume:
        return Volume(_noisy(intensity[self.tissue], 11), GRID)

    def t2w(self) -> np.ndarray:
        return _noisy(T2W[self.tissue], 12)

    @property
    def nothing(self) -> np.ndarray:
        return np.zeros(SHAPE, bool)

    def ml(self, *kinds: int) -> float:
        return float(np.isin(self.tissue, kinds).sum()) * voxel_volume_mm3(GRID) / 1000


def _noisy(image: np.ndarray, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.abs(image + rng.normal(0, 20, size=image.shape)).astype(np.float32)


def head(scale: float = 0.95) -> Head:
    """Return a head of the template's shape in a size, each voxel its likeliest tissue."""
    transform = sitk.AffineTransform(3)
    transform.Scale(scale)
    fit = TemplateFit(transform, -0.5)
    grid = to_itk(Volume(np.zeros(SHAPE, np.float32), GRID))
    gray, white, brain = (
        array_of(fit.drawn(part, grid))
        for part in (load_template("gm"), load_template("wm"), template_brain())
    )
    shares = np.stack([np.full(SHAPE, 1e-3), brain - gray - white, gray, white])
    return Head(np.where(brain > 0.5, shares.argmax(axis=0), 0), fit)
