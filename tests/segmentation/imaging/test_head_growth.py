"""How much a head may grow between two scans, against published intracranial volumes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation.imaging.head_growth import MEASUREMENT, size_limits

ages = st.floats(0, 240)
intervals = st.floats(-240, 240)


def test_from_two_to_five_years_a_head_may_grow_twice_as_much_as_the_average():
    """Sgouros 1999: 77 % of the volume at 15 years at 2 years, 90 % at 5."""
    average = (0.90 / 0.77) ** (1 / 3) - 1
    assert average == pytest.approx(0.053, abs=0.001)
    low, high = size_limits(24, 36)
    assert (low, high) == pytest.approx((1 - MEASUREMENT, 1 + MEASUREMENT + 2 * average))


def test_a_head_does_not_shrink_and_an_adult_head_does_not_grow():
    assert size_limits(200, 12) == pytest.approx((1 - MEASUREMENT, 1 + MEASUREMENT))


def test_without_an_age_any_growth_is_allowed_for():
    low, high = size_limits(None, 12)
    assert high == pytest.approx((1 / 0.33) ** (1 / 3) * (1 + MEASUREMENT))
    assert low == pytest.approx((1 - MEASUREMENT) * 0.33 ** (1 / 3))
    assert size_limits(12, None) == (low, high)


@given(ages, intervals)
def test_turning_the_order_of_two_scans_turns_the_ratio(age: float, interval: float):
    low, high = size_limits(age, interval)
    other_low, other_high = size_limits(age, -interval)
    assert low <= 1 <= high or interval == 0
    if interval != 0:
        assert (low, high) == pytest.approx((1 / other_high, 1 / other_low))


@given(ages, st.floats(0, 120), st.floats(0, 120))
def test_a_longer_interval_never_allows_less(age: float, interval: float, more: float):
    low, high = size_limits(age, interval)
    longer_low, longer_high = size_limits(age, interval + more)
    assert longer_high >= high - 1e-12
    assert longer_low <= low + 1e-12


@pytest.mark.parametrize(
    ("age", "interval"), [(-1, 6), (float("nan"), 6), (12, float("nan")), (12, float("inf"))]
)
def test_an_age_or_interval_that_is_none_is_refused(age: float, interval: float):
    with pytest.raises(ValueError, match="finite"):
        size_limits(age, interval)
