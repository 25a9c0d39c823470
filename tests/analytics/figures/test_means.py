"""Means by visit: where each stands, its interval, and how many values are below it."""

import pytest

from analytics.figures.means import APART, MeanMark, means_figure
from tests.support.plotly import numbers

MARKS = [
    MeanMark("LI", 1, "M06", 9, 20.0, 15.0, 26.0),
    MeanMark("LI", 2, "M12", 8, 41.0, 30.0, 52.0),
    MeanMark("LJ", 1, "M06", 7, 5.0, 1.0, 9.0),
]


def drawn(marks=MARKS):
    return means_figure(marks, title="3D", baseline="M00", subtitle="24 values")


def test_each_group_begins_at_no_change_and_keeps_its_intervals():
    first, second = drawn()["data"]
    assert numbers(first["x"]).tolist() == [0, 1, 2]
    assert numbers(first["y"]).tolist() == [0, 20, 41]
    assert first["error_y"]["array"] == [0, 6, 11]
    assert first["error_y"]["arrayminus"] == [0, 5, 11]
    assert numbers(second["x"]).tolist() == pytest.approx([0, 1 + APART])


def test_below_each_visit_stand_the_values_of_each_group():
    axis = drawn()["layout"]["xaxis"]
    assert axis["ticktext"] == ["M00", "M06<br>n 9<br>n 7", "M12<br>n 8<br>n 0"]
    assert axis["tickvals"] == [0, 1, 2]


def test_names_are_broken_for_a_narrow_screen_and_the_counts_stay_in_line():
    marks = [
        MeanMark("LI", 1, "Month 6", 9, 20.0, 15.0, 26.0),
        MeanMark("LI", 2, "End", 8, 1.0, 0.0, 2.0),
    ]
    assert drawn(marks)["layout"]["xaxis"]["ticktext"] == [
        "M00<br> ", "Month<br>6<br>n 9", "End<br> <br>n 8",
    ]  # fmt: skip


def test_without_a_mean_the_figure_says_so():
    assert "No mean can be estimated" in drawn([])["layout"]["annotations"][0]["text"]


def test_two_visits_of_one_name_stay_two():
    marks = [
        MeanMark("LI", 1, "Follow-up", 9, 20.0, 15.0, 26.0),
        MeanMark("LI", 2, "Follow-up", 8, 41.0, 30.0, 52.0),
    ]
    figure = drawn(marks)
    assert numbers(figure["data"][0]["x"]).tolist() == [0, 1, 2]
    assert figure["layout"]["xaxis"]["ticktext"][1:] == ["Follow-up<br>n 9", "Follow-up<br>n 8"]
