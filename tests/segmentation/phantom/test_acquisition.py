"""What a scanner makes of a phantom: position, motion, slices."""

import numpy as np
import pytest

from segmentation.phantom.acquisition import Image, ghosted, motion, moved, slices
from segmentation.phantom.variation import PLAIN

BOX = np.zeros((24, 30, 24), np.float32)
BOX[8:16, 10:20, 8:16] = 1.0


def test_a_head_that_was_not_moved_stays_as_it_is():
    assert moved(BOX, np.eye(4)) is BOX


def test_a_shift_of_two_voxels_moves_the_content_by_two():
    pose = np.eye(4)
    pose[0, 3] = 2.0
    assert np.allclose(moved(BOX, pose)[6:14, 10:20, 8:16], 1.0)


def test_a_turn_keeps_the_volume():
    pose = motion(np.random.default_rng(1), turned_deg=8, shifted_mm=2)
    assert moved(BOX, pose).sum() == pytest.approx(BOX.sum(), rel=0.01)


def test_a_motion_is_rigid_and_within_its_limits():
    pose = motion(np.random.default_rng(3), turned_deg=5, shifted_mm=4)
    assert np.allclose(pose[:3, :3] @ pose[:3, :3].T, np.eye(3))
    assert np.linalg.det(pose) == pytest.approx(1)
    assert np.abs(pose[:3, 3]).max() <= 4


def test_a_patient_who_moves_leaves_ghosts_along_the_phase_axis_alone():
    image = ghosted(np.random.default_rng(2), BOX)
    beside = image[10:14, :8, 10:14]
    assert np.abs(beside).max() > 0.01
    assert image[10:14, 12:18, 10:14].mean() == pytest.approx(1, abs=0.15)
    assert np.abs(image[:4]).max() < 0.01


@pytest.mark.parametrize("gap_share", [0.0, 0.5])
def test_slices_see_what_lies_in_them_and_not_between(gap_share: float):
    ramp = np.broadcast_to(np.arange(24, dtype=np.float32), (4, 4, 24))
    ramp = ramp + np.where(np.arange(24) % 4 == 0, 100, 0).astype(np.float32)
    quiet = np.random.default_rng(1)
    taken = slices(quiet, Image(ramp, np.eye(4)), 4.0, PLAIN, gap_share=gap_share)
    assert taken.data.shape == (4, 4, 6)
    assert taken.affine[2, 2] == 4.0
    if gap_share:
        assert taken.data.mean() < 1000 * ramp.mean()
    else:
        assert taken.data.mean() == pytest.approx(1000 * ramp.mean(), rel=0.01)


def test_an_offset_moves_the_slices_and_their_place_in_the_world_alike():
    fine = Image(np.broadcast_to(np.arange(24, dtype=np.float32), (4, 4, 24)), np.eye(4))
    stacks = [slices(np.random.default_rng(1), fine, 4.0, PLAIN, offset_mm=o) for o in (0.0, 2.0)]
    assert stacks[1].affine[2, 3] - stacks[0].affine[2, 3] == 2.0
    inner = [stack.data[:, :, 1:-1].mean() / 1000 for stack in stacks]
    assert inner[1] - inner[0] == pytest.approx(2, abs=0.05)
