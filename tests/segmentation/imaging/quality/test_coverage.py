"""What of the brain an image shows, by hand."""

import numpy as np
import pytest

from segmentation.imaging.quality.coverage import coverage

SHAPE, SIZE = (100, 100, 20), (1.0, 1.0, 5.0)


def brain(low: float, high: float) -> np.ndarray:
    """Eleven points on a line from foot to head, in voxels."""
    return np.column_stack([np.full(11, 50.0), np.full(11, 50.0), np.linspace(low, high, 11)])


def test_margins_count_to_the_edge_of_the_outer_voxel():
    # Voxels 0 to 19 reach from -0.5 to 19.5: 2.5 voxels below voxel 2, 4.5 above voxel 15.
    found = coverage(brain(2, 15), SHAPE, SIZE)
    assert (found.bottom_margin_mm, found.top_margin_mm) == pytest.approx((12.5, 22.5))
    assert found.brain_cut_percent == 0


def test_a_brain_that_is_cut_off_has_a_negative_margin():
    # Points at 12.5, 13.5 ... 22.5; the last three lie above the edge at 19.5.
    found = coverage(brain(12.5, 22.5), SHAPE, SIZE)
    assert found.top_margin_mm == pytest.approx(-15.0)
    assert found.brain_cut_percent == pytest.approx(100 * 3 / 11)


def test_a_brain_that_is_cut_off_at_the_side_is_cut_off_too():
    points = brain(2, 15)
    points[:, 0] = np.linspace(95, 105, 11)
    assert coverage(points, SHAPE, SIZE).brain_cut_percent == pytest.approx(100 * 6 / 11)
