"""A segmentation method without medicine in it, for tests of everything around it."""

import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.geometry import Volume
from segmentation.imaging.nifti import read_volume
from segmentation.inference.base import (
    DEMYELINATED_WHITE_MATTER,
    Progress,
    SegmentationOutput,
)

STEP_SECONDS = 0.05
"""Length of one step of the artificial duration: short, so that a cancelled run ends soon."""


class ThresholdSegmenter:
    """Marks bright voxels. TEST ONLY: what it finds is not demyelination.

    It exists so that intake, jobs, pages and exports can be tested with results known in advance
    and without a network. No study may use it; a deploy check refuses it in production.

    Parameters
    ----------
    percentile : float
        Voxels above this percentile of the image are marked, 0 to 100.
    level : float, optional
        Voxels above this intensity are marked; then `percentile` is not used.
    with_t2w : bool
        Look at the T2w image, resampled to the T1w grid by nearest neighbour; else at the T1w.
    duration_s : float
        Seconds that a run takes at least, spent in short sleeps with progress reported, so that
        tests can kill a worker in the middle.

    Raises
    ------
    ValueError
        If the percentile lies outside 0 to 100 or the duration is negative.
    """

    def __init__(
        self,
        *,
        percentile: float = 95.0,
        level: float | None = None,
        with_t2w: bool = True,
        duration_s: float = 0.0,
    ) -> None:
        if not 0 <= percentile <= 100:
            raise ValueError(f"percentile must lie between 0 and 100, got {percentile}.")
        if not duration_s >= 0:
            raise ValueError(f"duration_s must be zero or positive, got {duration_s}.")
        self.percentile = percentile
        self.level = level
        self.duration_s = duration_s
        self.sequences: tuple[str, ...] = ("T1w", "T2w") if with_t2w else ("T1w",)

    @property
    def name(self) -> str:
        """Name of the method."""
        return "threshold"

    @property
    def version(self) -> str:
        """Version of the method."""
        return "1"

    def segment(self, images: Mapping[str, Path], *, progress: Progress) -> SegmentationOutput:
        """Mark the voxels above the threshold; see `segmentation.inference.base.Segmenter`.

        Voxels outside of the T2w image are background.

        Raises
        ------
        ImageError
            As `read_volume`; REGISTRATION_FAILED if the two images do not overlap.
        """
        progress(0.0, "read")
        t1w = read_volume(images["T1w"])
        looked_at = t1w.data
        if "T2w" in self.sequences:
            looked_at = nearest_neighbour(read_volume(images["T2w"]), onto=t1w)
            _check_overlap(looked_at)
        self._take_time(progress)
        level = self._level_of(looked_at)
        # NaN, outside of the image, is above nothing.
        label_map = (looked_at > level).astype(np.uint8)
        progress(1.0, "threshold")
        return SegmentationOutput(
            label_map=label_map,
            affine=t1w.affine,
            labels={DEMYELINATED_WHITE_MATTER: 1},
            provenance={
                "method": self.name,
                "version": self.version,
                "test_only": True,
                "sequence": self.sequences[-1],
                "percentile": None if self.level is not None else self.percentile,
                "level": level,
                "device": "cpu",
            },
        )

    def _level_of(self, intensities: NDArray[np.float32]) -> float:
        if self.level is not None:
            return self.level
        return float(np.nanpercentile(intensities, self.percentile))

    def _take_time(self, progress: Progress) -> None:
        steps = int(np.ceil(self.duration_s / STEP_SECONDS))
        for step in range(steps):
            time.sleep(self.duration_s / steps)
            progress((step + 1) / (steps + 1), "wait")


def _check_overlap(resampled: NDArray[np.float32]) -> None:
    if np.isnan(resampled).all():
        raise ImageError(
            FailureCode.REGISTRATION_FAILED,
            "Expected T1w and T2w of the same place, found images that do not overlap. "
            "Check that both belong to this visit.",
        )


def nearest_neighbour(volume: Volume, *, onto: Volume) -> NDArray[np.float32]:
    """Return a volume resampled by nearest neighbour to the grid of another.

    Parameters
    ----------
    volume : Volume
        Intensities to resample.
    onto : Volume
        The target grid.

    Returns
    -------
    ndarray of float32, shape of `onto`
        NaN outside of `volume`.
    """
    step = np.linalg.inv(volume.affine) @ onto.affine
    resampled: NDArray[np.float32] = ndimage.affine_transform(
        volume.data,
        step[:3, :3],
        offset=step[:3, 3],
        output_shape=onto.data.shape,
        output=np.float32,
        order=0,
        # "constant" would drop half a voxel at every face, and the first slice to rounding.
        mode="grid-constant",
        cval=np.nan,
    )
    return resampled
