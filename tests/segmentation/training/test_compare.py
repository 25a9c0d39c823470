"""Two methods on the same scans: by hand, with a refusal, and gone on with after a stop."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.nifti import read_volume
from segmentation.inference.base import Progress, SegmentationOutput
from segmentation.phantom.bids import write_visit
from segmentation.phantom.cohort import DrawnScan
from segmentation.phantom.render import Image, PhantomVisit, TrueVolumes
from segmentation.training.compare import compare_methods

SHAPE = (10, 10, 10)
SCAN = DrawnScan("sub-P000", "ses-V00", "3D", 1, 1, 0.5, 2, 9, 0.2)


@dataclass
class Slabs:
    """A method that marks the first slices of whatever it is given."""

    name: str
    slices: int
    is_refusing: bool = False
    version: str = "1"
    sequences: tuple[str, ...] = ("T1w", "T2w")
    seen: list[str] = field(default_factory=list)

    def segment(self, images: Mapping[str, Path], *, progress: Progress) -> SegmentationOutput:
        t1w = read_volume(images["T1w"])
        self.seen.append(images["T1w"].name)
        progress(1.0, "done")
        if self.is_refusing:
            raise ImageError(FailureCode.NO_BRAIN_FOUND, "No brain was found.")
        label_map = np.zeros(t1w.data.shape, np.uint8)
        label_map[: self.slices] = 1
        return SegmentationOutput(label_map, t1w.affine, {"demyelinated_white_matter": 1})


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A visit whose truth is the first two of ten slices of 100 voxels: 0.2 mL."""
    image = Image(np.arange(1000, dtype=np.float32).reshape(SHAPE), np.eye(4))
    truth = np.zeros(SHAPE, np.uint8)
    truth[:2] = 1
    visit = PhantomVisit(image, image, truth, 0.2, TrueVolumes(1, 1, 2, 2))
    write_visit(tmp_path / "images", ("sub-P000", "ses-V00"), "3D", visit)
    return tmp_path / "images"


def test_by_hand(data: Path, tmp_path: Path):
    methods = [Slabs("long", 3), Slabs("short", 1)]
    (found,) = compare_methods(methods, [SCAN], data=data, records=tmp_path / "results")
    assert found.loads_ml == pytest.approx({"long": 0.3, "short": 0.1})
    # 2 x 200 of 300 + 200; 2 x 100 of 100 + 200; 2 x 100 of 300 + 100.
    assert found.with_truth["long"].dice == pytest.approx(0.8)
    assert found.with_truth["short"].dice == pytest.approx(2 / 3)
    assert found.between is not None
    assert found.between.dice == pytest.approx(0.5)
    assert (found.refused, found.scan) == ({}, SCAN)


def test_a_refusal_is_told_and_is_no_load(data: Path, tmp_path: Path):
    methods = [Slabs("long", 3), Slabs("short", 1, is_refusing=True)]
    (found,) = compare_methods(methods, [SCAN], data=data, records=tmp_path / "results")
    assert found.refused == {"short": str(FailureCode.NO_BRAIN_FOUND)}
    assert (set(found.loads_ml), found.between) == ({"long"}, None)


def test_a_scan_is_measured_once(data: Path, tmp_path: Path):
    methods = [Slabs("long", 3), Slabs("short", 0)]
    first = compare_methods(methods, [SCAN], data=data, records=tmp_path / "results")
    again = compare_methods(methods, [SCAN], data=data, records=tmp_path / "results")
    assert first == again
    assert len(methods[0].seen) == 1
    # Another version of a method measures anew.
    methods[0].version = "2"
    compare_methods(methods, [SCAN], data=data, records=tmp_path / "results")
    assert len(methods[0].seen) == 2


def test_two_methods_are_compared(tmp_path: Path):
    with pytest.raises(ValueError, match="Two methods"):
        compare_methods([Slabs("long", 3)], [], data=tmp_path, records=tmp_path)
