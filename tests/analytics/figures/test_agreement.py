"""Differences of two methods: what sets the range, and where the names of the levels stand."""

import pytest

from analytics.figures.agreement import LABEL_PX, PLOT_PX, Line, PairMark, bland_altman_figure


def drawn(differences, lines=()):
    marks = [PairMark(20.0, ml, f"scan {ml}") for ml in differences]
    return bland_altman_figure(
        marks, title="2D scans", difference_label="Difference", n_patients=1, lines=lines
    )["layout"]


def level(name, value, reach=1.0):
    return Line(name, value, value - reach, value + reach, f"{value:+.1f}")


def test_the_wide_interval_of_few_scans_leaves_the_scans_the_figure():
    lines = [level("Upper limit", 6.0, 150.0), level("Bias", 1.0), level("Lower limit", -4.0)]
    layout = drawn([-2.0, 1.0, 4.0], lines)
    # From -4 to 6, and 8 % of that at each end.
    assert layout["yaxis"]["range"] == pytest.approx([-4.8, 6.8])
    assert layout["shapes"][0]["y1"] == 156
    assert "cut off at the edge" in layout["title"]["subtitle"]["text"]


def test_all_scans_nothing_and_intervals_that_fit_are_in_the_range():
    layout = drawn([10.0, 20.0], [level("Bias", 15.0)])
    assert layout["yaxis"]["range"] == pytest.approx([-1.6, 21.6])
    assert "cut off" not in layout["title"]["subtitle"]["text"]


def test_names_of_levels_that_lie_close_together_stand_apart_and_others_at_their_level():
    far, near = ("Upper limit", 200.0), ("Lower limit", -0.5)
    layout = drawn([200.0], [level(*far), level("Bias", 0.0), level(*near)])
    low, high = layout["yaxis"]["range"]
    heights = [one["y"] / (high - low) * PLOT_PX + one["yshift"] for one in layout["annotations"]]
    assert heights[1] - heights[0] == pytest.approx(LABEL_PX)
    assert [one["yshift"] for one in layout["annotations"]][1:] == [0, 0]


def test_one_scan_of_one_patient_is_no_plural():
    subtitle = drawn([3.0])["title"]["subtitle"]["text"]
    assert subtitle.startswith("n = 1 scan of 1 patient<br>")
