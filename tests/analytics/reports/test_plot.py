"""Axes of printed figures."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.reports import plot
from analytics.reports.plot import Axis


def test_ticks_are_round_and_within_the_ends():
    assert plot.ticks(0, 93.0) == [0, 20, 40, 60, 80]
    assert plot.ticks(37.9, 77.4, 9) == [40, 45, 50, 55, 60, 65, 70, 75]
    assert plot.ticks(-0.25, 0.3, 6) == [-0.2, -0.1, 0.0, 0.1, 0.2, 0.3]


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.integers(3, 12))
def test_there_are_never_more_ticks_than_asked_for_and_one(low, span, most):
    found = plot.ticks(low, low + span, most)
    assert 1 <= len(found) <= most + 1
    assert all(low - span * 1e-6 <= tick <= low + span * (1 + 1e-6) for tick in found)
    assert found == sorted(set(found))


@pytest.mark.parametrize("ends", [(1.0, 1.0), (2.0, 1.0), (0.0, math.inf), (math.nan, 1.0)])
def test_an_axis_without_a_length_is_refused(ends):
    with pytest.raises(ValueError, match="finite ends"):
        plot.ticks(*ends)


def test_an_axis_may_have_its_worst_value_below():
    levels = Axis(6.0, 0.0, 10.0, 60.0)
    assert (levels.at(6.0), levels.at(0.0), levels.at(3.0)) == (10.0, 70.0, 40.0)


def test_a_level_holds_until_the_next_one_is_found():
    assert plot.steps([(0, 1), (2, 3), (4, 2)]) == [(0, 1), (2, 1), (2, 3), (4, 3), (4, 2)]
    assert plot.steps([]) == []


def test_a_minus_is_a_minus():
    assert plot.number(-2.5) == "−2.5"


def test_an_unknown_mark_is_refused():
    with pytest.raises(ValueError, match="no mark 'star'"):
        plot.mark("star", 0, 0, plot.INK)


def test_a_legend_goes_on_in_the_next_line_where_it_does_not_fit():
    keys = [plot.Key("a name of some length", "circle", plot.INK)] * 3
    lines = plot.legend_lines(keys, 250)
    assert [len(line) for line in lines] == [2, 1]
    assert [len(line) for line in plot.legend_lines(keys, 10)] == [1, 1, 1]
