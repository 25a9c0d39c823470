"""What an image fills with zeros is not shown by it, and zeros around a bare brain are no end."""

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.imaging.cautions import Caution
from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.geometry import Volume
from segmentation.imaging.shown import (
    BARE_RIM_MM,
    BEYOND,
    EMPTY,
    RIM_MM,
    SHOWN,
    STEP_MM,
    unseen_percent,
    unseen_share,
)
from segmentation.imaging.suitability import require_shown, require_whole_brain
from segmentation.imaging.template import load_template, template_brain
from tests.segmentation.imaging.test_suitability import IN_PLACE, USUAL, cut, top_of_brain

SIDE, AROUND = 19, 5
STILL = sitk.Transform(3, sitk.sitkIdentity)


def cube() -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return a brain of 19 voxels a side in a whole head, shown, and the depth in it in mm."""
    brain = np.pad(np.ones((SIDE, SIDE, SIDE), bool), AROUND)
    inside, outside = (ndimage.distance_transform_edt(mask) for mask in (brain, ~brain))
    return np.full(brain.shape, SHOWN), (inside - outside) * STEP_MM


@given(slices=st.integers(0, SIDE // 4), axis=st.integers(0, 2), at_end=st.booleans())
def test_an_end_counts_its_share_of_the_brain_and_zeros_theirs_of_what_lies_below_the_rim(
    slices: int, axis: int, at_end: bool
):
    status, depth_mm = cube()
    towards = np.moveaxis(np.flip(status, axis) if at_end else status, axis, 0)
    towards[: AROUND + slices] = BEYOND
    assert unseen_share(status, depth_mm) == pytest.approx(slices / SIDE)
    towards[: AROUND + slices] = EMPTY
    rim = round(RIM_MM / STEP_MM)
    counted = max(0, slices - rim) / (SIDE - 2 * rim)
    assert unseen_share(status, depth_mm) == pytest.approx(counted)


def test_neither_a_bare_rim_nor_a_dark_ventricle_is_an_end():
    status, depth_mm = cube()
    status[depth_mm <= BARE_RIM_MM] = EMPTY
    assert unseen_share(status, depth_mm) == 0
    middle = AROUND + SIDE // 2
    status[middle - 1 : middle + 2, middle - 1 : middle + 2, middle - 1 : middle + 2] = EMPTY
    assert unseen_share(status, depth_mm) == 0


def test_a_bare_brain_may_end_in_zeros_too():
    status, depth_mm = cube()
    status[depth_mm <= 0] = EMPTY
    status[: AROUND + SIDE // 2] = EMPTY
    assert unseen_share(status, depth_mm) > 0.4


@pytest.fixture(scope="module")
def whole() -> Volume:
    """Return the template's brain in a noisy head, so that no voxel is exactly 0."""
    template = load_template("t1")
    noise = 0.05 + 0.01 * np.random.default_rng(5).random(template.data.shape, dtype=np.float32)
    return Volume(template.data + noise, template.affine)


def filled(image: Volume, top_mm: int, value: float = 0) -> Volume:
    """Return an image of 1 mm whose upper slices hold one value."""
    data = image.data.copy()
    data[:, :, data.shape[2] - top_mm :] = value
    return Volume(data, image.affine)


def test_a_top_in_zeros_counts_as_one_that_the_image_lacks(whole: Volume):
    above = top_of_brain(whole)
    assert unseen_percent(whole, IN_PLACE) == 0
    for millimetres in (25, 40):
        lacking = unseen_percent(cut(whole, top_mm=above + millimetres), IN_PLACE)
        assert lacking > 1
        for value in (0, -1024):
            image = filled(whole, above + millimetres, value)
            assert unseen_percent(image, IN_PLACE) == pytest.approx(lacking, rel=0.2)


def test_a_brain_without_its_skull_is_shown_whole_even_where_the_fit_is_too_large():
    within = ndimage.distance_transform_edt(template_brain().data > 0.5)
    bare = Volume(load_template("t1").data * (within > 5), template_brain().affine)
    assert float((bare.data[template_brain().data > 0.5] == 0).mean()) > 0.1
    assert unseen_percent(bare, IN_PLACE) == 0


def test_zeros_are_refused_or_told_as_an_end_would_be(whole: Volume):
    above = top_of_brain(whole)
    with pytest.raises(ImageError, match="holds zeros only") as refused:
        require_whole_brain(filled(whole, above + 18), IN_PLACE)
    assert refused.value.code == FailureCode.BRAIN_CUT_OFF
    with pytest.raises(ImageError, match="zeros cover nothing") as refused:
        require_shown(filled(whole, above + 50), IN_PLACE, STILL)
    assert refused.value.code == FailureCode.BRAIN_CUT_OFF
    shown_percent = require_shown(filled(whole, above + 25), IN_PLACE, STILL)
    assert replace(USUAL, t2w_shown_percent=shown_percent).cautions == (Caution.T2W_INCOMPLETE,)


def test_a_t2w_image_is_looked_at_where_its_head_lies(whole: Volume):
    shifted = whole.affine.copy()
    shifted[:3, 3] += (12.0, -9.0, 30.0)
    moved = Volume(whole.data, shifted)
    # Right and anterior are negative in the coordinates of the transform.
    there = sitk.TranslationTransform(3, (-12.0, 9.0, 30.0))
    assert unseen_percent(moved, IN_PLACE, there) == 0
    assert unseen_percent(moved, IN_PLACE, STILL) > 4
