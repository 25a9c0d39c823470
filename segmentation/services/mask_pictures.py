"""What the pictures of a mask are made of, and where they are kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mldtrial.trial.models import Scan
from segmentation.imaging.brain import extract_brain
from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.geometry import Volume, same_grid, to_ras
from segmentation.imaging.nifti import read_label_map, read_volume
from segmentation.imaging.quality.mosaic import write_png
from segmentation.inference.preprocessing import align
from segmentation.models import SegmentationRun
from segmentation.services import demo_images, runs, store


@dataclass(frozen=True, slots=True)
class Seen:
    """The images of a mask, in one grid in RAS order.

    Attributes
    ----------
    images : mapping of str to ndarray of float, shape (i, j, k)
        By sequence, the one to look at first in front.
    affine : ndarray of float, shape (4, 4)
        Voxel-to-world matrix of the grid, in mm.
    brain, mask : ndarray of bool, shape (i, j, k)
    """

    images: Mapping[str, NDArray[np.float32]]
    affine: NDArray[np.float64]
    brain: NDArray[np.bool_]
    mask: NDArray[np.bool_]


def look_at(run: SegmentationRun, t2w: Scan | None) -> Seen:
    """Read the mask and the images of a run, find the brain and align the T2w image.

    Raises
    ------
    ImageError
        If a file is missing or has changed, no brain is found, the T2w image does not belong to
        the T1w image, or the mask lies in another grid than the T1w image.
    """
    kept = read_label_map(runs.checked_mask(run.result))
    t1w = read_volume(image_of(run.t1w_scan))
    if kept.data.shape != t1w.data.shape or not same_grid(kept.affine, t1w.affine, t1w.data.shape):
        raise ImageError(
            FailureCode.UNEXPECTED_LABELS,
            "The mask does not lie in the grid of its T1w image, so it cannot be drawn over it. "
            "Tell the administrator.",
        )
    mask = to_ras(Volume(kept.data, kept.affine)).data > 0
    if t2w is None:
        fixed = to_ras(t1w)
        images = {"T1w": np.asarray(fixed.data, np.float32)}
        return Seen(images, fixed.affine, extract_brain(fixed), mask)
    aligned = align(t1w, read_volume(image_of(t2w)))
    images = {"T2w": aligned.t2w, "T1w": np.asarray(aligned.t1w.data, np.float32)}
    return Seen(images, aligned.t1w.affine, aligned.brain, mask)


def image_of(scan: Scan) -> Path:
    """Return the file of an image after comparing its hash."""
    demo_images.ensure_image(scan)
    return store.verified(store.image_path(scan.image_sha256), scan.image_sha256)


def keep(pictures: Mapping[str, NDArray[np.uint8]], folder: Path) -> dict[str, Any]:
    """Write pictures and put each under the hash of its bytes; returns the hashes by name.

    Parameters
    ----------
    folder : Path
        Of this attempt, on the volume of the store.
    """
    kept = {}
    for name, picture in pictures.items():
        path = folder / f"{name}.png"
        write_png(path, picture)
        kept[name] = store.sha256_of(path)
        store.publish(path, store.mosaic_path(kept[name]))
    return kept
