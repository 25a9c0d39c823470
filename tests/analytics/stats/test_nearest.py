"""Which score belongs to which scan, of many at once."""

from datetime import date, timedelta

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from analytics.stats.nearest import NONE, Dated
from mldtrial.trial.rules.pairing import TwoLevels, nearest

DAY = date(1970, 1, 1)
DAYS = st.integers(-3, 3) | st.integers(-60, 60)
"""Often near one another, so that several marks are of one day."""


def found_of(marks, scans):
    owner, day = (np.array([one[place] for one in marks], np.int64) for place in (0, 1))
    asked = (np.array([one[place] for one in scans], np.int64) for place in (0, 1, 2))
    return Dated(owner, day).nearest(*asked).tolist()


def test_by_hand():
    """Of owner 1, days 10 and 20: 15 lies between both, 31 beyond the window of 10."""
    marks = [(0, 14), (1, 10), (1, 20), (2, 15)]
    assert found_of(marks, [(1, 15, 10), (1, 16, 10), (1, 31, 10), (3, 15, 90)]) == [
        1,
        2,
        NONE,
        NONE,
    ]


def test_nobody_has_a_score_and_no_scan_asks():
    assert found_of([], [(0, 0, 30)]) == [NONE]
    assert found_of([(0, 0)], []) == []


@given(
    st.lists(st.tuples(st.integers(0, 3), DAYS, st.integers(0, 6))),
    st.lists(st.tuples(st.integers(0, 3), DAYS, st.sampled_from([0, 30, 90]))),
)
@example([(0, 5, 2), (0, 5, 5), (0, 9, 3)], [(0, 0, 30), (0, 6, 30), (0, 8, 30), (1, 5, 30)])
def test_many_at_once_are_what_each_scan_has_by_itself(given_marks, scans):
    marks = sorted(given_marks)
    expected = []
    for owner, day, window in scans:
        own = [(DAY + timedelta(on), level) for of, on, level in marks if of == owner]
        pair = nearest(own, DAY + timedelta(day), window)
        level = None if pair is None or isinstance(pair, TwoLevels) else pair.level
        expected.append(None if pair is None else (owner, (pair.day - DAY).days, level))
    places = found_of([mark[:2] for mark in marks], scans)
    in_doubt = in_doubt_of(marks)
    assert [
        None if place == NONE else (*marks[place][:2], None if in_doubt[place] else marks[place][2])
        for place in places
    ] == expected


def in_doubt_of(marks):
    owner, day, level = (np.array([one[place] for one in marks], np.int64) for place in (0, 1, 2))
    return Dated(owner, day).are_of_two_values(level.astype(float)).tolist()


def test_values_of_one_day_are_in_doubt_where_they_differ():
    """Not where they are the same, of another day, or of another owner on that day."""
    marks = [(0, 5, 1), (0, 5, 2), (0, 6, 3), (1, 6, 4), (1, 6, 4), (1, 7, 4), (1, 7, 5)]
    assert in_doubt_of(marks) == [True, True, False, False, False, True, True]
    assert in_doubt_of([]) == []
