from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mldtrial.trial.rules.pairing import Pair, TwoLevels, Windows, nearest
from mldtrial.trial.rules.subtype import Subtype

DAY = date(2024, 5, 10)
GAPS = st.lists(st.integers(-400, 400), unique=True)


def scores(gaps):
    return [(DAY + timedelta(days=gap), 3) for gap in sorted(gaps)]


@pytest.mark.parametrize(
    ("gaps", "window", "expected"),
    [
        ([-10, 5], 30, 5),
        ([-7, 7], 30, -7),
        ([31], 30, None),
        ([30], 30, 30),
        ([-30], 30, -30),
        ([], 30, None),
        ([-200, 89, 300], 90, 89),
        ([0], 30, 0),
        ([-1, 0, 1], 0, 0),
    ],
)
def test_the_nearest_score_within_the_window_is_taken(gaps, window, expected):
    found = nearest(scores(gaps), DAY, window)
    assert (None if found is None else found.gap_days) == expected


@pytest.mark.parametrize("gap", [-5, 0, 5])
def test_of_two_levels_on_the_nearest_day_none_counts_on_either_side(gap):
    """Nor does a day further away, whose level the nearest may have left."""
    on, further = DAY + timedelta(days=gap), DAY + timedelta(days=8)
    assert nearest([(on, 2), (on, 5), (further, 3)], DAY, 30) == TwoLevels(on, gap)
    assert nearest([(on, 4), (on, 4), (further, 3)], DAY, 30) == Pair(on, 4, gap)
    assert nearest([(on, 2), (on, 5)], DAY, 4) == (TwoLevels(on, 0) if gap == 0 else None)


def test_of_two_equally_near_days_the_earlier_decides_whether_a_level_counts():
    before, after = DAY - timedelta(days=5), DAY + timedelta(days=5)
    assert nearest([(before, 2), (after, 3), (after, 4)], DAY, 30) == Pair(before, 2, -5)
    assert nearest([(before, 2), (before, 3), (after, 4)], DAY, 30) == TwoLevels(before, -5)


@given(GAPS, st.integers(0, 200))
def test_no_score_is_nearer_than_the_one_that_is_taken(gaps, window):
    found = nearest(scores(gaps), DAY, window)
    near = [abs(gap) for gap in gaps if abs(gap) <= window]
    assert (None if found is None else abs(found.gap_days)) == min(near, default=None)


@given(st.integers(1, 200), GAPS)
def test_of_two_equally_near_scores_the_earlier_is_taken(gap, further):
    gaps = {-gap, gap, *(other for other in further if abs(other) > gap)}
    found = nearest(scores(gaps), DAY, 400)
    assert found == Pair(DAY - timedelta(days=gap), 3, -gap)


@given(GAPS, st.integers(0, 200), st.integers(0, 200))
def test_a_wider_window_loses_no_pair(gaps, window, more):
    found = nearest(scores(gaps), DAY, window)
    if found is not None:
        assert nearest(scores(gaps), DAY, window + more) == found


def test_the_window_is_narrow_for_late_infantile_patients_only():
    assert {subtype: Windows().days(subtype) for subtype in Subtype} == {
        subtype: 30 if subtype == Subtype.LATE_INFANTILE else 90 for subtype in Subtype
    }


def test_the_windows_are_given_by_the_study():
    assert Windows(late_infantile_days=14, other_days=60).days(Subtype.LATE_INFANTILE) == 14
