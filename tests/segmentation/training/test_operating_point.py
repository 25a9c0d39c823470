"""What other thresholds would find is counted from one prediction of each visit."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from segmentation.inference.preprocessing import Prepared
from segmentation.phantom.patient import PHANTOM_VERSION
from segmentation.training import calibration_visits, rescans
from segmentation.training.operating_point import (
    CONSTANTS,
    FIRST_SEED,
    Counted,
    count_visits,
    counts,
    draw,
)

MODEL = "a" * 64


def test_the_counts_are_those_by_hand():
    difference = np.array([[[-2.0, -0.4, -0.4, 0.1, 5.0, -np.inf]]], np.float32)
    truth = np.array([[[True, True, False, False, True, True]]])
    # At -0.5 only 5.0 is left, at 0 joins 0.1, at 0.5 both of -0.4, at 3 all but what is outside.
    assert counts(difference, truth, [-0.5, 0.0, 0.5, 3.0]) == ((1, 2, 4, 5), (1, 1, 2, 3))


@given(
    difference=arrays(np.float32, (3, 3, 3), elements=st.floats(-4, 4, width=32)),
    truth=arrays(np.bool_, (3, 3, 3)),
)
def test_what_is_found_grows_with_the_constant_and_what_is_shared_is_a_part_of_it(
    difference: np.ndarray, truth: np.ndarray
):
    found, shared = counts(difference, truth)
    assert list(found) == sorted(found)
    assert list(shared) == sorted(shared)
    assert all(s <= min(f, truth.sum()) for f, s in zip(found, shared, strict=True))
    assert found[CONSTANTS.index(0.0)] == np.count_nonzero(difference > 0)


def test_no_visit_is_of_a_patient_whom_another_measurement_draws():
    visits = [draw(1, number) for number in range(96)]
    assert min(visit.patient_seed for visit in visits) >= FIRST_SEED
    assert FIRST_SEED > rescans.FIRST_SEED + 1000 * 1000 > calibration_visits.FIRST_SEED
    assert sum(visit.acq_stratum == "3D" for visit in visits) == 48
    healthy = [visit.acq_stratum for visit in visits if visit.stage == 0]
    assert (healthy.count("3D"), healthy.count("2D")) == (12, 12)


class Nobody:
    """A network that must not be asked."""

    def logit_difference(self, prepared: Prepared) -> np.ndarray:
        raise AssertionError(f"{prepared} was predicted again.")


def kept(folder: Path) -> Path:
    """Return a file of the first two visits; the images of the second were refused."""
    origin = {"constants": list(CONSTANTS), "model_sha256": MODEL, "phantoms": PHANTOM_VERSION}
    numbers = list(range(len(CONSTANTS)))
    known = {
        "truth_ml": 12.5, "voxel_ml": 0.001, "truth_voxels": 40, "found": numbers, "shared": numbers
    }  # fmt: skip
    lines = [
        {**asdict(draw(1, 0)), **origin, **known},
        {**asdict(draw(1, 1)), **origin, "truth_ml": 3.0, "refused": "NOT_A_HEAD"},
    ]
    path = folder / "kept.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_visits_that_were_counted_are_not_predicted_again(tmp_path: Path):
    found = count_visits(Nobody(), kept(tmp_path), numbers=(0, 1), seed=1, model_sha256=MODEL)
    steps = tuple(range(len(CONSTANTS)))
    assert found == [Counted(0, "3D", 12.5, 0.001, 40, steps, steps)]


@pytest.mark.parametrize("other", [{"seed": 2}, {"model_sha256": "b" * 64}])
def test_visits_of_another_model_or_seed_are_not_gone_on_with(other: dict, tmp_path: Path):
    with pytest.raises(ValueError, match="another model, seed"):
        count_visits(
            Nobody(), kept(tmp_path), **{"numbers": (0,), "seed": 1, "model_sha256": MODEL, **other}
        )
