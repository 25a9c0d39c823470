"""Which clusters are chosen without an operator, and where they are cut."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation.inference.clusterize import ClusterMatrix, ClusterParameters, find_clusters
from segmentation.inference.preselection import NormalLevels, counted, preselect
from tests.support.images import affine_of

AFFINE = affine_of((5.0, 5.0, 6.0))
"""25 mm² to a voxel: two of them are the area that a level needs."""
NORMAL = NormalLevels(white_percent=30.0, gray_percent=50.0)


def matrix_of(*rows: list[int]) -> ClusterMatrix:
    intensities = np.array(rows, dtype=np.int16)[:, :, None]
    return find_clusters(
        intensities,
        AFFINE,
        inside=np.ones(intensities.shape, dtype=bool),
        robust_maximum=100.0,
        parameters=ClusterParameters(smallest_cluster_mm2=0),
    )


def white_of(*rows: list[float]) -> np.ndarray:
    return np.array(rows, dtype=np.float32)[:, :, None]


def chosen(matrix: ClusterMatrix, white: np.ndarray) -> dict[int, int]:
    return preselect(matrix, AFFINE, white=white, normal=NORMAL)


def test_a_bright_cluster_of_white_matter_is_cut_half_way_to_normal() -> None:
    # Its level is 70, which two voxels reach: half way from 30 is 50.
    matrix = matrix_of([90, 70, 60, 49, 10])
    assert chosen(matrix, white_of([1, 1, 1, 1, 1])) == {1: 50}


def test_a_cluster_as_bright_as_gray_matter_is_not_chosen() -> None:
    # Gray matter lies 20 above white; a level has to lie 22 above it.
    assert chosen(matrix_of([51, 51, 40]), white_of([1, 1, 1])) == {}
    assert chosen(matrix_of([52, 52, 40]), white_of([1, 1, 1])) == {1: 41}


def test_what_a_cluster_has_outside_of_white_matter_decides_nothing() -> None:
    matrix = matrix_of([95, 94, 60, 60, 25])
    assert chosen(matrix, white_of([0, 0, 0.7, 0.7, 1])) == {1: 45}
    assert chosen(matrix, white_of([0, 0, 0.69, 0.7, 1])) == {}


def test_one_bright_voxel_is_no_level() -> None:
    assert chosen(matrix_of([90, 20, 20]), white_of([1, 1, 1])) == {}


def test_only_voxels_of_white_matter_are_counted() -> None:
    matrix = matrix_of([90, 70, 60, 49, 60])
    white = white_of([1, 1, 0.29, 1, 0.3])
    # The last voxel is a maximum of its own, not chosen.
    assert counted(matrix, {1: 50}, white)[0, :, 0].tolist() == [True, True, False, False, False]


def test_gray_matter_darker_than_white_is_no_t2w_image() -> None:
    matrix = matrix_of([90, 70])
    with pytest.raises(ValueError, match="brighter than white"):
        preselect(matrix, AFFINE, white=white_of([1, 1]), normal=NormalLevels(50.0, 50.0))


@given(st.lists(st.integers(0, 100), min_size=6, max_size=6), st.integers(0, 5))
def test_no_voxel_becomes_demyelinated_by_another_that_does(values: list[int], more: int) -> None:
    # A wider white matter only adds: nothing chosen before is lost, at whatever threshold.
    matrix = matrix_of(values)
    narrow = white_of([1, 1, 1] + [0.5] * 3)
    wide = narrow.copy()
    wide[0, : 3 + more // 2] = 1
    assert set(chosen(matrix, narrow)) <= set(chosen(matrix, wide))
