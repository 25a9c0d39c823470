from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mldtrial.trial.rules.calendar import days_outside, today_in, window


def test_a_window_lies_around_its_target_day():
    days = window(date(2023, 1, 1), target_day=183, before=14, after=30)
    assert days == (date(2023, 6, 19), date(2023, 8, 2))


@pytest.mark.parametrize(
    ("day", "outside"),
    [
        (date(2023, 6, 18), -1),
        (date(2023, 6, 19), 0),
        (date(2023, 8, 2), 0),
        (date(2023, 8, 4), 2),
    ],
)
def test_a_day_outside_its_window_is_counted_from_the_nearer_end(day, outside):
    assert days_outside(day, date(2023, 6, 19), date(2023, 8, 2)) == outside


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(0, 365), st.integers(0, 3000))
def test_the_target_day_is_inside_its_window(first, width, target):
    opens, closes = window(first, target, width, width)
    assert days_outside(first + timedelta(days=target), opens, closes) == 0


def test_the_day_of_a_site_is_at_most_one_away_from_the_servers():
    today = datetime.now(UTC).date()
    assert abs((today_in("Pacific/Kiritimati") - today).days) <= 1
    assert today_in("UTC") == today


def test_an_unknown_time_zone_is_refused():
    with pytest.raises(ValueError, match="Unknown time zone"):
        today_in("Mars/Olympus")
