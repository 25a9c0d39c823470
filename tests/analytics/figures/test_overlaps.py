"""The figure of two masks by size of the load: what is drawn is what was given."""

import pytest

from analytics.figures.overlaps import MEASURES, Cell, OverlapMark, overlap_figure, places
from analytics.stats.overlap_bands import MaskPair, overlap_bands

DICE, DISTANCE, _ = MEASURES


def cell(name: str, *values: float, n_scans: int | None = None) -> Cell:
    (band,) = overlap_bands([MaskPair(1.0, value, value, value) for value in values])
    return Cell(
        name, "≤ 2.0 mL", n_scans or len(values), [OverlapMark(one) for one in values], band.dice
    )


def figure(*cells: Cell, measure=DICE) -> dict:
    return overlap_figure(cells, measure=measure, title="Dice", subtitle="n = 5")


def test_every_scan_is_a_point_of_its_cell_and_the_box_is_its_quartiles():
    """Of 0.5, 0.6 and 0.9: quartiles 0.55, 0.6 and 0.75."""
    boxes, points = figure(cell("All", 0.5, 0.6, 0.9), cell("Lowest third", 0.7, 0.8))["data"]
    assert points["y"] == [0.5, 0.6, 0.9, 0.7, 0.8]
    assert [round(x) for x in points["x"]] == [0, 0, 0, 1, 1]
    assert (boxes["q1"], boxes["median"], boxes["q3"]) == (
        [pytest.approx(0.55)], [0.6], [pytest.approx(0.75)],
    )  # fmt: skip
    assert (boxes["lowerfence"], boxes["upperfence"]) == ([0.5], [0.9])


def test_two_scans_have_points_and_no_box():
    data = figure(cell("All", 0.5, 0.6))["data"]
    assert [trace["type"] for trace in data] == ["scatter"]


def test_the_number_of_scans_stands_under_each_cell_with_those_that_lack_the_figure():
    axis = figure(cell("All", 0.5, 0.6, n_scans=3))["layout"]["xaxis"]
    assert axis["ticktext"] == ["All<br>≤ 2.0 mL<br>n 2 of 3"]


def test_a_distance_has_its_unit_and_a_share_an_axis_from_0_to_1():
    share = figure(cell("All", 0.5))["layout"]["yaxis"]
    distance = figure(cell("All", 5.0), measure=DISTANCE)["layout"]["yaxis"]
    assert share["range"] == [0, 1.02]
    assert distance["title"]["text"] == "95 % Hausdorff distance, mm"


def test_without_any_mask_the_figure_says_why():
    assert figure(Cell("All", "any load", 1, [], None))["data"] == []


def test_points_of_a_cell_lie_apart_and_within_its_box():
    found = places(40)
    assert len({round(x, 3) for x in found}) == 40
    assert max(abs(x) for x in found) <= 0.2
