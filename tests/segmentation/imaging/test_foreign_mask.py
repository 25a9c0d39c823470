"""A mask of other software is taken in the grid of its image, or refused in words."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation.imaging import foreign_mask
from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.foreign_mask import check_place, chosen_label, in_grid_of
from segmentation.imaging.geometry import Volume
from tests.support.images import OBLIQUE_ANISOTROPIC, affine_of

SHAPE = (4, 5, 6)


def mask_of(*voxels: tuple[int, int, int], affine: np.ndarray | None = None) -> Volume:
    data = np.zeros(SHAPE, dtype=np.uint8)
    for voxel in voxels:
        data[voxel] = 1
    return Volume(data, np.eye(4) if affine is None else affine)


def test_a_mask_of_0_and_1_needs_no_label_and_an_empty_one_is_a_mask() -> None:
    assert chosen_label(mask_of((1, 2, 3)), None).sum() == 1
    assert chosen_label(mask_of(), None).sum() == 0
    assert chosen_label(mask_of(), 7).sum() == 0


@pytest.mark.parametrize(
    ("label", "words"),
    [(None, "mask of 0 and 1, found the labels 2, 7"), (1, "label 1, found the labels 2, 7")],
)
def test_other_labels_are_named_and_not_guessed(label: int | None, words: str) -> None:
    labels = mask_of()
    labels.data[0, 0, :2] = 7, 2
    with pytest.raises(ImageError, match=words) as refused:
        chosen_label(labels, label)
    assert refused.value.code == FailureCode.UNEXPECTED_LABELS
    assert chosen_label(labels, 7).sum() == 1


@given(st.permutations(range(3)), st.tuples(*[st.booleans()] * 3))
def test_the_order_of_the_axes_is_brought_to_that_of_the_image(
    order: list[int], flips: tuple[bool, bool, bool]
) -> None:
    rng = np.random.default_rng(1)
    wanted = Volume(rng.integers(0, 2, SHAPE).astype(np.uint8), OBLIQUE_ANISOTROPIC)
    data, affine = np.transpose(wanted.data, order), wanted.affine[:, [*order, 3]].copy()
    for axis, flip in enumerate(flips):
        if flip:
            data = np.flip(data, axis)
            affine[:3, 3] += affine[:3, axis] * (data.shape[axis] - 1)
            affine[:3, axis] *= -1
    found = in_grid_of(Volume(data, affine), wanted.affine, SHAPE)
    np.testing.assert_array_equal(found.data, wanted.data)
    np.testing.assert_array_equal(found.affine, wanted.affine)


@pytest.mark.parametrize(
    ("affine", "words"),
    [
        (affine_of((1.0, 1.0, 1.1)), "1.00 x 1.00 x 1.10 mm"),
        (affine_of(origin_mm=(0.0, 0.5, 0.0)), "in another place"),
        (affine_of(degrees=(0.0, 0.0, 1.0)), "in another place"),
    ],
)
def test_voxels_of_another_grid_are_refused_with_both_grids(affine: np.ndarray, words: str) -> None:
    with pytest.raises(ImageError) as refused:
        in_grid_of(mask_of((1, 1, 1), affine=affine), np.eye(4), SHAPE)
    assert refused.value.code == FailureCode.BAD_ORIENTATION
    assert "4 x 5 x 6 voxels of 1.00 x 1.00 x 1.00 mm" in refused.value.message
    assert words in refused.value.message


def test_another_number_of_voxels_is_another_grid() -> None:
    with pytest.raises(ImageError, match="found 4 x 5 x 6 voxels"):
        in_grid_of(mask_of((1, 1, 1)), np.eye(4), (4, 5, 7))


@pytest.fixture
def brain(monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """A brain of 24 voxels, where a head would take seconds to fit."""
    inside = np.zeros(SHAPE, dtype=bool)
    inside[1:3, 1:4, 1:5] = True
    monkeypatch.setattr(foreign_mask, "extract_brain", lambda _t1w: inside)
    return inside


def test_the_volume_of_the_brain_is_kept_with_the_mask(brain: np.ndarray) -> None:
    mask = mask_of((1, 1, 1), (0, 0, 0))
    assert check_place(mask, mask) == pytest.approx(0.024)
    assert check_place(mask_of(), mask) == pytest.approx(0.024)


def test_a_mask_outside_of_the_brain_is_refused(brain: np.ndarray) -> None:
    mask = mask_of((1, 1, 1), (0, 0, 0), (0, 0, 1))
    with pytest.raises(ImageError, match="found 33 % of it there"):
        check_place(mask, mask)


def test_a_mask_as_large_as_the_brain_is_refused(brain: np.ndarray) -> None:
    mask = Volume(brain.astype(np.uint8), np.eye(4))
    with pytest.raises(ImageError, match="below the volume of the brain"):
        check_place(mask, mask)


def test_without_a_brain_the_largest_there_is_bounds_the_mask(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def not_found(_t1w: Volume) -> None:
        raise ImageError(FailureCode.NO_BRAIN_FOUND, "No brain was found.")

    monkeypatch.setattr(foreign_mask, "extract_brain", not_found)
    empty = np.zeros(SHAPE, dtype=np.float32)
    assert check_place(mask_of((1, 1, 1)), Volume(empty, np.eye(4))) is None
    huge = np.diag([30.0, 30.0, 30.0, 1.0])
    with pytest.raises(ImageError, match="2600 mL"):
        check_place(Volume(np.ones(SHAPE, np.uint8), huge), Volume(empty, huge))
