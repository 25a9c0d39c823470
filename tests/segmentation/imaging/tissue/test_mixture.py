"""Shares of tissue on arrays small enough to follow by hand."""

import numpy as np
import pytest

from segmentation.imaging.tissue import mixture
from segmentation.imaging.tissue.mixture import (
    FLUID,
    GRAY,
    LOST,
    WHITE,
    NotSeparableError,
    compositions,
    fit_mixture,
)

MEANS = np.array([[0.3, 1.8], [0.9, 1.1], [1.2, 0.7]])
"""Fluid, gray and white matter on T1w and T2w."""


def voxels(count: int = 900) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the tissue of voxels, what an atlas expects of them, and where they lie."""
    rng = np.random.default_rng(5)
    tissue = np.repeat([0, 1, 2], count)
    sure = rng.uniform(0.5, 0.95, size=len(tissue))
    expected = np.repeat(((1 - sure) / 2)[:, None], 3, axis=1)
    expected[np.arange(len(tissue)), tissue] = sure
    # A calibrated atlas: of places where it expects 0.7, seven of ten are that tissue.
    actual = np.array([rng.choice(3, p=row / row.sum()) for row in expected])
    return actual, expected, rng.uniform(-60, 60, size=(len(tissue), 3))


def test_pure_voxels_of_known_tissue_are_counted():
    tissue, expected, places = voxels()
    rng = np.random.default_rng(6)
    values = MEANS[tissue] + rng.normal(0, 0.03, size=(len(tissue), 2))
    found = fit_mixture(100 * values, expected, places, np.zeros(len(tissue), bool))
    counted = found.shares.sum(axis=0)[[FLUID, GRAY, WHITE]]
    assert counted == pytest.approx(np.bincount(tissue), rel=0.03)


def test_a_voxel_half_of_each_is_counted_as_half_of_each():
    tissue, expected, places = voxels()
    values = MEANS[tissue].copy()
    halves = np.arange(0, len(tissue), 9)
    values[halves] = 0.5 * (MEANS[1] + MEANS[2])
    values += np.random.default_rng(7).normal(0, 0.01, size=values.shape)
    found = fit_mixture(values, expected, places, np.zeros(len(tissue), bool))
    assert found.shares[halves, WHITE].mean() == pytest.approx(0.5, abs=0.05)
    assert found.shares[halves, GRAY].mean() == pytest.approx(0.5, abs=0.05)


def test_an_uneven_coil_is_seen_through():
    tissue, expected, places = voxels()
    uneven = np.exp(0.15 * places[:, :1] / 60)
    values = MEANS[tissue] * uneven
    values += np.random.default_rng(8).normal(0, 0.02, size=values.shape)
    found = fit_mixture(values, expected, places, np.zeros(len(tissue), bool))
    counted = found.shares.sum(axis=0)[[FLUID, GRAY, WHITE]]
    assert counted == pytest.approx(np.bincount(tissue), rel=0.04)


def test_the_mask_is_white_matter_whatever_it_looks_like():
    tissue, expected, places = voxels()
    values = MEANS[tissue] + np.random.default_rng(9).normal(0, 0.03, size=(len(tissue), 2))
    mask = np.zeros(len(tissue), bool)
    mask[np.flatnonzero(tissue == 2)[:100]] = True
    values[mask] = (0.85, 1.45)
    found = fit_mixture(values, expected, places, mask)
    assert (found.shares[mask, LOST] == 1).all()
    assert found.means[LOST] == pytest.approx((0.85, 1.45) / MEANS[1] * found.means[GRAY], rel=0.05)


def test_the_unit_of_the_intensities_does_not_matter():
    tissue, expected, places = voxels(300)
    values = MEANS[tissue] + np.random.default_rng(6).normal(0, 0.03, size=(len(tissue), 2))
    none = np.zeros(len(tissue), bool)
    one = fit_mixture(values, expected, places, none)
    other = fit_mixture(values * (1000, 0.01), expected, places, none)
    assert one.shares == pytest.approx(other.shares, abs=1e-9)


def test_compositions_sum_to_one_and_begin_with_the_pure():
    kinds = compositions()
    assert kinds.sum(axis=1) == pytest.approx(1)
    assert (kinds[:5] == np.eye(5)).all()


def test_an_image_of_one_intensity_tells_nothing():
    _, expected, places = voxels(300)
    with pytest.raises(NotSeparableError, match="dark as air"):
        fit_mixture(np.zeros((len(expected), 2)), expected, places, np.zeros(len(expected), bool))


def test_too_few_voxels_tell_nothing():
    _, expected, places = voxels(5)
    assert mixture.TISSUES == (FLUID, GRAY, WHITE)
    with pytest.raises(NotSeparableError, match="too little"):
        fit_mixture(np.ones((len(expected), 2)), expected, places, np.zeros(len(expected), bool))
