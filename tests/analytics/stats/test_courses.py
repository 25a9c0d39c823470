"""Flags where the true course is known: by hand, and what must hold for every course."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.stats.courses import Count, Measured, false_alarms, planted_falls
from analytics.stats.errors import NotEstimableError
from analytics.stats.monotonicity import pair_tolerance

TOLERANCE = pair_tolerance()
"""5 mL, or 8 % of the mean of a pair."""


def measured(*pairs: tuple[float, float]) -> list[Measured]:
    return [Measured(load_ml, truth_ml) for load_ml, truth_ml in pairs]


def test_a_fall_that_only_the_measurement_has_is_a_false_alarm():
    noisy = measured((20, 20), (14, 22), (30, 30))
    quiet = measured((20, 20), (16, 22), (30, 30))
    falling = measured((30, 30), (10, 10))
    alone = measured((30, 30))
    assert false_alarms([noisy, quiet, falling, alone], TOLERANCE) == Count(1, 2)


def test_a_true_fall_of_seven_and_a_half_ml_counts_and_is_found_if_the_load_falls():
    found = measured((10, 10), (20, 20))
    missed = measured((16, 10), (20, 20))
    too_small = measured((10, 13), (20, 20))
    assert planted_falls([found, missed, too_small], TOLERANCE) == Count(1, 2)


def test_a_fall_is_measured_from_the_highest_before_it():
    """Turned back: 40, 36, 32; the second step alone is below 7.5, but 8 below the first."""
    assert planted_falls([measured((32, 32), (36, 36), (40, 40))], TOLERANCE) == Count(1, 1)


@given(st.lists(st.floats(0, 200), min_size=2, max_size=6))
def test_a_perfect_method_gives_no_alarm_and_misses_no_fall(truths: list[float]):
    course = [Measured(truth, truth) for truth in sorted(truths)]
    assert false_alarms([course], TOLERANCE).found == 0
    try:
        falls = planted_falls([course], TOLERANCE)
    except NotEstimableError:
        return
    assert falls.found == falls.n


@pytest.mark.parametrize("count", [false_alarms, planted_falls])
def test_nothing_to_count_in_is_said(count):
    for series in ([], [measured((1, 1))], [measured((9, 9), (9, 8.9))]):
        with pytest.raises(NotEstimableError):
            count(series, TOLERANCE)
