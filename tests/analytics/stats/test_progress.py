from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.stats.progress import (
    age_band,
    cumulative,
    is_safe,
    median_or_none,
    months_between,
    per_month,
)


def test_months_run_over_the_turn_of_the_year():
    assert months_between(date(2023, 11, 30), date(2024, 2, 1)) == [
        date(2023, 11, 1),
        date(2023, 12, 1),
        date(2024, 1, 1),
        date(2024, 2, 1),
    ]


def test_days_are_counted_in_their_month():
    months = months_between(date(2024, 1, 1), date(2024, 3, 1))
    days = [date(2024, 1, 5), date(2024, 3, 1), date(2024, 3, 31)]
    assert per_month(days, months) == [1, 0, 2]
    assert cumulative(days, months) == [1, 1, 3]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.dates(date(2000, 1, 1), date(2040, 1, 1)), min_size=1, max_size=40))
def test_the_last_month_holds_all_of_them(days):
    months = months_between(min(days), max(days))
    assert cumulative(days, months)[-1] == sum(per_month(days, months)) == len(days)


def test_nothing_has_no_median():
    assert median_or_none([]) is None
    assert median_or_none([3, 1, 10]) == 3
    assert median_or_none([1, 2]) == 1.5


@pytest.mark.parametrize(("days", "band"), [(0, 0), (7, 0), (8, 1), (30, 1), (90, 2), (91, 3)])
def test_the_limit_belongs_to_its_band(days, band):
    assert age_band(days, (7, 30, 90)) == band


@pytest.mark.parametrize(
    ("cells", "safe"), [((5, 0), True), ((4,), False), ((9, 1, 0), False), ((), True)]
)
def test_a_row_with_one_small_group_is_hidden_as_a_whole(cells, safe):
    assert is_safe(cells, 5) is safe
