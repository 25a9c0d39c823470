"""All curves in one trace per stratum: a line for each patient, and none between two."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analytics.figures.cohort import LABELLED_UP_TO
from analytics.figures.curves import CurveMark, curves_figure
from tests.support.plotly import numbers


def drawn(marks):
    return curves_figure(marks, title="Curves", n_patients=len({m.subject_code for m in marks}))


def lines(trace):
    """Return the lines of a trace as plotly draws them: runs of points between gaps."""
    found, here = [], []
    for x, y in zip(numbers(trace["x"]).tolist(), numbers(trace["y"]).tolist(), strict=True):
        if np.isnan(x) or np.isnan(y):
            found.append(here)
            here = []
        else:
            here.append((x, y))
    assert here == []
    return found


def test_two_patients_are_two_lines_and_3d_is_never_joined_to_2d():
    marks = [
        CurveMark("A", 10.0, 1.0, "3D", "A, M0", "/a/"),
        CurveMark("A", 16.0, 2.5, "3D", "A, M6", "/a/"),
        CurveMark("A", 22.0, 9.0, "2D", "A, M12", "/a/"),
        CurveMark("B", 50.0, 7.0, "3D", "B, M0", "/b/"),
    ]
    of_3d, of_2d = drawn(marks)["data"]
    assert (of_3d["name"], of_2d["name"]) == ("3D", "2D")
    assert lines(of_3d) == [[(10.0, 1.0), (16.0, 2.5)], [(50.0, 7.0)]]
    assert lines(of_2d) == [[(22.0, 9.0)]]
    assert of_3d["customdata"] == [
        ["/a/", "A, M0"], ["/a/", "A, M6"], ["", ""], ["/b/", "B, M0"], ["", ""],
    ]  # fmt: skip
    assert of_3d["connectgaps"] is False
    assert of_3d["line"]["dash"] != of_2d["line"]["dash"]


@given(st.lists(st.integers(1, 6), min_size=1, max_size=40))
def test_however_many_scans_patients_have_each_is_one_line(counts):
    marks = [
        CurveMark(f"P{patient}", float(scan), float(patient), "3D")
        for patient, count in enumerate(counts)
        for scan in range(count)
    ]
    (trace,) = drawn(marks)["data"]
    assert [len(line) for line in lines(trace)] == counts
    assert [{y for _, y in line} for line in lines(trace)] == [
        {float(n)} for n in range(len(counts))
    ]


def test_of_many_scans_the_place_says_whose_a_point_is():
    """As `charts.js` counts: places of a patient, with the gap behind them."""
    each = 4
    marks = [
        CurveMark(f"P{n // each}", float(n), float(n // each), "3D")
        for n in range(LABELLED_UP_TO + each)
    ]
    (trace,) = drawn(marks)["data"]
    codes = np.repeat(trace["meta"]["subjects"].split("\n"), trace["meta"]["marks"])
    loads = numbers(trace["y"])
    assert codes.size == loads.size
    assert all(np.isnan(y) or code == f"P{y:.0f}" for code, y in zip(codes, loads, strict=True))
    assert trace["type"] == "scattergl"
    assert "customdata" not in trace
