"""What is not a whole head in the claimed sequence is refused with a reason, not measured."""

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from segmentation.imaging.brain import TemplateFit
from segmentation.imaging.cautions import CAUTION_WORDS, Caution
from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.geometry import Volume
from segmentation.imaging.suitability import (
    LEAST_LIKENESS,
    MOST_CORRELATED,
    USUAL_LIKENESS,
    USUALLY_CORRELATED,
    Suitability,
    likeness,
    local_correlation,
    require_image,
    require_likeness,
    require_shown,
    require_whole_brain,
)
from segmentation.imaging.template import load_template, template_brain, template_tissues

IN_PLACE = TemplateFit(sitk.AffineTransform(3), -0.5)
"""The template fitted to itself."""
USUAL = Suitability(
    t1w_likeness=0.6,
    t2w_likeness=0.4,
    tissue_correlation=-0.9,
    brain_cut_percent=0.0,
    t2w_shown_percent=100.0,
)


def drawn(fluid: float, gray: float, white: float) -> Volume:
    """Return the template in intensities of its tissues."""
    of_gray, of_white = (tissue.data for tissue in template_tissues())
    of_fluid = np.clip(template_brain().data - of_gray - of_white, 0, 1)
    return Volume(fluid * of_fluid + gray * of_gray + white * of_white, template_brain().affine)


@pytest.fixture(scope="module")
def t1w() -> Volume:
    return load_template("t1")


@pytest.fixture(scope="module")
def t2w() -> Volume:
    """Fluid bright, white matter dark, as T2w shows them."""
    return drawn(1.0, 0.5, 0.35)


def cut(image: Volume, *, top_mm: int = 0, bottom_mm: int = 0) -> Volume:
    """Return an image of 1 mm without what lies above or below."""
    affine = image.affine.copy()
    affine[:3, 3] += affine[:3, 2] * bottom_mm
    end = image.data.shape[2] - top_mm
    return Volume(np.ascontiguousarray(image.data[:, :, bottom_mm:end]), affine)


def top_of_brain(image: Volume) -> int:
    """Return how many slices lie above the highest slice of the template's brain."""
    slices = np.flatnonzero(template_brain().data.any(axis=(0, 1)))
    return int(image.data.shape[2] - 1 - slices[-1])


def code_of(work: object, *arguments: object) -> FailureCode:
    with pytest.raises(ImageError) as refused:
        work(*arguments)  # type: ignore[operator]
    # Each says what was expected, what was found and what to do.
    assert len(refused.value.message) > 80
    return refused.value.code


def test_a_head_in_the_sequence_of_its_name_is_alike(t1w: Volume, t2w: Volume):
    assert require_likeness(t1w, IN_PLACE, "T1w") > 0.7
    assert require_likeness(t2w, IN_PLACE, "T2w") > 0.9


def test_a_brain_whose_white_matter_has_lost_its_myelin_is_still_a_brain():
    assert likeness(drawn(0.2, 0.8, 0.6), IN_PLACE, "T1w") > USUAL_LIKENESS["T1w"]


def test_the_other_sequence_is_not_alike(t1w: Volume, t2w: Volume):
    assert code_of(require_likeness, t2w, IN_PLACE, "T1w") == FailureCode.NOT_A_HEAD
    assert code_of(require_likeness, t1w, IN_PLACE, "T2w") == FailureCode.NOT_A_HEAD


@pytest.mark.parametrize("axis", [1, 2], ids=["front to back", "upside down"])
def test_a_turned_head_is_not_alike(t1w: Volume, axis: int):
    turned = Volume(np.ascontiguousarray(np.flip(t1w.data, axis)), t1w.affine)
    assert code_of(require_likeness, turned, IN_PLACE, "T1w") == FailureCode.NOT_A_HEAD


def test_what_has_no_anatomy_is_not_alike(t1w: Volume):
    noise = np.random.default_rng(3).random(t1w.data.shape).astype(np.float32)
    bottle = np.ones(t1w.data.shape, np.float32)
    for data in (noise, bottle):
        image = Volume(data, t1w.affine)
        assert code_of(require_likeness, image, IN_PLACE, "T1w") == FailureCode.NOT_A_HEAD


def test_a_brain_that_is_cut_off_is_refused_with_its_end_named(t1w: Volume):
    above = top_of_brain(t1w)
    assert require_whole_brain(t1w, IN_PLACE) == 0.0
    assert require_whole_brain(cut(t1w, top_mm=above), IN_PLACE) == 0.0
    with pytest.raises(ImageError, match=r"top is cut off by 1[5-9] mm") as refused:
        require_whole_brain(cut(t1w, top_mm=above + 18), IN_PLACE)
    assert refused.value.code == FailureCode.BRAIN_CUT_OFF
    with pytest.raises(ImageError, match="lower end is cut off"):
        require_whole_brain(cut(t1w, bottom_mm=60), IN_PLACE)


def test_what_is_cut_off_only_grows_with_the_cut(t1w: Volume):
    shares = []
    for millimetres in (0, 2, 4, 5):
        image = cut(t1w, top_mm=top_of_brain(t1w) + millimetres)
        shares.append(require_whole_brain(image, IN_PLACE))
    assert shares == sorted(shares)
    assert shares[-1] > 0


def test_a_t2w_image_that_ends_within_the_brain_is_refused(t2w: Volume):
    still = sitk.Transform(3, sitk.sitkIdentity)
    # Without a skull, most of an image is 0; that is no end of it.
    assert require_shown(t2w, IN_PLACE, still) == 100.0
    short = cut(t2w, top_mm=top_of_brain(t2w) + 50)
    assert code_of(require_shown, short, IN_PLACE, still) == FailureCode.BRAIN_CUT_OFF


def test_images_that_show_nothing_or_too_little_are_refused():
    side = np.zeros((90, 90, 90), np.float32)
    grid = np.diag([2.0, 2.0, 2.0, 1.0])
    speck = side.copy()
    speck[40:44, 40:44, 40:44] = 700
    for data in (side, side + 100, speck):
        assert code_of(require_image, Volume(data, grid), "T1w") == FailureCode.IMAGE_SHOWS_NOTHING
    half_lit = side.copy()
    half_lit[:45] = 700
    require_image(Volume(half_lit, grid), "T1w")
    few_slices = Volume(half_lit[:, :, :6], grid)
    assert code_of(require_image, few_slices, "T2w") == FailureCode.BRAIN_CUT_OFF


def blocks(seed: int) -> NDArray[np.float64]:
    return np.random.default_rng(seed).random((9, 9, 9))


@given(gain=st.floats(0.01, 100), offset=st.floats(0, 3))
def test_local_agreement_knows_nothing_of_brightness(gain: float, offset: float):
    first, everywhere = blocks(1), np.ones((9, 9, 9), bool)
    brighter = gain * (first + offset)
    assert local_correlation(first, brighter, everywhere) == pytest.approx(1, abs=1e-6)
    assert local_correlation(first, -brighter, everywhere) == pytest.approx(-1, abs=1e-6)


def test_local_agreement_of_two_voxels_is_that_of_the_formula():
    """Far wider than the block, the neighbourhood is the block: Pearson's correlation."""
    first, second = blocks(1)[:2, :2, :2], blocks(2)[:2, :2, :2]
    expected = np.corrcoef(first.ravel(), second.ravel())[0, 1]
    found = local_correlation(first, second, np.ones((2, 2, 2), bool))
    assert found == pytest.approx(expected, abs=0.1)


def test_where_an_image_is_flat_there_is_nothing_to_agree_on():
    assert local_correlation(blocks(1), np.ones((9, 9, 9)), np.ones((9, 9, 9), bool)) == 0.0


def test_a_caution_stands_between_the_usual_and_what_is_refused():
    assert USUAL.cautions == ()
    odd = Suitability(
        t1w_likeness=(LEAST_LIKENESS["T1w"] + USUAL_LIKENESS["T1w"]) / 2,
        t2w_likeness=(LEAST_LIKENESS["T2w"] + USUAL_LIKENESS["T2w"]) / 2,
        tissue_correlation=(MOST_CORRELATED + USUALLY_CORRELATED) / 2,
        brain_cut_percent=1.0,
        t2w_shown_percent=95.0,
    )
    assert odd.cautions == tuple(Caution)
    assert set(CAUTION_WORDS) == set(Caution)
    alike = replace(USUAL, tissue_correlation=(MOST_CORRELATED + USUALLY_CORRELATED) / 2)
    assert alike.cautions == (Caution.PERHAPS_TWO_HEADS,)
