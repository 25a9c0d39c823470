"""Ghosts and entropy: by hand, against the published formula, by properties."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation.imaging.quality.artefacts import entropy_focus, ghosting_percent
from segmentation.imaging.quality.metrics import NotMeasuredError

SHAPE = (60, 50, 20)
SIGNAL = 200.0


def head() -> np.ndarray:
    mask = np.zeros(SHAPE, bool)
    mask[20:40, 18:32, :] = True
    return mask


def air() -> np.ndarray:
    far = np.ones(SHAPE, bool)
    far[15:45, 13:37, :] = False
    return far


def picture(ghost: float = 0.0, axis: int = 1, noise: float = 2.0) -> np.ndarray:
    """A head, and behind it copies of it shifted by half the image along an axis."""
    rng = np.random.default_rng(3)
    real, imaginary = rng.normal(0, noise, (2, *SHAPE))
    data = np.hypot(real, imaginary) + SIGNAL * head()
    data += ghost * SIGNAL * np.roll(head(), SHAPE[axis] // 2, axis=axis)
    return data.astype(np.float32)


def ghosting(data: np.ndarray, axes=(0, 1)) -> float:
    return ghosting_percent(data, air(), head(), SIGNAL, axes)


def test_a_ghost_of_a_known_size_is_found_along_its_axis():
    # Of the 26 rows of air in line with the head along j, the ghost fills 12 (38 to 49, 0 to 6
    # minus the head's own gap), so the mean excess is its share of 5 % of the signal.
    clean, ghosted = picture(noise=0.5), picture(0.05, noise=0.5)
    in_line = air() & np.broadcast_to(head().any(axis=1, keepdims=True), SHAPE)
    filled = (np.roll(head(), 25, axis=1) & in_line).sum() / in_line.sum()
    found = ghosting(ghosted, (1,)) - ghosting(clean, (1,))
    assert found == pytest.approx(5.0 * filled, rel=1e-4)
    assert 1.0 < found < 5.0


def test_noise_alone_is_no_ghost():
    assert ghosting(picture()) == pytest.approx(0.0, abs=0.1)


def test_a_ghost_along_the_other_axis_is_none_along_this_one():
    ghosted = picture(0.05, axis=0)
    assert ghosting(ghosted, (0,)) > 1.0
    assert ghosting(ghosted, (1,)) <= 0.0


def test_of_unknown_axes_the_larger_counts():
    ghosted = picture(0.05, axis=0)
    assert ghosting(ghosted, (0, 1)) == ghosting(ghosted, (0,))


@given(weak=st.floats(0.0, 0.1), more=st.floats(0.01, 0.3), axis=st.sampled_from([0, 1]))
def test_a_stronger_ghost_is_more_ghosting(weak: float, more: float, axis: int):
    assert ghosting(picture(weak + more, axis)) > ghosting(picture(weak, axis))


@given(factor=st.floats(0.01, 1000))
def test_ghosting_does_not_depend_on_the_scale_of_the_intensities(factor: float):
    data = picture(0.05)
    louder = ghosting_percent(
        (data * factor).astype(np.float32), air(), head(), SIGNAL * factor, (0, 1)
    )
    assert louder == pytest.approx(ghosting(data), rel=1e-3)


def test_a_cleared_background_hides_ghosts():
    data = picture(0.05)
    data[air()] = 0
    with pytest.raises(NotMeasuredError, match="set to zero"):
        ghosting(data)


def published_entropy(data: np.ndarray) -> float:
    """The formula of the paper with the maximum of n voxels, term by term."""
    x = data.ravel().astype(float)
    x_max = np.sqrt((x**2).sum())
    most = x.size / np.sqrt(x.size) * np.log(np.sqrt(x.size) ** -1)
    return float(((x / x_max) * np.log((x + 1e-16) / x_max)).sum() / most)


def test_one_bright_voxel_has_no_entropy():
    data = np.zeros((4, 5, 6), np.float32)
    data[1, 2, 3] = 9
    assert entropy_focus(data) == pytest.approx(0.0, abs=1e-12)


def test_an_even_image_has_all_the_entropy_there_is():
    assert entropy_focus(np.full((4, 5, 6), 7, np.float32)) == pytest.approx(1.0)


@given(seed=st.integers(0, 99), factor=st.floats(0.01, 1000))
def test_entropy_is_that_of_the_published_formula_at_any_scale(seed: int, factor: float):
    data = np.random.default_rng(seed).gamma(2.0, 30.0, (7, 8, 9)).astype(np.float32)
    assert entropy_focus(data) == pytest.approx(published_entropy(data), rel=1e-6)
    assert entropy_focus((data * factor).astype(np.float32)) == pytest.approx(
        entropy_focus(data), rel=1e-4
    )


def test_a_ghost_raises_entropy():
    assert entropy_focus(picture(0.1)) > entropy_focus(picture())


def test_an_empty_image_has_no_entropy_that_could_be_measured():
    with pytest.raises(NotMeasuredError, match="empty"):
        entropy_focus(np.zeros((4, 5, 6), np.float32))
