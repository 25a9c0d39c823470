import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mldtrial.trial.rules.reading import Agreement, compare, mean_items, new_reading_id
from mldtrial.trial.rules.severity import severity_instrument

INSTRUMENT = severity_instrument()
TOTALS = st.none() | st.integers(0, 34)
READS = st.fixed_dictionaries({item.key: st.integers(0, item.maximum) for item in INSTRUMENT.items})


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (10, 10, Agreement.AGREED),
        (10, 12, Agreement.AGREED),
        (12, 10, Agreement.AGREED),
        (10, 13, Agreement.DISAGREED),
        (0, 34, Agreement.DISAGREED),
        (None, 10, Agreement.DISAGREED),
        (10, None, Agreement.DISAGREED),
        (None, None, Agreement.NOT_EVALUABLE),
    ],
)
def test_readers_agree_within_two_points(first, second, expected):
    assert compare(first, second, 2) == expected


@given(TOTALS, TOTALS, st.integers(0, 34))
def test_it_makes_no_difference_who_is_the_first(first, second, tolerance):
    assert compare(first, second, tolerance) == compare(second, first, tolerance)


@given(READS, READS)
def test_the_mean_of_two_reads_is_the_same_in_either_order_and_adds_to_the_mean_total(one, other):
    mean = mean_items([one, other])
    assert mean == mean_items([other, one])
    assert sum(mean.values()) == (sum(one.values()) + sum(other.values())) / 2


def test_an_item_that_one_reader_could_not_evaluate_has_no_mean():
    assert mean_items([{"pons": 1, "thal": 1}, {"pons": None, "thal": 0}]) == {
        "pons": None,
        "thal": 0.5,
    }


def test_the_mean_of_one_read_is_that_read():
    assert mean_items([{"pons": 2, "thal": None}]) == {"pons": 2, "thal": None}


def test_reading_ids_are_drawn_and_easy_to_read_aloud():
    drawn = {new_reading_id() for _ in range(500)}
    assert len(drawn) == 500
    assert all(re.fullmatch(r"R-[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}", name) for name in drawn)
