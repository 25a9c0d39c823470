"""Curves of patients free of a milestone: steps, who is at risk below them, and groups without."""

import numpy as np
import pytest

from analytics.figures.survival import StepCurve, survival_figure
from tests.support.plotly import numbers

NONE = np.array([])


def curve(name="late infantile", times=(24.0, 30.0), free=(0.5, 0.0), **more) -> StepCurve:
    return StepCurve(
        name,
        np.array(times),
        np.array(free),
        np.array([0.2, np.nan]) if times else NONE,
        np.array([0.8, np.nan]) if times else NONE,
        **{
            "entry": np.array([12.0, 18.0]), "end": np.array([24.0, 30.0]), "censored": NONE, **more
        },
    )  # fmt: skip


def drawn(*curves: StepCurve):
    return survival_figure(curves, title="T", axis_title="Age, months", subtitle="n = 2")


def test_a_curve_begins_where_its_first_patient_is_watched_and_falls_at_each_event():
    line = next(t for t in drawn(curve())["data"] if t["name"] == "late infantile")
    assert line["line"]["shape"] == "hv"
    assert numbers(line["x"]).tolist() == [12, 24, 30, 30]
    assert numbers(line["y"]).tolist() == [1, 0.5, 0, 0]


def test_below_the_axis_stands_who_is_at_risk_in_each_group():
    still = curve("adult", (), (), entry=np.array([13.0]), end=np.array([40.0]))
    axis = drawn(curve(), still)["layout"]["xaxis"]
    below = dict(zip(axis["tickvals"], axis["ticktext"], strict=True))
    assert below[12] == "12<br>1<br>0"
    assert below[24] == "24<br>2<br>1"
    assert below[36] == "36<br>0<br>1"


def test_the_name_of_a_group_stands_before_its_row_of_numbers():
    still = curve("adult", (), (), entry=np.array([13.0]), end=np.array([40.0]))
    layout = drawn(curve(), still)["layout"]
    first, second = layout["annotations"]
    assert (first["text"], second["text"]) == ("late infantile", "adult")
    assert (first["x"], first["xanchor"]) == (0, "right")
    line_px = 1.3 * layout["font"]["size"]
    assert first["yshift"] - second["yshift"] == pytest.approx(line_px)
    assert -2 * line_px < first["yshift"] < -line_px


def test_a_group_without_an_event_stays_at_the_top_and_shows_who_left():
    still = curve("adult", (), (), entry=np.array([13.0]), end=np.array([40.0]),
                  censored=np.array([40.0]))  # fmt: skip
    line, left = drawn(still)["data"]
    assert numbers(line["y"]).tolist() == [1, 1]
    assert (numbers(left["x"]).tolist(), numbers(left["y"]).tolist()) == ([40], [1])


def test_the_band_has_the_height_of_each_step_and_none_where_it_is_not_known():
    band = drawn(curve())["data"][0]
    assert band["fill"] == "toself"
    assert numbers(band["x"]).tolist() == [24, 30, 30, 24]
    assert numbers(band["y"]).tolist() == pytest.approx([0.8, 0.8, 0.2, 0.2])


def test_without_a_curve_the_figure_says_so():
    assert "No curve can be drawn" in drawn()["layout"]["annotations"][0]["text"]


@pytest.mark.parametrize(("first", "last", "ticks"), [(12.2, 14.0, [13, 14]), (12.2, 12.9, [12.2])])
def test_who_is_at_risk_is_said_of_a_short_time_too(first, last, ticks):
    short = curve("adult", (), (), entry=np.array([first]), end=np.array([last]))
    axis = drawn(short)["layout"]["xaxis"]
    assert axis["tickvals"] == ticks
    assert all(text.endswith("<br>1") for text in axis["ticktext"])
