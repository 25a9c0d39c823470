"""Which values stand out: by hand, and by properties."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation.imaging.quality.metrics import Worse
from segmentation.imaging.quality.outliers import FEWEST_SCANS, distribution_of

# Median 24.5; deviations 4.5 3.5 2.5 1.5 0.5 0.5 1.5 2.5 3.5 4.5, their median 2.5.
TEN = [20.0, 21, 22, 23, 24, 25, 26, 27, 28, 29]


def test_centre_and_spread_by_hand():
    found = distribution_of(TEN, least_spread=0.5)
    assert (found.n, found.centre) == (10, 24.5)
    assert found.spread == pytest.approx(1.4826 * 2.5)
    assert found.robust_z(10.0) == pytest.approx(-14.5 / (1.4826 * 2.5))


def test_a_value_beyond_three_and_a_half_spreads_stands_out_where_it_is_worse():
    found = distribution_of(TEN, least_spread=0.5)
    low, high = 24.5 - 3.6 * found.spread, 24.5 + 3.6 * found.spread
    assert found.is_outlier(low, Worse.LOWER)
    assert not found.is_outlier(high, Worse.LOWER)
    assert found.is_outlier(high, Worse.HIGHER)
    assert not found.is_outlier(low, Worse.HIGHER)
    assert found.is_outlier(low, Worse.EITHER)
    assert found.is_outlier(high, Worse.EITHER)
    assert not found.is_outlier(24.5 - 3.4 * found.spread, Worse.EITHER)


def test_nothing_stands_out_of_few_scans():
    few = distribution_of(TEN[: FEWEST_SCANS - 1], least_spread=0.5)
    assert not few.is_outlier(-1000, Worse.EITHER)


def test_scans_that_are_all_alike_make_no_small_difference_an_outlier():
    same = distribution_of([0.0] * 12, least_spread=0.5)
    assert not same.is_outlier(1.0, Worse.HIGHER)
    assert same.is_outlier(2.0, Worse.HIGHER)


@pytest.mark.parametrize("values", [[], [1.0, float("nan")], [float("inf")]])
def test_values_that_are_none_are_refused(values):
    with pytest.raises(ValueError, match="finite"):
        distribution_of(values, least_spread=0.5)


@given(
    values=st.lists(st.floats(-1e3, 1e3), min_size=10, max_size=40),
    shift=st.floats(-100, 100),
    value=st.floats(-1e4, 1e4),
)
def test_the_rule_does_not_depend_on_the_zero_of_the_scale(values, shift, value):
    here = distribution_of(values, least_spread=0.5)
    there = distribution_of([v + shift for v in values], least_spread=0.5)
    assert there.robust_z(value + shift) == pytest.approx(here.robust_z(value), abs=1e-6)
