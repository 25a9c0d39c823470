"""Which score belongs to which scan, of many at once."""

from datetime import date, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analytics.stats.nearest import NONE, Dated
from mldtrial.trial.rules.pairing import nearest

DAY = date(1970, 1, 1)
PLACED = st.tuples(st.integers(0, 3), st.integers(-60, 60))


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
    st.lists(st.tuples(st.integers(0, 3), st.integers(-60, 60), st.integers(0, 6))),
    st.lists(st.tuples(st.integers(0, 3), st.integers(-60, 60), st.sampled_from([0, 30, 90]))),
)
def test_many_at_once_are_what_each_scan_has_by_itself(given_marks, scans):
    marks = sorted(given_marks)
    expected = []
    for owner, day, window in scans:
        own = [(DAY + timedelta(on), level) for of, on, level in marks if of == owner]
        pair = nearest(own, DAY + timedelta(day), window)
        expected.append(None if pair is None else (owner, (pair.day - DAY).days, pair.level))
    places = found_of([mark[:2] for mark in marks], scans)
    assert [None if place == NONE else marks[place] for place in places] == expected
