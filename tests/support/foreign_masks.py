"""Masks as other software would write them, and images in which no brain is looked for."""

from pathlib import Path

import numpy as np
import pytest

from mldtrial.trial.models import Scan, Visit
from segmentation.imaging import foreign_mask
from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.geometry import Volume
from segmentation.imaging.nifti import read_volume, write_label_map
from segmentation.services import store


def find_no_head(monkeypatch: pytest.MonkeyPatch) -> None:
    """Say at once that these images hold no brain, which the fit finds after seconds."""

    def not_found(_t1w: Volume) -> None:
        raise ImageError(FailureCode.NO_BRAIN_FOUND, "No brain was found.")

    monkeypatch.setattr(foreign_mask, "extract_brain", not_found)


def write_mask(
    visit: Visit, path: Path, voxels: int, value: int = 1, *, scan: Scan | None = None
) -> Path:
    """Write a mask of some voxels in the grid of the visit's T1w image, or of one of several."""
    scan = scan or visit.scans.get(sequence="T1w")
    image = read_volume(store.image_path(scan.image_sha256))
    mask = np.zeros(image.data.shape, dtype=np.uint8)
    mask[2, 2, :voxels] = value
    write_label_map(path, mask, image.affine)
    return path


def masks() -> list[Path]:
    """Return the masks in the store."""
    folder = store.root() / "masks"
    return list(folder.iterdir()) if folder.exists() else []
