from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mldtrial.trial.rules.age import DAYS_PER_MONTH, age_months, ages_months

DAYS = st.dates(date(1990, 1, 1), date(2040, 1, 1))


def test_three_years_to_the_day_are_thirty_six_months():
    # 2020-03-15 to 2023-03-15 are 1095 days; 1095 / 30.4375 = 35.975...
    assert age_months(date(2020, 3, 1), date(2023, 3, 15)) == pytest.approx(1095 / 30.4375)


def test_a_month_is_a_twelfth_of_a_julian_year():
    assert pytest.approx(30.4375) == DAYS_PER_MONTH


def test_in_the_month_of_birth_nobody_is_younger_than_zero():
    assert age_months(date(2020, 3, 1), date(2020, 3, 2)) == 0


@given(DAYS, st.integers(0, 20000), st.integers(0, 400))
def test_nobody_grows_younger(birth, days, more):
    day = birth + timedelta(days=days)
    assert age_months(birth, day + timedelta(days=more)) >= age_months(birth, day)


@given(st.dates(date(1990, 1, 1), date(2040, 1, 1)))
def test_every_day_of_the_birth_month_gives_the_same_age(day):
    on = date(2045, 6, 1)
    assert age_months(day, on) == age_months(day.replace(day=1), on)


@given(st.lists(st.tuples(st.dates(), st.dates()), min_size=1))
def test_many_ages_at_once_are_those_of_each(pairs):
    births, days = (np.array(dates, "datetime64[D]") for dates in zip(*pairs, strict=True))
    assert ages_months(births, days).tolist() == [age_months(born, on) for born, on in pairs]
