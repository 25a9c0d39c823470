"""Resampling by matrix products against SciPy and nnU-Net."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from nnunetv2.preprocessing.resampling.default_resampling import resample_data_or_seg_to_shape
from scipy import ndimage

from segmentation.inference.cropping import filled, nonzero_box
from segmentation.inference.deciding import _by_the_same_sums, label_map, logit_difference
from segmentation.inference.resampling import Resampling, resample_images, spline_matrix

CUBIC = {"is_seg": False, "order": 3, "order_z": 0, "force_separate_z": None}
LINEAR = {**CUBIC, "order": 1}
GEOMETRIES = [
    ((20, 24, 18), (31, 30, 25), (1.6, 1.3, 1.4), (1.0, 1.0, 1.0)),
    ((30, 24, 28), (15, 17, 20), (0.5, 0.7, 0.7), (1.0, 1.0, 1.0)),
    ((20, 24, 18), (20, 30, 12), (1.0, 1.3, 0.7), (1.0, 1.0, 1.0)),
    ((1, 24, 18), (1, 30, 12), (1.0, 1.3, 0.7), (1.0, 1.0, 1.0)),
    ((1, 9, 8), (3, 9, 8), (3.0, 1.0, 1.0), (1.0, 1.0, 1.0)),
    ((8, 24, 20), (16, 26, 19), (4.0, 1.1, 0.9), (2.0, 1.0, 1.0)),
    ((24, 8, 20), (26, 16, 19), (1.1, 4.0, 0.9), (1.0, 2.0, 1.0)),
    ((24, 20, 8), (26, 19, 16), (1.1, 0.9, 4.0), (1.0, 1.0, 2.0)),
    ((8, 24, 20), (8, 26, 19), (4.0, 1.1, 0.9), (4.0, 1.0, 1.0)),
    ((30, 24, 20), (7, 26, 19), (1.0, 1.1, 0.9), (4.3, 1.0, 1.0)),
]

SAME = ((8, 9, 7), (8, 9, 7), (1.0, 1.0, 1.0), (1.0, 1.0, 1.0))


def between(
    source: Sequence[int], target: Sequence[int], now: Sequence[float], aimed: Sequence[float]
) -> Resampling:
    return Resampling.between(source, target, source_spacing_mm=now, target_spacing_mm=aimed)


@pytest.mark.parametrize(("source", "target", "now", "aimed"), GEOMETRIES)
def test_images_are_bit_equal_to_nnunets(
    source: Sequence[int], target: Sequence[int], now: Sequence[float], aimed: Sequence[float]
):
    images = np.random.default_rng(1).normal(size=(2, *source)).astype(np.float32)
    theirs = resample_data_or_seg_to_shape(images, target, now, aimed, **CUBIC)
    ours = resample_images(torch.from_numpy(images), between(source, target, now, aimed))
    assert np.array_equal(ours.numpy(), theirs)


@pytest.mark.parametrize(("source", "target", "now", "aimed"), GEOMETRIES)
@pytest.mark.parametrize("size", [0.01, 30.0])
def test_labels_are_those_of_nnunets_logits(
    source: Sequence[int],
    target: Sequence[int],
    now: Sequence[float],
    aimed: Sequence[float],
    size: float,
):
    logits = (size * np.random.default_rng(2).normal(size=(3, *source))).astype(np.float16)
    theirs = resample_data_or_seg_to_shape(logits, target, now, aimed, **LINEAR).argmax(0)
    ours = label_map(torch.from_numpy(logits), between(source, target, now, aimed))
    assert np.array_equal(ours, theirs)


@pytest.mark.parametrize(("source", "target", "now", "aimed"), GEOMETRIES)
def test_what_is_decided_again_uses_bit_equal_logits(
    source: Sequence[int], target: Sequence[int], now: Sequence[float], aimed: Sequence[float]
):
    logits = np.random.default_rng(3).normal(size=(2, *source)).astype(np.float16)
    theirs = resample_data_or_seg_to_shape(logits, target, now, aimed, **LINEAR)
    everywhere = tuple(index.ravel() for index in np.indices(target))
    assert len(everywhere) == 3
    ours = _by_the_same_sums(logits, between(source, target, now, aimed), everywhere)
    assert np.array_equal(ours.reshape(theirs.shape), theirs)


sizes = st.tuples(*[st.integers(1, 14)] * 3)
millimetres = st.tuples(*[st.sampled_from([0.5, 0.9, 1.0, 1.3, 2.0, 4.0, 6.0])] * 3)


@settings(max_examples=40)
@given(sizes, sizes, millimetres, millimetres, st.integers(0, 1000))
def test_any_geometry_gives_nnunets_image_and_labels(
    source: tuple[int, int, int],
    target: tuple[int, int, int],
    now: tuple[float, float, float],
    aimed: tuple[float, float, float],
    seed: int,
):
    values = np.random.default_rng(seed).normal(size=(2, *source))
    resampling = between(source, target, now, aimed)
    images = values.astype(np.float32)
    theirs = resample_data_or_seg_to_shape(images, target, now, aimed, **CUBIC)
    ours = resample_images(torch.from_numpy(images), resampling).numpy()
    # The last bit of a sum in float64 may differ, and where it stands on the edge between two
    # float32 numbers the other one is taken; in no case here more than that.
    assert np.abs(ours - theirs).max() <= np.spacing(np.abs(theirs).max())
    # Few values of few bits: many equal and nearly equal logits.
    logits = np.round(values * 4).astype(np.float16)
    labels = resample_data_or_seg_to_shape(logits, target, now, aimed, **LINEAR).argmax(0)
    assert np.array_equal(label_map(torch.from_numpy(logits), resampling), labels)


def test_two_samples_become_four_by_hand():
    # Centres at -1/4, 1/4, 3/4 and 5/4 of the old samples; the outer ones hold the edge.
    expected = [[1.0, 0.0], [0.75, 0.25], [0.25, 0.75], [0.0, 1.0]]
    assert np.allclose(spline_matrix(2, 4, 1), expected, atol=1e-15)


@pytest.mark.parametrize("order", [0, 1, 3])
def test_a_constant_stays_what_it_is(order: int):
    assert np.allclose(spline_matrix(13, 29, order).sum(axis=1), 1.0, atol=1e-12)


def test_the_first_of_equal_classes_is_taken():
    equal = torch.ones((3, 2, 2, 2), dtype=torch.half)
    larger = between((2, 2, 2), (5, 4, 3), (1.0, 1.0, 1.0), (0.4, 0.5, 0.7))
    assert not label_map(equal, larger).any()
    same = between((2, 2, 2), (2, 2, 2), (1.0, 1.0, 1.0), (1.0, 1.0, 1.0))
    assert not label_map(equal, same).any()


def test_classes_that_round_to_the_same_logit_are_equal():
    # 1 and 1 + 2**-10 are neighbours in float16: a third of the way between them rounds to 1.
    logits = torch.tensor([[1.0, 1.0], [1.0, 1.0 + 2.0**-10]], dtype=torch.half)
    finer = between((1, 1, 2), (1, 1, 6), (1.0, 1.0, 1.0), (1.0, 1.0, 1 / 3))
    found = label_map(logits.reshape(2, 1, 1, 2), finer)
    assert found.ravel().tolist() == [0, 0, 0, 1, 1, 1]


@settings(max_examples=60)
@given(st.integers(0, 10_000), st.floats(0.05, 0.95))
def test_box_and_holes_are_those_of_the_whole_image(seed: int, share: float):
    rng = np.random.default_rng(seed)
    inner = rng.random((2, 6, 7, 5)) < share
    inner[:, 2, 3, 2] = True
    channels = np.pad(inner.astype(np.float32), ((0, 0), (1, 0), (0, 2), (1, 1)))
    box, mask = nonzero_box(channels)
    whole = ndimage.binary_fill_holes(channels.any(axis=0))
    assert np.array_equal(filled(mask), whole[box])
    assert whole.sum() == whole[box].sum()


@pytest.mark.parametrize(("source", "target", "now", "aimed"), [*GEOMETRIES, SAME])
def test_the_difference_of_two_logits_says_what_the_label_map_does(
    source: Sequence[int], target: Sequence[int], now: Sequence[float], aimed: Sequence[float]
):
    resampling = between(source, target, now, aimed)
    logits = torch.from_numpy(np.random.default_rng(3).normal(0, 3, (2, *source))).half()
    difference = logit_difference(logits, resampling)
    told = label_map(logits, resampling)
    # Nearer than the rounding of two numbers below 16 the label map has no choice of its own.
    is_sure = np.abs(difference) > 2 * 2.0**-7
    assert np.array_equal(difference[is_sure] > 0, told[is_sure] == 1)
    assert is_sure.mean() > 0.98
    # A constant before is a constant after.
    higher = logits.clone()
    higher[1] += 2
    found = logit_difference(higher, resampling)
    assert np.abs(found - difference - 2).max() < 2.0**-6


def test_three_classes_have_no_one_difference():
    with pytest.raises(ValueError, match="two classes, found 3"):
        logit_difference(torch.zeros((3, 2, 2, 2)), between((2,) * 3, (2,) * 3, (1,) * 3, (1,) * 3))
