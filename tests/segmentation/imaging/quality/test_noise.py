"""Signal and contrast against noise: by hand, against the published formula, by properties."""

from math import pi, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation.imaging.quality.metrics import NotMeasuredError
from segmentation.imaging.quality.noise import fine_axes, noise_sigma, snr_of_air

SHAPE = (40, 42, 44)
ALL = (0, 1, 2)


def white_noise(sigma: float, seed: int = 0, shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, sigma, shape).astype(np.float32)


def everywhere(shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    return np.ones(shape, bool)


@pytest.mark.parametrize("axes", [(0, 1), ALL])
def test_noise_of_a_known_size_is_found(axes):
    data = 100 + white_noise(4.0)
    assert noise_sigma(data, everywhere(), axes) == pytest.approx(4.0, rel=0.02)


def test_a_slope_and_a_step_along_an_axis_are_no_noise():
    data = 100 + white_noise(4.0)
    data += 3 * np.arange(SHAPE[0], dtype=np.float32)[:, None, None]
    data[:, :, 20:] += 500
    assert noise_sigma(data, everywhere(), ALL) == pytest.approx(4.0, rel=0.02)


def test_second_differences_by_hand():
    # Along one axis 0 0 9 0 0 ...: the second difference is 9 -18 9 there and 0 elsewhere; a
    # pattern 0 9 0 9 has 18 everywhere, so its noise is 18 * 1.4826 / sqrt(6).
    line = np.tile([0.0, 9.0], 600).astype(np.float32)
    data = np.broadcast_to(line[:, None, None], (1200, 3, 3)).copy()
    found = noise_sigma(data, everywhere(data.shape), (0,))
    assert found == pytest.approx(18 * 1.482602218505602 / sqrt(6))


def test_thick_slices_differ_by_anatomy_and_are_left_out():
    assert fine_axes((0.7, 0.72, 5.0)) == (0, 1)
    assert fine_axes((5.0, 0.72, 0.7)) == (1, 2)
    assert fine_axes((1.0, 1.0, 1.2)) == ALL


def test_an_image_without_noise_has_none_that_could_be_measured():
    with pytest.raises(NotMeasuredError, match="do not differ"):
        noise_sigma(np.full(SHAPE, 7, np.float32), everywhere(), ALL)


def test_a_mask_without_a_voxel_is_no_brain():
    with pytest.raises(NotMeasuredError, match="no brain"):
        noise_sigma(white_noise(1.0), np.zeros(SHAPE, bool), ALL)


@given(factor=st.floats(0.01, 1000), seed=st.integers(0, 9))
def test_noise_grows_with_the_scale_of_the_intensities(factor: float, seed: int):
    data = 50 + white_noise(2.0, seed)
    louder = noise_sigma((data * factor).astype(np.float32), everywhere(), ALL)
    assert louder == pytest.approx(factor * noise_sigma(data, everywhere(), ALL), rel=1e-3)


@given(order=st.permutations(ALL), flips=st.tuples(*[st.booleans()] * 3))
def test_noise_does_not_depend_on_the_order_of_the_axes(order, flips):
    data = 50 + white_noise(2.0)
    turned = np.transpose(data, order)[tuple(slice(None, None, -1 if f else 1) for f in flips)]
    found = noise_sigma(turned, everywhere(turned.shape), ALL)
    assert found == pytest.approx(noise_sigma(data, everywhere(), ALL), rel=1e-4)


@given(sigma=st.floats(0.5, 5), more=st.floats(1.5, 10))
def test_more_noise_is_more_noise(sigma: float, more: float):
    data = 50 + white_noise(sigma)
    noisier = data + white_noise(sigma * more, seed=1)
    assert noise_sigma(noisier, everywhere(), ALL) > noise_sigma(data, everywhere(), ALL)


def rayleigh(sigma: float, n: int = 200_000) -> np.ndarray:
    real, imaginary = np.random.default_rng(5).normal(0, sigma, (2, n))
    return np.hypot(real, imaginary).astype(np.float32)


def test_air_of_known_noise_gives_the_known_ratio():
    # The Rayleigh background of normal noise 4 behind a signal of 100: the ratio is 25.
    assert snr_of_air(100.0, rayleigh(4.0)) == pytest.approx(25.0, rel=0.01)


def test_the_ratio_is_that_of_the_published_formula():
    air = rayleigh(3.0)
    published = 80.0 / (air.astype(float).std() * sqrt(2 / (4 - pi)))
    assert snr_of_air(80.0, air) == pytest.approx(published, rel=1e-6)


def test_a_cleared_background_gives_no_ratio():
    air = rayleigh(3.0)
    air[: air.size // 2] = 0
    with pytest.raises(NotMeasuredError, match="set to zero"):
        snr_of_air(80.0, air)


def test_a_head_that_fills_the_image_leaves_no_air():
    with pytest.raises(NotMeasuredError, match="too little air"):
        snr_of_air(80.0, rayleigh(3.0, n=20))
