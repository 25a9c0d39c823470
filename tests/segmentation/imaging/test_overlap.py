from math import isnan

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from segmentation.imaging.overlap import (
    dice,
    hausdorff95,
    precision,
    relative_volume_difference,
    sensitivity,
    surface_dice,
    volumetric_similarity,
)

UNIT = (1.0, 1.0, 1.0)
THICK = (0.7, 0.8, 4.5)
EMPTY = np.zeros((9, 10, 11), bool)


def blob(seed: int, share: float = 0.15, shape: tuple[int, int, int] = (13, 14, 15)) -> np.ndarray:
    noise = np.random.default_rng(seed).random(shape)
    return (
        sitk.GetArrayFromImage(sitk.SmoothingRecursiveGaussian(sitk.GetImageFromArray(noise), 1.2))
        > np.quantile(noise, 0.5) + share * 0.1
    )


def box(start: tuple[int, int, int], stop: tuple[int, int, int]) -> np.ndarray:
    mask = np.zeros((20, 21, 22), np.uint8)
    mask[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))] = 1
    return mask


def contour_points_mm(mask: np.ndarray, size_mm: tuple[float, float, float]) -> np.ndarray:
    """Voxels of the surface as ITK sees it, in mm; a rim is added so that the border counts."""
    image = sitk.GetImageFromArray(np.pad(mask.astype(np.uint8), 1))
    contour = sitk.LabelContour(image, fullyConnected=False)
    return (np.argwhere(sitk.GetArrayFromImage(contour)) - 1) * size_mm


def directed_mm(first: np.ndarray, second: np.ndarray, size_mm: tuple[float, ...]) -> tuple:
    a, b = contour_points_mm(first, size_mm), contour_points_mm(second, size_mm)
    return cKDTree(b).query(a)[0], cKDTree(a).query(b)[0]


def test_sixty_and_fifty_voxels_that_share_forty_by_hand() -> None:
    first, second = np.zeros(100, bool), np.zeros(100, bool)
    first[:60] = True
    second[20:70] = True
    assert dice(first, second) == pytest.approx(0.727273, abs=5e-7)
    assert precision(first, second) == pytest.approx(0.666667, abs=5e-7)
    assert sensitivity(first, second) == 0.8
    assert relative_volume_difference(first, second) == 0.2
    assert volumetric_similarity(first, second) == pytest.approx(0.909091, abs=5e-7)


def test_two_empty_masks_have_no_overlap_to_speak_of() -> None:
    for figure in (
        dice, precision, sensitivity, relative_volume_difference, volumetric_similarity,
    ):  # fmt: skip
        assert isnan(figure(EMPTY, EMPTY)), figure
    assert isnan(precision(EMPTY, ~EMPTY))
    assert isnan(relative_volume_difference(~EMPTY, EMPTY))
    assert relative_volume_difference(EMPTY, ~EMPTY) == -1.0
    assert isnan(surface_dice(EMPTY, EMPTY, UNIT, 1.0))
    assert isnan(hausdorff95(EMPTY, EMPTY, UNIT))


def test_one_empty_mask_agrees_nowhere_and_has_no_distance() -> None:
    assert dice(EMPTY, ~EMPTY) == 0.0
    assert surface_dice(~EMPTY, EMPTY, UNIT, 1.0) == 0.0
    assert isnan(hausdorff95(EMPTY, ~EMPTY, UNIT))


@pytest.mark.parametrize(
    ("size_mm", "expected_mm"), [(UNIT, 3.0), ((1, 1, 5), 3.0), ((2, 1, 1), 6.0)]
)
def test_a_shifted_plate_is_as_far_away_as_it_was_shifted(
    size_mm: tuple[float, float, float], expected_mm: float
) -> None:
    first, second = box((5, 2, 2), (6, 19, 20)), box((8, 2, 2), (9, 19, 20))
    assert hausdorff95(first, second, size_mm) == pytest.approx(expected_mm)
    assert surface_dice(first, second, size_mm, expected_mm) == 1.0
    assert surface_dice(first, second, size_mm, expected_mm - 0.01) == 0.0


def test_a_tolerance_of_exactly_the_distance_counts_in_spite_of_rounding() -> None:
    first, second = box((5, 2, 2), (6, 19, 20)), box((8, 2, 2), (9, 19, 20))
    assert 0.1 * 3 > 0.3
    assert surface_dice(first, second, (0.1, 0.1, 0.1), 0.3) == 1.0


def test_a_single_voxel_far_away_is_left_out_by_the_percentile() -> None:
    first = box((2, 2, 2), (12, 12, 12))
    second = first.copy()
    second[19, 20, 21] = 1
    assert hausdorff95(first, second, UNIT) == 0.0


@pytest.mark.parametrize("size_mm", [UNIT, THICK])
@pytest.mark.parametrize("seed", range(5))
def test_distances_are_those_between_the_contours_of_itk(
    seed: int, size_mm: tuple[float, float, float]
) -> None:
    first, second = blob(seed), blob(seed + 100)
    forth, back = directed_mm(first, second, size_mm)
    expected_mm = max(np.percentile(forth, 95), np.percentile(back, 95))
    assert expected_mm > 0
    assert hausdorff95(first, second, size_mm) == pytest.approx(expected_mm)
    for tolerance_mm in (0.0, 1.0, 2.5):
        within = (forth <= tolerance_mm + 1e-9).sum() + (back <= tolerance_mm + 1e-9).sum()
        expected = within / (forth.size + back.size)
        assert surface_dice(first, second, size_mm, tolerance_mm) == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(3))
def test_what_voxels_tell_is_that_of_itk(seed: int) -> None:
    first, second = blob(seed), blob(seed + 100)
    measure = sitk.LabelOverlapMeasuresImageFilter()
    measure.Execute(
        sitk.GetImageFromArray(first.astype(np.uint8)),
        sitk.GetImageFromArray(second.astype(np.uint8)),
    )
    assert dice(first, second) == pytest.approx(measure.GetDiceCoefficient())
    # ITK's source is our first, its target our second; its similarity is 2 (s - t) / (s + t).
    similarity = volumetric_similarity(first, second)
    assert similarity == pytest.approx(1 - abs(measure.GetVolumeSimilarity()) / 2)
    assert sensitivity(first, second) == pytest.approx(1 - measure.GetFalseNegativeError())


@settings(deadline=None, max_examples=40)
@given(seeds=st.tuples(st.integers(0, 999), st.integers(0, 999)))
def test_what_voxels_tell_hangs_together(seeds: tuple[int, int]) -> None:
    first, second = blob(seeds[0]), blob(seeds[1], share=-1.0)
    found, given_back = precision(first, second), sensitivity(first, second)
    assert found == sensitivity(second, first)
    assert dice(first, second) == pytest.approx(2 * found * given_back / (found + given_back))
    assert given_back / found == pytest.approx(1 + relative_volume_difference(first, second))
    similarity = volumetric_similarity(first, second)
    assert dice(first, second) <= similarity == volumetric_similarity(second, first)


@settings(deadline=None, max_examples=40)
@given(seeds=st.tuples(st.integers(0, 999), st.integers(0, 999)))
def test_agreement_does_not_depend_on_the_order_or_the_label_value(seeds: tuple[int, int]) -> None:
    first, second = blob(seeds[0]), blob(seeds[1])
    assert dice(first, second) == dice(second * 2.0, first * 7)
    assert hausdorff95(first, second, THICK) == hausdorff95(second, first, THICK)
    assert surface_dice(first, second, THICK, 1.0) == surface_dice(second, first, THICK, 1.0)
    assert (dice(first, first), hausdorff95(first, first, THICK)) == (1.0, 0.0)
    assert surface_dice(first, first, THICK, 0.0) == 1.0


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan, np.inf])
def test_a_voxel_size_that_is_none_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="voxel sizes"):
        hausdorff95(~EMPTY, ~EMPTY, (1.0, bad, 1.0))


def test_masks_that_cannot_be_compared_are_refused() -> None:
    with pytest.raises(ValueError, match="one shape"):
        dice(EMPTY, EMPTY[1:])
    with pytest.raises(ValueError, match="not finite"):
        dice(EMPTY, np.full(EMPTY.shape, np.nan))
    with pytest.raises(ValueError, match="3 dimensions"):
        hausdorff95(EMPTY[0], EMPTY[0], UNIT)
    for tolerance_mm in (-1.0, np.nan):
        with pytest.raises(ValueError, match="tolerance_mm"):
            surface_dice(EMPTY, EMPTY, UNIT, tolerance_mm)


@pytest.mark.parametrize("reference", [0, 1])
def test_a_voxel_has_three_edges(reference: int):
    masks = np.ones((3, 3, 3)), np.full((3, 3, 3), reference)
    with pytest.raises(ValueError, match="three positive"):
        hausdorff95(*masks, (1.0, 1.0))
