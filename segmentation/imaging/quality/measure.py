"""Every quality metric of one image, each a number or the reason why there is none."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from segmentation.imaging.brain import TemplateFit
from segmentation.imaging.errors import ImageError
from segmentation.imaging.geometry import Volume, ras_axis, to_ras, voxel_size_mm
from segmentation.imaging.placing import place
from segmentation.imaging.quality.artefacts import entropy_focus, ghosting_percent
from segmentation.imaging.quality.coverage import Coverage, coverage
from segmentation.imaging.quality.metrics import METRICS, Measurement, NotMeasuredError
from segmentation.imaging.quality.noise import fine_axes, noise_sigma, snr_of_air
from segmentation.imaging.quality.regions import Regions, in_plane_axes
from segmentation.imaging.volume import label_volume_ml

log = logging.getLogger(__name__)

UNEXPECTED = "an unexpected error occurred; the details are in the system's log"
NO_BRAIN = "no brain was found in the image"
NO_T1W = "the visit has no T1w image yet, in which the brain is found"


@dataclass(frozen=True, slots=True)
class Quality:
    """What was measured of an image.

    Attributes
    ----------
    metrics : mapping of str to Measurement
        For every key of `METRICS`.
    regions : Regions or None
        Where the brain lies; None where none was found, and `no_brain` says why.
    """

    metrics: Mapping[str, Measurement]
    regions: Regions | None
    no_brain: str = ""


def measure(
    image: Volume,
    *,
    is_t1w: bool,
    t1w: Volume | None = None,
    phase_axis: int | None = None,
    slice_axis: int | None = None,
) -> Quality:
    """Measure the quality of an image.

    Takes about 4 s for a T1w image of 1 mm and 6 s for another sequence, most of it the fit of
    the template; memory stays below 40 bytes per voxel of the image.

    Parameters
    ----------
    image : Volume
        Intensities in any orientation, 2D or 3D.
    is_t1w : bool
        True if the image is T1-weighted, so that the template can be fitted to it.
    t1w : Volume, optional
        The T1w image of the same visit, for an image that is not T1-weighted.
    phase_axis : int, optional
        Voxel axis of `image` along which the phase was encoded; None if that is not known.
    slice_axis : int, optional
        Voxel axis of `image` that counts the slices; None if that is not known.

    Returns
    -------
    Quality
        A metric that fails is a reason, never a number; an unexpected error goes to the log.
    """
    turned = Volume(to_ras(image).data.astype(np.float32, copy=False), to_ras(image).affine)
    phase, stack = (
        None if axis is None else ras_axis(image.affine, axis) for axis in (phase_axis, slice_axis)
    )
    axes = in_plane_axes(turned.affine, stack) if phase is None else (phase,)
    found = _find_brain(turned, is_t1w=is_t1w, t1w=t1w)
    whole = {"efc": _attempt("efc", lambda: entropy_focus(turned.data))}
    if isinstance(found, str):
        absent = {m.key: Measurement(None, found) for m in METRICS if m.key not in whole}
        return Quality({**absent, **whole}, None, found)
    regions = Regions(turned, found)
    measured = {key: _attempt(key, work) for key, work in _works(regions, axes).items()}
    return Quality({**whole, **measured}, regions)


def _find_brain(image: Volume, *, is_t1w: bool, t1w: Volume | None) -> TemplateFit | str:
    """Return where the template lies, or why that cannot be said."""
    if not is_t1w and t1w is None:
        return NO_T1W
    try:
        return place(image, None if is_t1w or t1w is None else to_ras(t1w))
    except ImageError as error:
        log.info("The quality of an image was measured without a brain: %s", error.code)
        return NO_BRAIN
    except Exception:
        log.exception("The brain was not looked for to the end.")
        return UNEXPECTED


def _works(regions: Regions, axes: tuple[int, ...]) -> dict[str, Callable[[], float]]:
    """Return how each metric that needs the brain is measured."""
    image = regions.image
    size = voxel_size_mm(image.affine)

    @cache
    def sigma() -> float:
        return noise_sigma(image.data, regions.brain, fine_axes(size))

    def tissue() -> float:
        return regions.fluid_and_tissue[1]

    def contrast() -> float:
        fluid, brain = regions.fluid_and_tissue
        return abs(brain - fluid)

    def shown() -> Coverage:
        return coverage(regions.points_of_brain, image.data.shape, size)

    return {
        "snr_brain": lambda: tissue() / sigma(),
        "snr_air": lambda: snr_of_air(tissue(), image.data[regions.air]),
        "cnr": lambda: contrast() / sigma(),
        "ghosting_percent": lambda: ghosting_percent(
            image.data, regions.air, regions.head, tissue(), axes
        ),
        "top_margin_mm": lambda: shown().top_margin_mm,
        "bottom_margin_mm": lambda: shown().bottom_margin_mm,
        "brain_cut_percent": lambda: shown().brain_cut_percent,
        "brain_volume_ml": lambda: label_volume_ml(regions.brain, image.affine, 1),
    }


def _attempt(key: str, work: Callable[[], float]) -> Measurement:
    try:
        value = work()
    except NotMeasuredError as error:
        return Measurement(None, error.reason)
    except ImageError as error:
        log.info("%s was not measured: %s", key, error.code)
        return Measurement(None, NO_BRAIN)
    except Exception:
        log.exception("%s was not measured.", key)
        return Measurement(None, UNEXPECTED)
    if not np.isfinite(value):
        log.error("%s came out as %s.", key, value)
        return Measurement(None, UNEXPECTED)
    return Measurement(float(value))
