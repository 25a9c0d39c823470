"""The denominators of heads whose tissue is known voxel by voxel."""

import numpy as np
import pytest
import SimpleITK as sitk

from segmentation.imaging.geometry import Volume, voxel_volume_mm3
from segmentation.imaging.tissue.measure import Denominator, measure_fitted, measure_tissue
from tests.support.heads import FLUID, GRAY, GRID, WHITE, Head, head


@pytest.fixture(scope="module")
def adult() -> Head:
    return head()


@pytest.fixture(scope="module")
def volumes(adult: Head) -> dict[Denominator, float]:
    found = measure_fitted(adult.t1w(), adult.t2w(), adult.nothing, adult.fit)
    assert found.reasons == {}
    return dict(found.volumes_ml)


def test_the_volumes_are_those_of_the_head(adult: Head, volumes):
    assert volumes[Denominator.WHITE_MATTER] == pytest.approx(adult.ml(WHITE), rel=0.04)
    assert volumes[Denominator.GRAY_MATTER] == pytest.approx(adult.ml(GRAY), rel=0.04)
    inside = adult.ml(FLUID, GRAY, WHITE)
    assert volumes[Denominator.INTRACRANIAL] == pytest.approx(inside, rel=0.05)


def test_gray_and_white_matter_are_the_brain_and_fit_into_the_head(volumes):
    gray, white = volumes[Denominator.GRAY_MATTER], volumes[Denominator.WHITE_MATTER]
    assert volumes[Denominator.BRAIN] == pytest.approx(gray + white)
    assert volumes[Denominator.BRAIN] < volumes[Denominator.INTRACRANIAL]


def test_an_independent_classifier_counts_the_same(adult: Head, volumes):
    """K-means of SimpleITK, which knows no atlas, on the intensities inside the brain."""
    image = sitk.GetImageFromArray(adult.t1w().data.transpose(2, 1, 0))
    labels = sitk.GetArrayFromImage(sitk.ScalarImageKmeans(image, [0.0, 250.0, 750.0, 1200.0]))
    voxel_ml = voxel_volume_mm3(GRID) / 1000
    white_ml, gray_ml = (float((labels == label).sum()) * voxel_ml for label in (3, 2))
    assert volumes[Denominator.WHITE_MATTER] == pytest.approx(white_ml, rel=0.04)
    assert volumes[Denominator.GRAY_MATTER] == pytest.approx(gray_ml, rel=0.04)


def test_demyelinated_white_matter_stays_white_matter(adult: Head, volumes):
    lost = adult.nothing
    lost[17:30, 24:38, 23:31] = True
    lost &= adult.tissue == WHITE
    t1w, t2w = adult.t1w(), adult.t2w()
    t1w.data[lost], t2w[lost] = 780, 1450
    found = measure_fitted(t1w, t2w, lost, adult.fit).volumes_ml
    assert lost.sum() > 100
    assert found[Denominator.WHITE_MATTER] == pytest.approx(
        volumes[Denominator.WHITE_MATTER], rel=0.02
    )


@pytest.mark.faults
def test_the_unit_of_the_intensities_does_not_matter(adult: Head, volumes):
    t1w = adult.t1w()
    louder = Volume(t1w.data * 3, t1w.affine)
    again = measure_fitted(louder, adult.t2w() * 0.5, adult.nothing, adult.fit).volumes_ml
    assert dict(again) == pytest.approx(volumes, rel=1e-3)


@pytest.mark.faults
def test_a_larger_head_has_more_of_everything(volumes):
    small = head(0.87)
    found = measure_fitted(small.t1w(), small.t2w(), small.nothing, small.fit).volumes_ml
    assert all(found[code] < volumes[code] for code in Denominator)


@pytest.mark.faults
def test_the_order_of_the_axes_does_not_matter(adult: Head):
    t1w = adult.t1w()
    turned = np.ascontiguousarray(t1w.data.transpose(2, 0, 1)[::-1])
    affine = GRID[:, [2, 0, 1, 3]].copy()
    affine[:3, 3] += affine[:3, 0] * (turned.shape[0] - 1)
    affine[:3, 0] *= -1
    t2w = Volume(adult.t2w(), GRID)
    straight = measure_tissue(t1w, t2w, adult.nothing).volumes_ml
    other = measure_tissue(Volume(turned, affine), t2w, np.zeros(turned.shape, bool)).volumes_ml
    assert set(straight) == set(Denominator)
    assert dict(other) == pytest.approx(dict(straight), rel=1e-6)


def test_gray_and_white_matter_that_look_alike_are_not_told_apart(adult: Head):
    """As in the second year of life; the whole brain and the head are still known."""
    alike = np.array([0.0, 300.0, 900.0, 925.0])
    found = measure_fitted(adult.t1w(alike), adult.t2w(), adult.nothing, adult.fit)
    assert set(found.volumes_ml) == {Denominator.BRAIN, Denominator.INTRACRANIAL}
    assert "differ too little" in found.reasons[Denominator.WHITE_MATTER]


@pytest.mark.faults
def test_white_matter_darker_than_gray_is_not_told_apart(adult: Head):
    """As before myelination, in the first half year."""
    reversed_ = np.array([0.0, 300.0, 1000.0, 800.0])
    found = measure_fitted(adult.t1w(reversed_), adult.t2w(), adult.nothing, adult.fit)
    assert Denominator.WHITE_MATTER not in found.volumes_ml


def test_a_head_that_is_cut_off_has_no_volumes(adult: Head):
    low = Volume(adult.t1w().data[:, :, :31], GRID)
    found = measure_fitted(low, adult.t2w()[:, :, :31], adult.nothing[:, :, :31], adult.fit)
    assert found.volumes_ml == {}
    assert set(found.reasons) == set(Denominator)


def test_a_t2w_image_of_half_the_brain_gives_no_volumes(adult: Head):
    half = adult.t2w()
    half[:, :, 24:] = 0
    found = measure_fitted(adult.t1w(), half, adult.nothing, adult.fit)
    assert found.volumes_ml == {}


def test_a_mask_of_another_grid_is_refused(adult: Head):
    with pytest.raises(ValueError, match="grid of the T1w"):
        measure_tissue(adult.t1w(), Volume(adult.t2w(), GRID), np.zeros((2, 2, 2), bool))
