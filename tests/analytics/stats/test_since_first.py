"""Changes since the first measurement of each subject."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.stats.change import annualised_change
from analytics.stats.errors import NotEstimableError
from analytics.stats.since_first import SHORTEST_YEARS, since_first


def found(rows):
    subjects, days, values = zip(*rows, strict=True)
    pairs = since_first(np.array(subjects, np.intp), np.array(days, float))
    measured = np.array(values, float)
    return pairs.change(measured), pairs.yearly(measured)


def test_a_change_is_told_from_the_first_of_each_subject_whatever_the_order_of_rows():
    # Subject 0: 10 on day 0, 14 on day 366, 12 on day 100; subject 1: 5 on day 50, 4 on day 500.
    change, yearly = found([(0, 366, 14), (1, 500, 4), (0, 0, 10), (0, 100, 12), (1, 50, 5)])
    np.testing.assert_array_equal(change, [4, -1, np.nan, 2, np.nan])
    # Of 100 days nothing is told per year; 450 days are 1.232 years.
    np.testing.assert_allclose(
        yearly, [4 / (366 / 365.25), -1 / (450 / 365.25), np.nan, np.nan, np.nan]
    )


def test_the_published_example_comes_out():
    """100 mL on 2023-03-15 and 120 mL on 2024-03-15, 366 days: 19.9590 mL a year."""
    assert found([(0, 0, 100), (0, 366, 120)])[1][1] == pytest.approx(19.9590, abs=5e-5)


def test_a_second_one_of_the_first_day_has_no_change():
    assert np.isnan(found([(0, 3, 10), (0, 3, 11)])[0]).all()


def test_a_change_needs_both_and_what_is_absent_is_not_zero():
    rows = [(0, 0, np.nan), (0, 400, 5), (0, 800, np.nan), (1, 0, 2), (1, 400, 3), (1, 800, np.nan)]
    change, yearly = found(rows)
    np.testing.assert_array_equal(change, [np.nan] * 4 + [1, np.nan])
    np.testing.assert_allclose(yearly, [np.nan] * 4 + [365.25 / 400, np.nan])


@pytest.mark.parametrize("row", [(0, 1, np.inf), (0, np.nan, 2), (0, np.inf, 2)])
def test_what_is_not_finite_is_refused(row):
    with pytest.raises(NotEstimableError):
        found([(0, 0, 1), row])


def test_of_no_rows_there_is_no_change():
    assert since_first(np.empty(0, np.intp), np.empty(0)).change(np.empty(0)).size == 0


ROWS = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.integers(0, 2000),
        st.floats(0, 200).map(lambda load_ml: round(load_ml, 9)),
    ),
    min_size=1,
    max_size=20,
)


@given(ROWS)
def test_each_is_the_change_of_that_pair(rows):
    change, yearly = found(rows)
    for place, (subject, day, value) in enumerate(rows):
        first = min((d, i) for i, (s, d, _) in enumerate(rows) if s == subject)
        if day == first[0]:
            assert np.isnan(change[place])
            continue
        assert change[place] == value - rows[first[1]][2]
        if (day - first[0]) / 365.25 >= SHORTEST_YEARS:
            expected = annualised_change(rows[first[1]][2], value, day - first[0])
            assert yearly[place] == pytest.approx(expected, rel=1e-12, abs=1e-12)
        else:
            assert np.isnan(yearly[place])
