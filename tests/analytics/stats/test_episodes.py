"""Time at risk cut at each treatment, so that nobody counts as treated before they were."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.stats.episodes import Episode, columns, cut, joined


def test_time_before_a_treatment_is_untreated_and_time_after_it_is_treated():
    assert cut(10, 30, True, [(20, "HSCT")]) == [((), 10, 20, False), (("HSCT",), 20, 30, True)]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (5, [(("HSCT",), 10, 30, True)]),
        (10, [(("HSCT",), 10, 30, True)]),
        # The assessment of that very day shows the patient before it.
        (30, [((), 10, 30, True)]),
        (40, [((), 10, 30, True)]),
    ],
)
def test_a_treatment_outside_the_time_at_risk_cuts_nothing(day: float, expected):
    assert cut(10, 30, True, [(day, "HSCT")]) == expected


def test_what_began_first_stands_first():
    starts = [(25, "ERT"), (20, "HSCT"), (27, "ERT")]
    assert [names for names, *_ in cut(10, 30, False, starts)] == [
        (), ("HSCT",), ("HSCT", "ERT"), ("HSCT", "ERT"),
    ]  # fmt: skip


@given(
    st.floats(0, 50),
    st.floats(0.5, 50),
    st.booleans(),
    st.lists(st.tuples(st.floats(-10, 120), st.sampled_from("abc")), max_size=4),
)
def test_no_time_is_lost_or_counted_twice(entry, length, event, starts):
    parts = cut(entry, entry + length, event, starts)
    assert parts[0][1] == entry
    assert parts[-1][2] == entry + length
    assert all(one[2] == later[1] for one, later in pairwise(parts))
    assert sum(one[3] for one in parts) == event
    assert parts[-1][3] == event


def test_neighbours_of_one_group_are_one_time_at_risk_again():
    one, two, three = (
        Episode("p", group, "LI", since, until, event)
        for group, since, until, event in (
            ("after", 1.0, 2.0, False), ("after", 2.0, 3.0, False), ("before", 3.0, 4.0, True),
        )
    )  # fmt: skip
    found = joined([one, two, three])
    assert [(e.group, e.entry, e.end, e.event) for e in found] == [
        ("after", 1.0, 3.0, False), ("before", 3.0, 4.0, True),
    ]  # fmt: skip
    end, event, entry = columns(found)
    assert (end.tolist(), event.tolist(), entry.tolist()) == ([3, 4], [False, True], [1, 3])
