"""Rescans are measured scan by scan, kept, and never mixed with those of another model."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.nifti import read_volume
from segmentation.inference.base import DEMYELINATED_WHITE_MATTER, Progress, SegmentationOutput
from segmentation.phantom.bids import FIRST_SEED as EVALUATION_SEEDS
from segmentation.phantom.cohort import FIRST_SEED as COHORT_SEEDS
from segmentation.training.calibration_visits import FIRST_SEED as CALIBRATION_SEEDS
from segmentation.training.cases import TRAINING_SEEDS
from segmentation.training.rescans import FIRST_SEED, State, measure_rescans

MODEL = "a" * 64


@dataclass
class Counting:
    """Marks as many voxels as images it has seen, and refuses the second one."""

    name: str = "counting"
    version: str = "1"
    sequences: tuple[str, ...] = ("T1w", "T2w")
    seen: list[np.ndarray] = field(default_factory=list)

    def segment(self, images: Mapping[str, Path], *, progress: Progress) -> SegmentationOutput:
        progress(0.5, "counting")
        t1w = read_volume(images["T1w"])
        self.seen.append(t1w.data)
        if len(self.seen) == 2:
            raise ImageError(FailureCode.NOT_A_HEAD, "Not this one.")
        marked = np.zeros(t1w.data.shape, np.uint8)
        marked.ravel()[: len(self.seen)] = 1
        return SegmentationOutput(marked, t1w.affine, {DEMYELINATED_WHITE_MATTER: 1}, {})


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory):
    kept = tmp_path_factory.mktemp("rescans") / "kept.jsonl"
    method = Counting()
    found = measure_rescans(method, kept, patients=1, scans=3, seed=1, model_sha256=MODEL)
    return kept, method, found


@pytest.mark.faults
def test_every_scan_is_another_image_and_a_refusal_is_no_load(measured):
    _, method, (one,) = measured
    assert len(one.loads_ml) == 2
    assert one.refused == ("NOT_A_HEAD",)
    assert one.truth_ml > 0
    assert not np.array_equal(method.seen[0], method.seen[1])


@pytest.mark.faults
def test_what_was_measured_is_not_measured_again(measured):
    kept, method, found = measured
    again = measure_rescans(method, kept, patients=1, scans=3, seed=1, model_sha256=MODEL)
    assert again == found
    assert len(method.seen) == 3


@pytest.mark.faults
@pytest.mark.parametrize("other", [{"scans": 2}, {"seed": 2}, {"model_sha256": "b" * 64}])
def test_other_scans_never_go_on_in_the_file(measured, other):
    kept, method, _ = measured
    given = {"patients": 1, "scans": 3, "seed": 1, "model_sha256": MODEL, **other}
    with pytest.raises(ValueError, match="another model, seed or kind"):
        measure_rescans(method, kept, **given)


@pytest.mark.parametrize("few", [{"patients": 0}, {"scans": 1}])
def test_nothing_repeats_itself_in_one_scan(few, tmp_path: Path):
    given = {"patients": 1, "scans": 2, "seed": 1, "model_sha256": MODEL, **few}
    with pytest.raises(ValueError, match="two scans"):
        measure_rescans(Counting(), tmp_path / "kept.jsonl", **given)


def test_the_patients_are_those_of_no_other_measurement():
    seeds = {State.draw(1, number).patient_seed for number in range(200)}
    assert min(seeds) >= FIRST_SEED > COHORT_SEEDS + 10_000_000
    assert max(CALIBRATION_SEEDS, EVALUATION_SEEDS, *TRAINING_SEEDS) < FIRST_SEED
    assert {State.draw(1, number).acq_stratum for number in range(2)} == {"3D", "2D"}
