"""Falls, leaps and exchanges of a series."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.stats.monotonicity import (
    Kind,
    Point,
    find_jumps,
    find_reversals,
    pair_tolerance,
    pair_tolerances,
    review_series,
    suggest_swap,
)

TOLERANCE = pair_tolerance()


def series(*values: float, months: float = 6.0, **changes: object) -> list[Point]:
    return [Point(index * months, value, **changes) for index, value in enumerate(values)]


def test_by_hand():
    found = find_reversals(series(100, 80), TOLERANCE)
    assert [(r.index, r.reference_index, r.drop, r.kind) for r in found] == [
        (1, 0, 20, Kind.NON_MONOTONIC)
    ]
    # 8 % of the mean of the pair, 90 mL.
    assert found[0].tolerance == pytest.approx(7.2)


def test_a_fall_within_the_tolerance_is_noise():
    assert find_reversals(series(40, 36), TOLERANCE) == []


def test_a_slow_decline_is_seen_against_the_peak():
    found = find_reversals(series(50, 47, 44, 41), TOLERANCE)
    assert [(r.index, r.reference_index) for r in found] == [(2, 0), (3, 0)]


def test_another_scanner_widens_the_tolerance():
    points = [Point(0, 100, "A"), Point(6, 88, "B")]
    assert find_reversals(points, TOLERANCE) == []
    assert len(find_reversals([Point(0, 100, "A"), Point(6, 88, "A")], TOLERANCE)) == 1


def test_a_scan_of_another_scanner_in_between_hides_no_fall_on_the_first():
    fallen = [Point(0, 30, "A"), Point(12, 23, "A")]
    between = [fallen[0], Point(6, 32, "B"), fallen[1]]
    for points in (fallen, between):
        (found,) = find_reversals(points, TOLERANCE)
        assert (found.reference_value, found.value, found.tolerance) == (30, 23, 5)


VALUES = st.lists(
    st.tuples(st.integers(0, 40).map(float), st.sampled_from("AB")), min_size=2, max_size=8
)


@given(VALUES, VALUES)
def test_what_is_flagged_of_a_scanner_is_flagged_whatever_another_one_found(first, more):
    """Two series, one in the other's gaps: each fall of the first by itself is still one."""
    alone = [Point(2 * at, value, place) for at, (value, place) in enumerate(first)]
    other = [Point(2 * at + 1, value, "C") for at, (value, _) in enumerate(more)]
    together = sorted([*alone, *other], key=lambda point: point.time)
    flagged = {together[found.index].time for found in find_reversals(together, TOLERANCE)}
    assert {alone[found.index].time for found in find_reversals(alone, TOLERANCE)} <= flagged


@given(VALUES)
def test_the_fall_that_is_told_is_the_largest_beyond_its_tolerance(values):
    points = [Point(at, value, place) for at, (value, place) in enumerate(values)]
    found = {one.index: one for one in find_reversals(points, TOLERANCE)}
    for index, here in enumerate(points):
        falls = [
            there.value - here.value
            for there in points[:index]
            if there.value - here.value > TOLERANCE(there, here)
        ]
        assert (index in found) is bool(falls)
        if falls:
            assert found[index].drop == max(falls)


def test_a_fall_after_treatment_is_another_kind():
    points = [Point(0, 100), Point(6, 80, after_treatment=True)]
    assert [r.kind for r in find_reversals(points, TOLERANCE)] == [Kind.POST_TREATMENT_DECREASE]


@given(st.floats(0, 300), st.floats(0, 300))
def test_two_points_are_never_said_to_be_exchanged(first: float, second: float):
    assert suggest_swap(series(first, second), TOLERANCE) is None


def test_a_third_point_makes_an_exchange_worth_a_look():
    fallen = series(100, 60)
    assert review_series(fallen, TOLERANCE, largest_rise_per_month=15).swap is None
    assert suggest_swap([*fallen, Point(12, 130)], TOLERANCE) is not None


def test_an_exchanged_pair_is_recognised():
    swap = suggest_swap(series(30, 70, 50, 90), TOLERANCE)
    assert swap is not None
    assert (swap.first_index, swap.second_index) == (1, 2)


def test_a_true_fall_is_not_taken_for_an_exchange():
    assert suggest_swap(series(30, 70, 50, 60, 90), TOLERANCE) is None


def test_a_leap_is_flagged():
    found = find_jumps(series(10, 110), largest_rise_per_month=15)
    assert [(j.index, j.largest_rise) for j in found] == [(1, 90)]
    assert find_jumps(series(10, 99), largest_rise_per_month=15) == []


def test_methods_are_never_mixed():
    with pytest.raises(ValueError, match="never mixes"):
        find_reversals([Point(0, 1, model="a"), Point(1, 2, model="b")], TOLERANCE)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_value_that_is_no_number_is_refused(value: float):
    with pytest.raises(ValueError, match="not finite"):
        find_reversals(series(1, value), TOLERANCE)


@given(st.lists(st.floats(0, 1e4)))
def test_a_sorted_series_has_no_reversal(values: list[float]):
    assert find_reversals(series(*sorted(values)), lambda _a, _b: 0.0) == []


@given(st.lists(st.floats(0, 300), max_size=8))
def test_every_reported_fall_exceeds_its_tolerance(values: list[float]):
    review = review_series(series(*values), TOLERANCE, largest_rise_per_month=15)
    assert all(r.drop > r.tolerance for r in review.reversals)
    assert all(r.reference_index < r.index for r in review.reversals)


@given(
    st.lists(st.tuples(st.floats(0, 300), st.floats(0, 300), st.booleans()), min_size=1),
    st.tuples(st.floats(0, 20), st.floats(0, 1)),
)
def test_many_tolerances_at_once_are_those_of_each_pair(pairs, same):
    earlier, later, is_same = map(np.array, zip(*pairs, strict=True))
    found = pair_tolerances(earlier, later, is_same, same=same, changed=(10.0, 0.17))
    one_by_one = pair_tolerance(same=same, changed=(10.0, 0.17))
    assert found.tolist() == [
        one_by_one(Point(0, a, "A"), Point(1, b, "A" if alike else "B")) for a, b, alike in pairs
    ]
