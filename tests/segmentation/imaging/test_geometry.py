import nibabel as nib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation.imaging.geometry import (
    Volume,
    acq_stratum,
    farthest_difference_mm,
    from_ras,
    phase_axis,
    ras_axis,
    same_grid,
    shear,
    slice_axis,
    squared_up,
    to_ras,
    voxel_size_mm,
    voxel_volume_mm3,
)
from tests.support.images import AFFINES, OBLIQUE, SHAPE, affine_of, intensities

ANY_AXES = [
    "".join(axes)
    for order in ("RAS", "RSA", "ARS", "ASR", "SRA", "SAR")
    for axes in np.array(
        np.meshgrid(*[(c, {"R": "L", "A": "P", "S": "I"}[c]) for c in order])
    ).T.reshape(-1, 3)
]
angles = st.tuples(*[st.floats(-180, 180)] * 3)
sizes = st.tuples(*[st.floats(0.1, 10)] * 3)


def world(affine: np.ndarray, voxel: tuple[int, ...]) -> np.ndarray:
    return (affine @ [*voxel, 1])[:3]


@pytest.mark.parametrize("axes", ANY_AXES)
def test_every_axis_order_becomes_ras_as_in_nibabel(axes: str) -> None:
    affine = affine_of((0.8, 0.9, 4.5), (8.0, -5.0, 11.0), (3.0, -7.0, 2.0), axes)
    turned = to_ras(Volume(intensities(), affine))
    expected = nib.as_closest_canonical(nib.Nifti1Image(intensities(), affine))
    np.testing.assert_array_equal(turned.data, np.asarray(expected.dataobj))
    np.testing.assert_allclose(turned.affine, expected.affine, atol=1e-6)
    assert nib.aff2axcodes(turned.affine) == ("R", "A", "S")


@given(size_mm=sizes, degrees=angles)
def test_there_and_back_is_exact_for_any_rotation(
    size_mm: tuple[float, float, float], degrees: tuple[float, float, float]
) -> None:
    affine = affine_of(size_mm, degrees)
    data = intensities()
    np.testing.assert_array_equal(from_ras(to_ras(Volume(data, affine)).data, affine), data)


@given(degrees=angles, voxel=st.tuples(*[st.integers(0, side - 1) for side in SHAPE]))
def test_no_voxel_moves_in_the_world(
    degrees: tuple[float, float, float], voxel: tuple[int, int, int]
) -> None:
    affine = affine_of((1.0, 1.1, 3.0), degrees, (10.0, -20.0, 30.0))
    marked = np.zeros(SHAPE)
    marked[voxel] = 1
    turned = to_ras(Volume(marked, affine))
    (found,) = np.argwhere(turned.data)
    np.testing.assert_allclose(world(turned.affine, tuple(found)), world(affine, voxel), atol=1e-9)


def test_an_image_in_ras_stays_as_it_is() -> None:
    volume = Volume(intensities(), AFFINES["isotropic"])
    turned = to_ras(volume)
    np.testing.assert_array_equal(turned.data, volume.data)
    np.testing.assert_array_equal(turned.affine, volume.affine)


@given(size_mm=sizes, degrees=angles)
def test_the_voxel_size_does_not_depend_on_the_direction(
    size_mm: tuple[float, float, float], degrees: tuple[float, float, float]
) -> None:
    affine = affine_of(size_mm, degrees, axes="PIL")
    assert voxel_size_mm(affine) == pytest.approx(size_mm, rel=1e-5)
    assert voxel_volume_mm3(affine) == pytest.approx(np.prod(size_mm), rel=1e-5)


@pytest.mark.parametrize(
    ("size_mm", "kind", "expected"),
    [
        ((1.0, 1.0, 1.0), "3D", "3D"),
        ((1.0, 1.0, 1.5), "3D", "3D"),
        ((1.0, 1.0, 1.6), "3D", "2D"),
        ((0.5, 0.5, 5.0), "3D", "2D"),
        ((1.0, 1.0, 1.0), "2D", "2D"),
        ((1.0, 1.0, 1.0), None, "3D"),
        ((1.0, 1.0, 1.0), "", "3D"),
        ((0.9, 0.9, 3.0), None, "2D"),
        ((1.0, 1.0, 1.0), " 3d ", "3D"),
        # The longest edge of a file may differ from 1.5 mm by its rounding.
        ((1.0, 1.0, 1.500001), "3D", "3D"),
    ],
)
def test_the_stratum_follows_acquisition_and_longest_edge(
    size_mm: tuple[float, float, float], kind: str | None, expected: str
) -> None:
    assert acq_stratum(size_mm, kind) == expected


def test_shear_is_zero_at_right_angles_and_gone_after_squaring_up() -> None:
    slanted = OBLIQUE.copy()
    slanted[:3, 1] += 0.01 * slanted[:3, 0]
    assert shear(OBLIQUE) < 1e-6
    assert shear(slanted) == pytest.approx(0.01 / 1.1, rel=1e-3)
    assert shear(squared_up(slanted)) < 1e-12
    assert voxel_size_mm(squared_up(slanted)) == pytest.approx(voxel_size_mm(slanted))


def test_two_grids_are_compared_at_their_corners() -> None:
    moved = OBLIQUE.copy()
    moved[0, 3] += 0.3
    assert farthest_difference_mm(OBLIQUE, moved, SHAPE) == pytest.approx(0.3)
    stretched = affine_of((1.0, 1.0, 1.1))
    assert farthest_difference_mm(affine_of(), stretched, SHAPE) == pytest.approx(1.0, rel=1e-6)
    assert same_grid(OBLIQUE, OBLIQUE, SHAPE)
    assert not same_grid(OBLIQUE, moved, SHAPE)
    assert same_grid(OBLIQUE, moved, SHAPE, tolerance_mm=0.31)


@pytest.mark.parametrize(
    ("orientation", "axis"),
    [
        ([1, 0, 0, 0, 1, 0], 2),
        ([0, 1, 0, 0, 0, -1], 0),
        ([1, 0, 0, 0, 0, -1], 1),
        ([0.98, 0.1, 0.17, -0.1, 0.995, 0.0], 2),
    ],
)
def test_the_slices_lie_along_the_normal_of_the_images(orientation, axis):
    assert slice_axis(np.diag([-1.0, 1.0, 3.0, 1.0]), orientation) == axis


@pytest.mark.parametrize(
    ("orientation", "direction", "axis"),
    [
        ([1, 0, 0, 0, 1, 0], "ROW", 0),
        ([1, 0, 0, 0, 1, 0], "COL", 1),
        ([0, 1, 0, 0, 0, -1], "ROW", 1),
        ([0, 1, 0, 0, 0, -1], "COLUMN", 2),
        ([0, 1, 0, 0, 0, -1], None, None),
        ([0, 1, 0, 0, 0, -1], "OTHER", None),
    ],
)
def test_the_phase_was_encoded_along_rows_or_columns(orientation, direction, axis):
    assert phase_axis(np.diag([-1.0, 1.0, 3.0, 1.0]), orientation, direction) == axis


@given(axes=st.sampled_from(ANY_AXES), axis=st.integers(0, 2))
def test_an_axis_is_found_again_in_ras_order(axes: str, axis: int):
    affine = affine_of(axes=axes)
    data = np.zeros((4, 5, 6), np.float32)
    turned = to_ras(Volume(data, affine))
    assert turned.data.shape[ras_axis(affine, axis)] == data.shape[axis]
