"""Intensities as nnU-Net normalises them, bit for bit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from nnunetv2.preprocessing.normalization import default_normalization_schemes
from numpy.typing import NDArray

from segmentation.inference.cropping import filled

Z_SCORE = "ZScoreNormalization"
SCHEMES = (
    Z_SCORE,
    "CTNormalization",
    "NoNormalization",
    "RescaleTo01Normalization",
    "RGBTo01Normalization",
)
"""The schemes of nnU-Net itself; a model with another one is refused when it is loaded."""
SMALLEST_SD = 1e-8


@dataclass(frozen=True, slots=True)
class Normalisation:
    """How one channel is normalised.

    Attributes
    ----------
    scheme : str
        One of `SCHEMES`.
    inside_only : bool
        Use the filled nonzero mask (``use_mask_for_norm``): what lies outside stays 0.
    foreground : mapping
        Intensities of the foreground of the training set; the scheme for CT needs them.
    """

    scheme: str
    inside_only: bool
    foreground: Mapping[str, Any]


def normalise(
    cropped: NDArray[np.float32],
    mask: NDArray[np.bool_],
    channels: Sequence[Normalisation],
) -> None:
    """Normalise every channel in place.

    Parameters
    ----------
    cropped : ndarray of float32, shape (channel, k, j, i)
        A view of the whole C-ordered array, as nnU-Net has it: NumPy sums float32 in an order
        that depends on the layout in memory, and so would mean and standard deviation.
    mask : ndarray of bool, shape (k, j, i)
        Where any channel is nonzero.
    channels : sequence of Normalisation
        One for each channel.
    """
    inside: NDArray[np.bool_] | None = None
    for image, how in zip(cropped, channels, strict=True):
        if how.scheme == Z_SCORE and how.inside_only:
            inside = filled(mask) if inside is None else inside
            _z_score_inside(image, inside)
        elif how.scheme == Z_SCORE:
            _z_score(image)
        else:
            scheme = getattr(default_normalization_schemes, how.scheme)
            run = scheme(use_mask_for_norm=how.inside_only, intensityproperties=how.foreground)
            # nnU-Net marks the outside by -1; only the z-score looks at it.
            image[...] = run.run(image, None)


def _z_score_inside(image: NDArray[np.float32], inside: NDArray[np.bool_]) -> None:
    values = image[inside]
    image[inside] = (values - values.mean()) / max(values.std(), SMALLEST_SD)


def _z_score(image: NDArray[np.float32]) -> None:
    mean, deviation = image.mean(), image.std()
    image -= mean
    image /= max(deviation, SMALLEST_SD)
