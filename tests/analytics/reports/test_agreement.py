"""The printed Bland-Altman figure."""

from itertools import pairwise

import pytest
from reportlab.graphics import shapes

from analytics.figures.agreement import Line, PairMark
from analytics.figures.overlaps import MEASURES, Cell, OverlapMark
from analytics.reports.agreement import bland_altman_drawing
from analytics.reports.agreement_overlaps import OverlapPanel, overlap_drawing
from analytics.stats.overlap_bands import MaskPair, overlap_bands

MARKS = [PairMark(10.0, 2.0, "a"), PairMark(30.0, -4.0, "b")]
LINES = [
    Line("Upper limit", 5.0, 4.0, 6.0, "+5.0"),
    Line("Bias", -1.0, -2.0, 0.5, "−1.0"),
    Line("Lower limit", -7.0, -8.0, -6.0, "−7.0"),
]


def of(kind, drawing):
    return [shape for shape in drawing.contents if isinstance(shape, kind)]


def test_marks_stand_in_proportion_and_lines_at_their_values():
    drawing = bland_altman_drawing(MARKS, LINES)
    first, second = of(shapes.Circle, drawing)
    per_ml = (first.cy - second.cy) / 6.0
    across = [
        line for line in of(shapes.Line, drawing) if line.y1 == line.y2 and line.strokeWidth == 1.0
    ]
    assert [(line.y1 - first.cy) / per_ml for line in across] == pytest.approx([3.0, -3.0, -9.0])
    bands = of(shapes.Rect, drawing)
    assert [band.height / per_ml for band in bands] == pytest.approx([2.0, 2.5, 2.0])
    assert across[1].strokeDashArray is None
    assert all(line.strokeDashArray for line in (across[0], across[2]))


def test_names_of_lines_that_lie_close_do_not_cover_each_other():
    lines = [Line(name, 0.01 * n, -0.1, 0.1, "0.0") for n, name in enumerate(("a", "b", "c"))]
    named = [s.y for s in of(shapes.String, bland_altman_drawing(MARKS, lines)) if "mL" in s.text]
    named = sorted(named)[-3:]
    assert min(later - earlier for earlier, later in pairwise(named)) > 8.9


def test_a_negative_bias_has_a_true_minus():
    said = [s.text for s in of(shapes.String, bland_altman_drawing(MARKS, LINES))]
    assert "Bias −1.0 mL" in said
    assert "Upper limit +5.0 mL" in said


def test_without_limits_the_pairs_are_drawn_alone_and_without_pairs_nothing():
    assert len(of(shapes.Circle, bland_altman_drawing(MARKS[:1], []))) == 1
    with pytest.raises(ValueError, match="both loads"):
        bland_altman_drawing([], [])


def test_a_printed_figure_of_masks_has_a_mark_for_each_scan_and_a_box_for_three():
    three = overlap_bands([MaskPair(1.0, one, one, one) for one in (0.2, 0.4, 0.6)])[0].dice
    cells = [
        Cell("All", "", 3, [OverlapMark(one) for one in (0.2, 0.4, 0.6)], three),
        Cell("Lowest third", "", 1, [OverlapMark(0.2)], None),
    ]
    drawing = overlap_drawing([OverlapPanel(MEASURES[0], cells)])
    dots = of(shapes.Circle, drawing)
    assert len(dots) == 4
    # Quartiles of 0.2, 0.4 and 0.6 are 0.3 and 0.5: half as far apart as the ends.
    (box,) = of(shapes.Rect, drawing)
    assert box.height == pytest.approx((dots[2].cy - dots[0].cy) / 2)
    assert box.y + box.height / 2 == pytest.approx(dots[1].cy)
    assert "n 3" in [one.text for one in of(shapes.String, drawing)]
    with pytest.raises(ValueError, match="compared"):
        overlap_drawing([])
