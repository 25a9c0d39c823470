"""All curves in one trace per stratum: a line for each patient, and none between two."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analytics.figures.curves import curves_figure
from analytics.figures.marks import LABELLED_UP_TO
from analytics.views.charts import answer
from tests.support.marks import Mark, marks_of
from tests.support.plotly import codes, numbers


def drawn(marks):
    n_patients = len({mark.subject for mark in marks})
    return curves_figure(marks_of(marks), title="Curves", n_patients=n_patients)


def mark(subject, age_months, load_ml, stratum="3D", link=("", "")):
    return Mark(load_ml, age_months, stratum, subject=subject, link=link)


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
        mark("A", 10.0, 1.0, "3D", ("/a/", "A, M0")),
        mark("A", 16.0, 2.5, "3D", ("/a/", "A, M6")),
        mark("A", 22.0, 9.0, "2D", ("/a/", "A, M12")),
        mark("B", 50.0, 7.0, "3D", ("/b/", "B, M0")),
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


def test_a_line_runs_by_age_whichever_scan_comes_first():
    marks = [mark("B", 20.0, 2.0), mark("B", 10.0, 1.0), mark("A", 5.0, 3.0)]
    (trace,) = drawn(marks)["data"]
    assert lines(trace) == [[(10.0, 1.0), (20.0, 2.0)], [(5.0, 3.0)]]


@given(st.lists(st.integers(1, 6), min_size=1, max_size=40))
def test_however_many_scans_patients_have_each_is_one_line(counts):
    marks = [
        mark(f"P{patient}", float(scan), float(patient))
        for patient, count in enumerate(counts)
        for scan in range(count)
    ]
    (trace,) = drawn(marks)["data"]
    assert [len(line) for line in lines(trace)] == counts
    assert [{y for _, y in line} for line in lines(trace)] == [
        {float(n)} for n in range(len(counts))
    ]


def test_of_many_scans_the_place_says_whose_a_point_is():
    """As `charts.js` reads them: a gap stands behind the scans of each patient."""
    each = 4
    marks = [
        mark(f"P{n // each}", float(n), float(n // each)) for n in range(LABELLED_UP_TO + each)
    ]
    (trace,) = drawn(marks)["data"]
    meta = trace["meta"]
    whose = np.repeat(codes(meta["subjects"]), numbers(meta["marks"]))
    assert [f"P{load:.0f}" for load in numbers(trace["y"])] == whose.tolist()
    assert sorted(numbers(trace["x"])) == list(range(LABELLED_UP_TO + each))
    assert (trace["type"], meta["apart"]) == ("scattergl", True)
    assert "customdata" not in trace


def test_all_curves_of_ten_thousand_scans_weigh_less_than_a_hundred_kilobytes():
    rng = np.random.default_rng(5)
    marks = [
        mark(f"B-{patient:06}", rng.integers(3000, 9000) / 30.4375, rng.gamma(2, 30))
        for patient in range(2500)
        for _ in range(4)
    ]
    assert len(answer(drawn(marks)).content) <= 100_000
