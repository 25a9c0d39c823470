"""FLAIR given as T1w gives itself away beside the T2w image; a T1w image never does."""

import numpy as np
import pytest

from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.geometry import Volume
from segmentation.imaging.opposition import require_opposed, tissue_correlation
from segmentation.imaging.suitability import MOST_CORRELATED, USUALLY_CORRELATED
from segmentation.imaging.template import template_brain, template_tissues
from tests.segmentation.imaging.test_suitability import IN_PLACE, drawn

T2W = drawn(1.0, 0.5, 0.35)


def with_lesion(image: Volume, intensity: float) -> Volume:
    """Return an image whose white matter in the middle of the head has one intensity."""
    _, white = (tissue.data for tissue in template_tissues())
    lost = np.zeros_like(white)
    lost[50:145, 60:170, 75:115] = white[50:145, 60:170, 75:115] > 0.7
    return Volume(np.where(lost > 0, intensity, image.data).astype(np.float32), image.affine)


def test_a_t1w_image_is_opposed_to_its_t2w_image():
    assert require_opposed(drawn(0.2, 0.7, 1.0), T2W.data, IN_PLACE) < -0.9


@pytest.mark.parametrize("gray", [0.97, 1.0, 1.03], ids=["", "as bright", "brighter"])
@pytest.mark.faults
def test_so_is_that_of_an_infant_whose_gray_and_white_matter_hardly_differ(gray: float):
    found = tissue_correlation(drawn(0.3, 0.9 * gray, 0.9), drawn(1.0, 0.46, 0.45).data, IN_PLACE)
    assert found < USUALLY_CORRELATED


def test_so_is_a_brain_that_has_lost_its_myelin():
    t1w, t2w = with_lesion(drawn(0.2, 0.7, 1.0), 0.6), with_lesion(T2W, 0.7)
    assert require_opposed(t1w, t2w.data, IN_PLACE) < USUALLY_CORRELATED


@pytest.mark.parametrize("lost", [None, 1.4], ids=["healthy", "without myelin"])
def test_flair_as_t1w_is_refused_in_words(lost: float | None):
    flair, t2w = drawn(0.2, 0.8, 0.65), T2W
    if lost is not None:
        flair, t2w = with_lesion(flair, lost), with_lesion(T2W, 0.7)
    with pytest.raises(ImageError, match=r"bright in the same places.*FLAIR") as refused:
        require_opposed(flair, t2w.data, IN_PLACE)
    assert refused.value.code == FailureCode.SEQUENCE_MISMATCH


@pytest.mark.faults
def test_brightness_and_coil_change_nothing():
    t1w = drawn(0.2, 0.7, 1.0)
    slope = np.linspace(0.6, 1.6, t1w.data.shape[0], dtype=np.float32)[:, None, None]
    plain = tissue_correlation(t1w, T2W.data, IN_PLACE)
    uneven = Volume(400 * slope * t1w.data, t1w.affine)
    assert tissue_correlation(uneven, T2W.data, IN_PLACE) == pytest.approx(plain, abs=0.1)


def test_without_any_contrast_nothing_is_opposed():
    flat = Volume(template_brain().data.astype(np.float32), template_brain().affine)
    assert tissue_correlation(flat, flat.data, IN_PLACE) == 0.0
    assert MOST_CORRELATED < 0
