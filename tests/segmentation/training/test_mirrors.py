"""A network is shown heads with left and right exchanged, and no other mirror of them."""

from itertools import permutations

import numpy as np
import pytest

from segmentation.training.learning import LEFT_RIGHT, mirrored_axes


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_mirrored_axis_is_left_and_right_however_the_plan_turns_the_image(order):
    image = np.random.default_rng(1).normal(size=(3, 4, 5))
    turned = image.transpose(order)
    (axis,) = mirrored_axes(order)
    assert np.array_equal(np.flip(turned, axis), np.flip(image, LEFT_RIGHT).transpose(order))


def test_sagittal_slices_put_left_and_right_first():
    # nnU-Net's planner for 1 x 1 x 1.2 mm with the coarsest voxels from left to right.
    assert mirrored_axes([2, 0, 1]) == (0,)
