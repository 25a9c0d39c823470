"""The printed course: where its marks stand, and that none is told by colour alone."""

from dataclasses import replace
from itertools import pairwise

import pytest
from reportlab.graphics import shapes

from analytics.figures.course import (
    AGE,
    ML,
    Course,
    FittedLine,
    LoadMark,
    Reference,
    Scale,
    ScoreMark,
    Scores,
    TreatmentMark,
)
from analytics.reports import course as courses
from analytics.reports import plot
from analytics.reports.reference import GREY
from analytics.stats.reference_bands import BandPoint


def load(months, value, stratum="3D", **more):
    return LoadMark(months, value, stratum, "Visit", "2024-05-10", **more)


def a_course(loads=(), scores=None, treatments=(), scale=ML, shows_loads=True):
    return Course(loads, scores or Scores(), treatments, scale, AGE, shows_loads)


def drawn(course):
    """Return the shapes of a drawing without its groups' own nesting."""
    return courses.course_drawing(course).contents


def words(course):
    found = []
    for shape in drawn(course):
        inside = shape.contents if isinstance(shape, shapes.Group) else [shape]
        found += [one.text for one in inside if isinstance(one, shapes.String)]
    return found


def circles(course):
    return [s for s in drawn(course) if isinstance(s, shapes.Circle) and s.r == 3]


def test_nothing_is_drawn_of_nothing():
    assert courses.course_drawing(a_course()) is None


def test_loads_stand_in_proportion_to_their_values_and_times():
    marks = circles(a_course([load(40, 10.0), load(50, 20.0), load(60, 40.0)]))[:3]
    (a, b, c) = [(mark.cx, mark.cy) for mark in marks]
    assert b[0] - a[0] == pytest.approx(c[0] - b[0])
    assert c[1] - b[1] == pytest.approx(2 * (b[1] - a[1]))


def test_the_two_strata_differ_in_shape():
    course = a_course([load(40, 10.0), load(50, 20.0, "2D")])
    # One mark in the panel and one in the legend.
    assert len(circles(course)) == 2
    squares = [s for s in drawn(course) if isinstance(s, shapes.Rect) and s.width < 8]
    assert len(squares) == 2
    assert all(square.fillColor == plot.WHITE for square in squares)


def test_a_band_reaches_a_tolerance_below_and_above_the_load_before():
    course = a_course([load(40, 10.0), load(50, 30.0, tolerance=4.0)])
    band = next(s for s in drawn(course) if isinstance(s, shapes.Rect) and s.width > 100)
    (first, second) = circles(course)[:2]
    per_ml = (second.cy - first.cy) / 20.0
    assert band.y == pytest.approx(first.cy - 4 * per_ml)
    assert band.height == pytest.approx(8 * per_ml)
    assert (band.x, band.x + band.width) == pytest.approx((first.cx, second.cx))


def test_a_band_does_not_reach_below_zero():
    course = a_course([load(40, 1.0), load(50, 30.0, tolerance=4.0)])
    band = next(s for s in drawn(course) if isinstance(s, shapes.Rect) and s.width > 100)
    zeros = [s.y for s in drawn(course) if isinstance(s, shapes.String) and s.text == "0"]
    # The lowest panel is drawn first; that of the loads is the uppermost.
    assert band.y == pytest.approx(zeros[-1] + 2.5)


FITTED = FittedLine("Fitted line, 3D", "9.0 mL a year", (40, 12.0), (60, 27.0))


def fitted_lines(course):
    return [
        s
        for s in drawn(course)
        if isinstance(s, shapes.PolyLine) and s.strokeDashArray == courses.FITTED_DASHES
    ]


def test_the_fitted_line_stands_where_its_ends_are_and_is_named():
    course = replace(a_course([load(40, 10.0), load(50, 20.0), load(60, 24.0)]), fitted=FITTED)
    (line,) = fitted_lines(course)
    first, _, last = [(mark.cx, mark.cy) for mark in circles(course)[:3]]
    per_ml = (last[1] - first[1]) / 14
    expected = [first[0], first[1] + 2 * per_ml, last[0], last[1] + 3 * per_ml]
    assert line.points == pytest.approx(expected)
    assert "Fitted line, 3D: 9.0 mL a year" in words(course)
    in_the_legend = [
        s
        for s in drawn(course)
        if isinstance(s, shapes.Line) and s.strokeDashArray == courses.FITTED_DASHES
    ]
    assert len(in_the_legend) == 1


def test_a_fitted_line_above_all_loads_is_drawn_whole():
    steep = replace(FITTED, end=(60, 90.0))
    course = replace(a_course([load(40, 10.0), load(50, 20.0), load(60, 24.0)]), fitted=steep)
    (line,) = fitted_lines(course)
    assert max(line.points[1::2]) < max(s.y2 for s in drawn(course) if isinstance(s, shapes.Line))


def test_who_sees_no_loads_is_drawn_no_fitted_line():
    scores = Scores([ScoreMark(40, 2, "v")])
    course = replace(a_course([], scores, shows_loads=False), fitted=FITTED)
    assert fitted_lines(course) == []
    assert not [said for said in words(course) if "Fitted" in said]


def test_a_load_acquired_otherwise_stands_in_a_frame_that_the_legend_names():
    changed = load(50, 20.0, change="since the scan before: 3D → 2D")
    course = a_course([load(40, 10.0), changed])
    frame, in_the_legend = (s for s in drawn(course) if isinstance(s, shapes.Polygon))
    second = circles(course)[1]
    assert (frame.points[0], frame.points[3]) == pytest.approx((second.cx, second.cy))
    assert frame.fillColor is None
    assert in_the_legend.fillColor is None
    assert "Acquired otherwise than before" in words(course)
    assert "Acquired otherwise than before" not in words(a_course([load(40, 10.0)]))


def test_the_axis_of_the_loads_holds_every_interval():
    course = a_course([load(40, 10.0, interval=(5.0, 90.0))])
    top = max(s.y2 for s in drawn(course) if isinstance(s, shapes.Line) and s.x1 == s.x2)
    assert top <= courses.course_drawing(course).height
    assert "80" in words(course)


def test_who_sees_no_loads_is_drawn_neither_loads_nor_mri_scores():
    scores = Scores([ScoreMark(40, 2, "v")], [], [ScoreMark(40, 12, "v")])
    said = words(a_course([load(40, 10.0)], scores, shows_loads=False))
    assert "GMFC-MLD level" in said
    assert not [one for one in said if "oad" in one or "MRI" in one]


def test_without_a_load_the_panel_says_so():
    scores = Scores([ScoreMark(40, 2, "v")])
    assert "No load yet" in words(a_course([], scores))
    assert "No load in % of brain" in words(
        a_course([], scores, scale=Scale("% of brain", 2, False, 3))
    )


def test_names_of_treatments_that_would_overlap_stand_in_rows():
    near = [TreatmentMark(50 + step, "gene therapy") for step in range(3)]
    course = a_course([load(40, 1.0), load(60, 2.0)], treatments=near)
    heights = [
        s.y for s in drawn(course) if isinstance(s, shapes.String) and s.text == "gene therapy"
    ]
    assert len(set(heights)) == 3
    assert all(
        later - earlier >= courses.ROW_PT - 1e-9 for earlier, later in pairwise(sorted(heights))
    )


def test_a_treatment_long_before_the_first_visit_is_named_apart():
    early = TreatmentMark(3, "HSCT")
    course = a_course([load(40, 1.0), load(60, 2.0)], treatments=[early])
    assert courses.treatments_off_the_axis(course) == [early]
    assert "HSCT" not in words(course)


def of_a_reference(low=10.0, high=30.0, gap=()):
    """Return a reference whose median runs from 20 mL at 36 months straight to 80 at 66."""
    months = [m for m in range(36, 69, 3) if m not in gap]
    points = [BandPoint(m, 5, low, 20.0 + 2 * (m - 36), high) for m in months]
    return Reference("Reference, late infantile, 3D", points)


def behind(course):
    """Return the areas of the band, and the medians with their places in months and mL."""
    areas = [s for s in drawn(course) if isinstance(s, shapes.Polygon) and s.fillColor == GREY]
    lines = [s for s in drawn(course) if isinstance(s, shapes.PolyLine) and s.strokeDashArray]
    return areas, [list(zip(s.points[::2], s.points[1::2], strict=True)) for s in lines]


def test_the_band_of_a_reference_ends_with_the_axis_and_keeps_its_values():
    loads = [load(40, 10.0), load(60, 50.0)]
    course = replace(a_course(loads), reference=of_a_reference())
    (area,), (median,) = behind(course)
    (first, last) = [(mark.cx, mark.cy) for mark in circles(course)[:2]]
    px_month = (last[0] - first[0]) / 20
    px_ml = (last[1] - first[1]) / 40
    # The axis ends one month beyond the scans: at 39 and at 61 months.
    months = [40 + (x - first[0]) / px_month for x, _ in median]
    values = [10 + (y - first[1]) / px_ml for _, y in median]
    assert months == pytest.approx([*range(39, 61, 3), 61])
    assert values == pytest.approx([20 + 2 * (m - 36) for m in months])
    heights = {round(10 + (y - first[1]) / px_ml, 6) for y in area.points[1::2]}
    assert heights == {10.0, 30.0}
    assert "Reference, late infantile, 3D" in words(course)


def test_a_gap_in_the_months_of_a_reference_stays_open():
    loads = [load(40, 10.0), load(60, 50.0)]
    areas, medians = behind(replace(a_course(loads), reference=of_a_reference(gap=(48, 51))))
    assert len(areas) == 2
    assert [len(line) for line in medians] == [3, 4]


def test_a_band_above_all_loads_is_drawn_whole():
    course = replace(a_course([load(40, 10.0), load(60, 12.0)]), reference=of_a_reference(high=90))
    (area,), _ = behind(course)
    top = max(s.y2 for s in drawn(course) if isinstance(s, shapes.Line))
    assert max(area.points[1::2]) < top


@pytest.mark.parametrize(
    "course",
    [
        a_course([load(40, 1.0), load(60, 1.5)], scale=Scale("% of brain", 2, has_tolerance=False)),
        a_course([], Scores(gmfc=[ScoreMark(40, 2, "M12")])),
        a_course([load(80, 1.0), load(90, 1.5)]),
        a_course([load(40, 1.0)], Scores(gmfc=[ScoreMark(40, 2, "M12")]), shows_loads=False),
    ],
    ids=["in percent", "without a load", "at other months", "for who sees no loads"],
)
def test_where_a_band_says_nothing_none_is_drawn(course):
    course = replace(course, reference=of_a_reference())
    assert behind(course)[0] == []
    assert "Reference, late infantile, 3D" not in words(course)
