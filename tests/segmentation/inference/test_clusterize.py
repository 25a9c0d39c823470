"""Clusters by a descending threshold: by hand, by steepest ascent, and by what always holds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from segmentation.inference.clusterize import (
    ClusterMatrix,
    ClusterParameters,
    find_clusters,
    slice_axis_of,
    tabulate,
)
from tests.support.images import affine_of

AXIAL = affine_of((1.0, 1.0, 4.0))
EVERY_MAXIMUM = ClusterParameters(smallest_cluster_mm2=0)
EIGHT = np.ones((3, 3), dtype=bool)
SLICES = arrays(np.int16, (6, 7, 2), elements=st.integers(0, 100))


def clusters_of(
    intensities: np.ndarray, parameters: ClusterParameters = EVERY_MAXIMUM, maximum: float = 100.0
) -> ClusterMatrix:
    """Return the clusters of slices counted by the last axis, of a voxel of 1 mm in the slice."""
    return find_clusters(
        intensities,
        AXIAL,
        inside=np.ones(intensities.shape, dtype=bool),
        robust_maximum=maximum,
        parameters=parameters,
    )


def one_slice(*rows: list[int]) -> np.ndarray:
    return np.array(rows, dtype=np.int16)[:, :, None]


def test_a_voxel_joins_the_cluster_of_its_brightest_neighbour() -> None:
    found = clusters_of(one_slice([100, 60, 30, 80, 10]))
    assert found.clusters[0, :, 0].tolist() == [1, 1, 2, 2, 0]
    assert found.joined_at_percent[0, :, 0].tolist() == [99, 60, 30, 80, 0]


def test_connection_decides_and_not_distance() -> None:
    # The voxel of 40 in the middle is two steps from the core of 90, and four along the ridge
    # from the core of 99: the ridge stays brighter, so it reaches the voxel first.
    found = clusters_of(
        one_slice(
            [99, 70, 65, 60, 55],
            [0, 0, 0, 0, 50],
            [90, 25, 40, 45, 0],
        )
    )
    assert found.clusters[:, :, 0].tolist() == [
        [1, 1, 1, 1, 1],
        [0, 0, 0, 0, 1],
        [2, 2, 1, 1, 0],
    ]


def test_a_flat_maximum_is_one_core_and_corners_connect() -> None:
    found = clusters_of(
        one_slice(
            [80, 80, 0, 0],
            [80, 0, 70, 0],
            [0, 0, 0, 60],
        )
    )
    assert found.cluster_count == 1
    assert np.count_nonzero(found.clusters) == 5


def test_no_cluster_reaches_into_the_next_slice() -> None:
    intensities = np.zeros((3, 3, 2), dtype=np.int16)
    intensities[1, 1] = 90, 95
    assert clusters_of(intensities).clusters[1, 1].tolist() == [1, 2]


def test_a_slice_of_one_intensity_is_one_cluster() -> None:
    found = clusters_of(np.full((4, 5, 1), 50))
    assert found.cluster_count == 1
    assert (found.joined_at_percent == 50).all()


def test_nothing_bright_is_no_cluster() -> None:
    found = clusters_of(np.full((4, 5, 2), 19))
    assert found.cluster_count == 0
    table = tabulate(found)
    assert table.voxels.shape == (0, 80)
    assert table.peak_percent.size == 0


def test_a_maximum_too_small_for_a_core_joins_where_it_meets_a_brighter_cluster() -> None:
    rows = [100, 100, 100, 30, 50, 30, 0, 90, 0]
    two = ClusterParameters(smallest_cluster_mm2=2.0)
    found = clusters_of(one_slice(rows), two)
    assert found.clusters[0, :, 0].tolist() == [1, 1, 1, 1, 1, 1, 0, 0, 0]
    assert found.joined_at_percent[0, :, 0].tolist() == [99, 99, 99, 30, 30, 30, 0, 0, 0]


def test_the_smallest_cluster_is_an_area_whatever_the_voxel_size() -> None:
    intensities = one_slice([90, 0, 0, 80, 80, 0, 0, 70, 70, 70, 70])
    coarse = affine_of((2.0, 2.0, 5.0))
    found = find_clusters(
        intensities,
        coarse,
        inside=np.ones(intensities.shape, dtype=bool),
        robust_maximum=100,
        parameters=ClusterParameters(smallest_cluster_mm2=8.0),
    )
    assert tabulate(found).peak_percent.tolist() == [80, 70]


def test_there_are_eighty_thresholds_for_twenty_percent_and_steps_of_one() -> None:
    assert ClusterParameters().level_count == 80
    table = tabulate(clusters_of(one_slice([100, 60, 20, 19])))
    assert table.thresholds_percent[[0, -1]].tolist() == [99, 20]
    assert table.voxels[0, [0, 38, 39, 78, 79]].tolist() == [1, 1, 2, 2, 3]


def test_the_table_has_slice_peak_and_size_of_each_cluster() -> None:
    intensities = np.zeros((1, 4, 3), dtype=np.int16)
    intensities[0, :, 1] = 80, 50, 0, 60
    intensities[0, :, 2] = 0, 0, 0, 33
    table = tabulate(clusters_of(intensities))
    assert table.slice_index.tolist() == [1, 1, 2]
    assert table.peak_percent.tolist() == [80, 60, 33]
    assert table.voxels[:, -1].tolist() == [2, 1, 1]


def test_steps_of_five_percent_join_voxels_together() -> None:
    found = clusters_of(
        one_slice([97, 93, 91, 89]), ClusterParameters(step_percent=5, smallest_cluster_mm2=0)
    )
    assert found.joined_at_percent[0, :, 0].tolist() == [95, 90, 90, 85]


def test_voxels_that_take_no_part_separate_clusters() -> None:
    intensities = one_slice([90, 80, 70, 60])
    inside = np.ones(intensities.shape, dtype=bool)
    inside[0, 1] = False
    found = find_clusters(
        intensities, AXIAL, inside=inside, robust_maximum=100, parameters=EVERY_MAXIMUM
    )
    assert found.clusters[0, :, 0].tolist() == [1, 0, 2, 2]


def test_each_chosen_cluster_is_cut_at_its_own_threshold() -> None:
    found = clusters_of(one_slice([100, 60, 30, 80, 75]))
    assert found.selection({})[0, :, 0].tolist() == [False] * 5
    assert found.selection({1: 61, 2: 30})[0, :, 0].tolist() == [True, False, True, True, True]
    with pytest.raises(ValueError, match="clusters 1 to 2, not 3"):
        found.selection({3: 50})


@pytest.mark.parametrize(
    ("size_mm", "axis"),
    [((1.0, 1.0, 4.0), 2), ((5.0, 0.5, 0.5), 0), ((0.5, 3.0, 0.5), 1), ((1.0, 1.0, 1.05), 2)],
)
def test_slices_lie_across_the_longest_voxel_edge(
    size_mm: tuple[float, float, float], axis: int
) -> None:
    assert slice_axis_of(affine_of(size_mm)) == axis


def test_without_thick_slices_they_are_axial_however_the_image_is_stored() -> None:
    sagittal = np.zeros((4, 4))
    sagittal[1, 0], sagittal[2, 1], sagittal[0, 2], sagittal[3, 3] = -1, -1, 1, 1
    assert slice_axis_of(sagittal) == 1


@pytest.mark.parametrize(
    "wrong",
    [{"lowest_percent": 0}, {"lowest_percent": 100}, {"step_percent": 0}]
    + [{"smallest_cluster_mm2": value} for value in (-1.0, float("nan"))],
)
def test_parameters_out_of_their_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must be"):
        ClusterParameters(**wrong)  # type: ignore[arg-type]


def test_arrays_that_do_not_fit_and_a_maximum_of_nothing_are_refused() -> None:
    intensities = np.ones((2, 2, 2))
    with pytest.raises(ValueError, match="two arrays"):
        find_clusters(intensities, AXIAL, inside=np.ones((2, 2), bool), robust_maximum=1)
    with pytest.raises(ValueError, match="robust_maximum"):
        find_clusters(intensities, AXIAL, inside=np.ones((2, 2, 2), bool), robust_maximum=0)


def by_steepest_ascent(values: np.ndarray) -> np.ndarray:
    """Return for each voxel of a slice of distinct values the place of the top above it."""
    tops = np.full(values.shape, -1)
    framed = np.pad(values, 1, constant_values=-1)
    for flat in np.argsort(-values, axis=None):
        row, column = np.unravel_index(flat, values.shape)
        window = framed[row : row + 3, column : column + 3]
        up, along = np.unravel_index(window.argmax(), (3, 3))
        is_top = (up, along) == (1, 1)
        tops[row, column] = flat if is_top else tops[row + up - 1, column + along - 1]
    return tops


@given(st.permutations(range(20, 92)))
def test_clusters_are_those_of_steepest_ascent_where_no_two_voxels_are_alike(
    values: list[int],
) -> None:
    one = np.array(values).reshape(8, 9)
    tops = by_steepest_ascent(one)
    numbers = {top: place + 1 for place, top in enumerate(np.unique(tops))}
    expected = np.vectorize(numbers.get)(tops)
    np.testing.assert_array_equal(clusters_of(one[:, :, None]).clusters[:, :, 0], expected)


def count_of_maxima(one: np.ndarray) -> int:
    """Count the connected groups of equal voxels of a slice that no brighter voxel touches."""
    count = 0
    for value in np.unique(one[one >= 20]):
        groups, found = ndimage.label(one == value, EIGHT)
        for group in range(1, found + 1):
            around = ndimage.binary_dilation(groups == group, EIGHT)
            count += bool(one[around].max() == value)
    return count


@given(SLICES)
def test_there_is_one_cluster_for_each_local_maximum(intensities: np.ndarray) -> None:
    seen = np.minimum(intensities, 99)
    expected = sum(count_of_maxima(seen[:, :, k]) for k in range(2))
    assert clusters_of(intensities).cluster_count == expected


@given(SLICES)
def test_every_voxel_above_the_limit_is_in_one_cluster_at_its_own_intensity(
    intensities: np.ndarray,
) -> None:
    found = clusters_of(intensities)
    np.testing.assert_array_equal(found.clusters > 0, intensities >= 20)
    expected = np.where(intensities >= 20, np.minimum(intensities, 99), 0)
    np.testing.assert_array_equal(found.joined_at_percent, expected)


@given(SLICES, st.sampled_from([0.0, 3.0]))
@settings(max_examples=30)
def test_a_cluster_is_connected_and_holds_its_core_at_every_threshold(
    intensities: np.ndarray, smallest: float
) -> None:
    found = clusters_of(intensities, ClusterParameters(smallest_cluster_mm2=smallest))
    table = tabulate(found)
    for number in range(1, found.cluster_count + 1):
        peak = table.peak_percent[number - 1]
        at = table.slice_index[number - 1]
        joined = found.joined_at_percent[:, :, at] * (found.clusters[:, :, at] == number)
        assert np.count_nonzero(found.clusters == number) == np.count_nonzero(joined)
        for percent in np.unique(joined[joined > 0]):
            groups, count = ndimage.label(joined >= percent, EIGHT)
            assert count == 1
            assert (groups[joined == peak] == 1).all()
        if smallest:
            assert np.count_nonzero(joined == peak) >= smallest


@given(SLICES, st.integers(20, 99), st.integers(0, 20))
def test_a_higher_threshold_only_takes_voxels_away(
    intensities: np.ndarray, percent: int, more: int
) -> None:
    found = clusters_of(intensities)
    every = range(1, found.cluster_count + 1)
    low = found.selection(dict.fromkeys(every, percent))
    high = found.selection(dict.fromkeys(every, percent + more))
    assert not (high & ~low).any()
    np.testing.assert_array_equal(low, intensities >= percent if percent < 100 else low & False)


@given(SLICES, st.integers(1, 1000))
def test_the_unit_of_the_intensities_changes_nothing(intensities: np.ndarray, factor: int) -> None:
    one, other = (
        clusters_of(intensities),
        clusters_of(intensities.astype(np.float64) * factor, maximum=100.0 * factor),
    )
    np.testing.assert_array_equal(one.clusters, other.clusters)
    np.testing.assert_array_equal(one.joined_at_percent, other.joined_at_percent)


@given(SLICES)
def test_the_order_of_the_slices_changes_nothing_but_the_numbers(intensities: np.ndarray) -> None:
    parameters = ClusterParameters(smallest_cluster_mm2=2.0)
    one = clusters_of(intensities, parameters)
    other = clusters_of(intensities[:, :, ::-1], parameters)
    np.testing.assert_array_equal(one.joined_at_percent, other.joined_at_percent[:, :, ::-1])
    for k in range(2):
        first, second = one.clusters[:, :, k], other.clusters[:, :, 1 - k]
        shift = (first - second)[first > 0]
        assert np.unique(shift).size <= 1
        np.testing.assert_array_equal(first > 0, second > 0)
