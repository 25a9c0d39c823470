import nibabel as nib
import nibabel.imagestats
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation.imaging.volume import label_volume_ml
from tests.support.images import AFFINES, affine_of, intensities


def test_a_hundred_thousand_voxels_of_a_mirrored_grid_by_hand() -> None:
    labels = np.ones((100, 100, 10), np.uint8)
    assert label_volume_ml(labels, np.diag([-1, 1, 1.2, 1]), 1) == pytest.approx(120.0)


def test_twenty_thousand_voxels_of_a_2d_image_by_hand() -> None:
    labels = np.full((100, 100, 2), 2, np.uint8)
    assert label_volume_ml(labels, np.diag([0.45, 0.45, 5.0, 1]), 2) == pytest.approx(20.25)


@pytest.mark.parametrize("name", AFFINES)
def test_the_volume_is_that_of_nibabel(name: str) -> None:
    mask = (intensities() > 120).astype(np.uint8)
    expected_ml = nib.imagestats.mask_volume(nib.Nifti1Image(mask, AFFINES[name])) / 1000
    assert label_volume_ml(mask, AFFINES[name], 1) == pytest.approx(expected_ml, rel=1e-6)


def test_a_label_that_does_not_occur_has_no_volume() -> None:
    assert label_volume_ml(np.ones((9, 10, 11), np.uint8), np.eye(4), 2) == 0.0


@given(degrees=st.tuples(*[st.floats(-180, 180)] * 3), seed=st.integers(0, 99))
def test_the_labels_share_out_the_volume_of_the_grid_however_it_is_turned(
    degrees: tuple[float, float, float], seed: int
) -> None:
    labels = intensities(seed=seed) % 3
    affine = affine_of((0.9, 1.1, 3.0), degrees)
    parts_ml = [label_volume_ml(labels, affine, label) for label in range(3)]
    assert sum(parts_ml) == pytest.approx(labels.size * 0.9 * 1.1 * 3.0 / 1000, rel=1e-5)


@pytest.mark.parametrize(
    ("labels", "affine"),
    [
        (np.ones((4, 5)), np.eye(4)),
        (np.ones((4, 5, 6)), np.eye(3)),
        (np.ones((4, 5, 6)), np.diag([1, 1, 0, 1])),
        (np.ones((4, 5, 6)), np.full((4, 4), np.nan)),
    ],
)
def test_what_has_no_volume_is_refused(labels: np.ndarray, affine: np.ndarray) -> None:
    with pytest.raises(ValueError, match="Expected"):
        label_volume_ml(labels, affine, 1)


def test_labels_that_are_not_finite_are_no_background():
    labels = np.zeros((2, 2, 2))
    labels[0, 0, 0] = np.nan
    with pytest.raises(ValueError, match="not finite"):
        label_volume_ml(labels, np.eye(4), 1)
