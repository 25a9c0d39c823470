"""The order of a training, its environment, its end, and masks in the grid of the data set."""

import os

import numpy as np
import pytest

from segmentation.imaging.errors import ImageError
from segmentation.imaging.geometry import Volume, to_ras
from segmentation.inference.preprocessing import Prepared
from segmentation.training import approved, steps
from segmentation.training.plateau import NothingToWatchError, has_stopped_rising
from tests.support.images import SAGITTAL, affine_of

SHAPE = (5, 6, 7)


def prepared(affine: np.ndarray) -> Prepared:
    turned = to_ras(Volume(np.zeros(SHAPE, np.float32), affine))
    channels = np.zeros((2, *turned.data.shape), np.float32)
    return Prepared(channels, turned.affine, affine, {})


@pytest.mark.parametrize("affine", [SAGITTAL, affine_of((0.8, 0.9, 4.5), axes="LPS")])
def test_a_mask_keeps_its_voxels_where_its_image_is_turned(affine):
    mask = np.zeros(SHAPE, np.uint8)
    mask[1, 2, 3] = mask[4, 0, 6] = 2
    found = approved.in_prepared_grid(Volume(mask, affine), prepared(affine))
    where = {tuple(np.round(p, 3)) for p in _world(np.argwhere(mask), affine)}
    turned = to_ras(Volume(mask, affine)).affine
    assert {tuple(np.round(p, 3)) for p in _world(np.argwhere(found), turned)} == where
    assert set(np.unique(found)) == {0, 1}


def _world(voxels: np.ndarray, affine: np.ndarray) -> np.ndarray:
    points: np.ndarray = voxels @ affine[:3, :3].T + affine[:3, 3]
    return points


def test_a_mask_in_other_voxels_is_refused():
    moved = SAGITTAL.copy()
    moved[0, 3] += 0.5
    with pytest.raises(ImageError, match="voxels of its T1w image"):
        approved.in_prepared_grid(Volume(np.ones(SHAPE, np.uint8), moved), prepared(SAGITTAL))


def test_an_order_is_read_as_it_was_written(tmp_path):
    case = approved.ApprovedCase("p0001_0001", "p0001", "3D", None, "a", "b", "c")
    order = approved.Order(
        (case,), "name", "1", "tiny", 3, 2, 0, 1, "cpu", threads=1, is_demonstration=True
    )
    approved.write_order(tmp_path, order)
    assert approved.read_order(tmp_path) == order


def test_what_somebody_set_for_their_own_nnunet_neither_reaches_the_child_nor_changes(tmp_path):
    mine = {"PATH": "/bin", "nnUNet_results": "/home/me", "nnUNet_wandb_enabled": "1"}
    before, environment = dict(mine), dict(os.environ)
    child = steps.environment(mine, tmp_path, augmenters=0)
    assert child["nnUNet_results"] == str(tmp_path / "results")
    assert "nnUNet_wandb_enabled" not in child
    assert child["PATH"] == "/bin"
    assert (mine, dict(os.environ)) == (before, environment)


@pytest.mark.parametrize(
    ("values", "patience", "ends"),
    [
        ([0.1, 0.2, 0.3], 2, False),
        ([0.3, 0.3, 0.3], 2, True),
        ([0.1, 0.3, 0.3005, 0.3009], 2, True),
        ([0.1, 0.3, 0.2, 0.302], 2, False),
        ([0.3, 0.2], 2, False),
        ([0.3] * 50, 0, False),
    ],
)
def test_training_ends_where_nothing_becomes_better(values, patience, ends):
    assert has_stopped_rising(values, patience) is ends


NONE = float("nan")


def test_a_training_of_which_nothing_can_be_told_ends_with_its_reason():
    assert has_stopped_rising([0.1, NONE, NONE], 3) is False
    assert has_stopped_rising([0.1, 0.3, NONE, 0.2], 2) is True
    assert has_stopped_rising([NONE, 0.1, 0.2], 2) is False
    with pytest.raises(NothingToWatchError):
        has_stopped_rising([0.1, 0.3, NONE, NONE], 2)
    assert has_stopped_rising([NONE] * 9, 0) is False


def test_progress_counts_over_all_steps_and_never_falls(tmp_path):
    shares = []
    for step in steps.STEPS:
        for share in (0.0, 0.5, 1.0):
            steps._tell(tmp_path, step, share=share)
            shares.append(steps.read_progress(tmp_path)["share"])
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
