"""The mean change since baseline."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analytics.stats.errors import NotEstimableError
from analytics.stats.mean_change import mean_change


def test_three_changes_by_hand():
    found = mean_change([2.0, 4.0, 6.0])
    # Standard deviation 2, error 2 / sqrt 3, and 4.303 of Student's t with 2 degrees of freedom.
    assert (found.n, found.mean, found.median) == (3, 4.0, 4.0)
    assert found.ci_high - 4.0 == pytest.approx(4.302652730 * 2 / 3**0.5)
    assert found.ci_low == pytest.approx(8.0 - found.ci_high)


def test_it_is_the_interval_of_the_one_sample_t_test_of_students_sleep_data():
    """Hours of sleep gained by the second drug (Student 1908, Biometrika 6:1)."""
    gained = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
    found = mean_change(gained)
    peer = stats.ttest_1samp(gained, 0).confidence_interval()
    assert found.mean == pytest.approx(2.33)
    assert (found.ci_low, found.ci_high) == pytest.approx((peer.low, peer.high))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ([], "fewer than 3"),
        ([1.0, 2.0], "fewer than 3"),
        ([1.0, 2.0, float("nan")], "finite"),
        ([3.0, 3.0, 3.0], "all changes are equal"),
    ],
)
def test_what_has_no_interval_is_refused(changes, why: str):
    with pytest.raises(NotEstimableError, match=why):
        mean_change(changes)


@given(
    st.lists(st.integers(-200, 200), min_size=3, max_size=30),
    st.floats(-50, 50).map(lambda by: round(by, 9)),
)
def test_a_shift_moves_all_and_the_sign_turns_all(changes: list[int], shift: float):
    values = np.array(changes, float)
    if np.ptp(values) == 0:
        return
    found, moved, turned = mean_change(values), mean_change(values + shift), mean_change(-values)
    assert moved.mean == pytest.approx(found.mean + shift, abs=1e-9)
    assert moved.ci_low == pytest.approx(found.ci_low + shift, abs=1e-9)
    assert (turned.ci_low, turned.ci_high) == pytest.approx((-found.ci_high, -found.ci_low))
    assert found.ci_low < found.mean < found.ci_high
