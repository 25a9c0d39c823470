"""Boxes of the load at each level, with how many scans each rests on."""

from analytics.figures.levels import levels_figure
from analytics.figures.marks import LABELLED_UP_TO
from tests.support.marks import Mark, marks_of
from tests.support.plotly import numbers


def mark(level, load_ml, stratum="3D"):
    return Mark(load_ml, float(level), stratum, link=("/x/", f"at {level}"))


def drawn(marks):
    return levels_figure(marks_of(marks), title="Levels", n_patients=1)


def test_all_seven_levels_stand_with_their_scans_those_without_any_too():
    figure = drawn([mark(0, 1.5), mark(0, 2.5), mark(6, 90.0), mark(6, 70.0, "2D")])
    axis = figure["layout"]["xaxis"]
    assert axis["tickvals"] == [0, 1, 2, 3, 4, 5, 6]
    assert axis["ticktext"] == [
        "0<br>2<br>0", "1<br>0<br>0", "2<br>0<br>0", "3<br>0<br>0", "4<br>0<br>0", "5<br>0<br>0",
        "6<br>1<br>1",
    ]  # fmt: skip
    of_3d, of_2d = figure["data"]
    assert numbers(of_3d["x"]).tolist() == [0, 0, 6]
    assert numbers(of_3d["y"]).tolist() == [1.5, 2.5, 90.0]
    assert (of_2d["name"], numbers(of_2d["y"]).tolist()) == ("2D", [70.0])


def test_one_stratum_has_one_count_under_each_level():
    assert drawn([mark(3, 4.0)])["layout"]["xaxis"]["ticktext"][3] == "3<br>1"


def test_scans_lie_over_their_box_up_to_the_number_that_is_labelled():
    marks = [mark(n % 7, float(n)) for n in range(LABELLED_UP_TO + 1)]
    (few,) = drawn(marks[:-1])["data"]
    (many,) = drawn(marks)["data"]
    assert (few["boxpoints"], len(few["customdata"])) == ("all", LABELLED_UP_TO)
    assert many["boxpoints"] is False
    assert "customdata" not in many
