"""Correlations as cells: the number in each, and nothing where there is none."""

import json

from analytics.figures.heat_map import Cell, heat_map_figure


def test_each_cell_holds_its_number_and_one_without_is_empty_with_its_reason():
    rows = {
        "3D": [Cell(-0.456, "-0.46", 12, 5), Cell(None, "", 2, 2, "fewer than 3 patients")],
        "2D": [Cell(0.0, "0.00", 9, 4), Cell(1.0, "1.00", 8, 4)],
    }
    figure = heat_map_figure(rows, columns=["GMFC", "Age"], title="Correlations")
    (trace,) = figure["data"]
    assert (trace["x"], trace["y"]) == (["GMFC", "Age"], ["3D", "2D"])
    assert trace["z"] == [[-0.456, None], [0.0, 1.0]]
    assert trace["text"] == [["-0.46<br>n = 12", ""], ["0.00<br>n = 9", "1.00<br>n = 8"]]
    assert trace["customdata"][0] == [
        "ρ -0.46, 12 scans of 5 patients",
        "not estimable: fewer than 3 patients",
    ]
    json.dumps(figure, allow_nan=False)


def test_groups_without_any_number_are_counted_and_take_no_row():
    rows = {
        "3D": [Cell(0.5, "0.50", 9, 4)],
        "2D": [Cell(None, "", 2, 2, "few")],
        "2D, adult": [Cell(None, "", 0, 0, "none")],
    }
    figure = heat_map_figure(rows, columns=["Age"], title="Correlations")
    assert figure["data"][0]["y"] == ["3D"]
    assert "2 groups are left out, without any ρ" in figure["layout"]["title"]["subtitle"]["text"]
    del rows["2D"]
    alone = heat_map_figure(rows, columns=["Age"], title="Correlations")
    assert "1 group is left out, without any ρ" in alone["layout"]["title"]["subtitle"]["text"]


def test_the_scale_is_from_minus_one_to_one_and_white_at_nothing_whatever_the_numbers():
    (trace,) = heat_map_figure({"3D": [Cell(0.9, "0.90", 9, 4)]}, columns=["Age"], title="")["data"]
    assert (trace["zmin"], trace["zmax"]) == (-1, 1)
    assert trace["colorscale"][1] == [0.5, "#ffffff"]


def test_without_any_number_the_figure_says_so():
    figure = heat_map_figure({"3D": [Cell(None, "", 0, 0, "none")]}, columns=["Age"], title="")
    assert figure["data"] == []
    assert "No correlation is estimable." in figure["layout"]["annotations"][0]["text"]


def test_what_a_row_is_is_said_by_its_name():
    none = [Cell(None, "", 0, 0, "no scan")]
    rows = {"a": [Cell(0.5, "0.50", 9, 9)], "b": none, "c": none}
    figure = heat_map_figure(rows, columns=["x"], title="t", row_noun="measure")
    assert "2 measures are left out" in figure["layout"]["title"]["subtitle"]["text"]
