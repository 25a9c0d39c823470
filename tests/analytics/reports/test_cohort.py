"""The drawing of a report: the same shapes in the PDF and, as SVG, on the page."""

import xml.etree.ElementTree as ET
from datetime import date

import pytest
from reportlab.graphics import shapes

from analytics.reports import cohort, periods, svg
from analytics.reports.cohort import Correlation

FOUND = [
    Correlation("Load and GMFC-MLD", "3D", 0.5, 0.25, 0.75),
    Correlation("Load and <age>", "2D", -0.5, -1.0, 0.0),
]


def test_correlations_stand_in_proportion_and_strata_differ_in_shape():
    drawing = cohort.correlation_drawing(FOUND)
    circle = next(s for s in drawing.contents if isinstance(s, shapes.Circle))
    square = next(s for s in drawing.contents if isinstance(s, shapes.Rect))
    middle = cohort.LEFT_PT + (cohort.WIDTH_PT - cohort.LEFT_PT - cohort.RIGHT_PT) / 2
    assert circle.cx - middle == pytest.approx(middle - (square.x + square.width / 2))
    assert circle.cy > square.y
    assert cohort.correlation_drawing([]) is None


def test_the_svg_holds_every_text_of_the_drawing_and_no_inline_style():
    drawing = cohort.correlation_drawing(FOUND)
    made = svg.as_svg(drawing, label="What it shows")
    root = ET.fromstring(made)  # noqa: S314 - of our own drawing
    assert "style" not in {name for element in root.iter() for name in element.attrib}
    assert "<script" not in made
    said = {(e.text or "").strip() for e in root.iter() if e.tag.endswith("text")}
    assert {"Load and GMFC-MLD, 3D", "Load and <age>, 2D", "−0.5"} <= said
    assert (root.get("role"), root.get("aria-label")) == ("img", "What it shows")
    assert len([e for e in root.iter() if e.tag.endswith("circle")]) == 2


@pytest.mark.parametrize(
    ("rhythm", "day", "period"),
    [
        ("WEEKLY", date(2026, 3, 2), "2026-W10"),
        ("WEEKLY", date(2026, 3, 8), "2026-W10"),
        ("WEEKLY", date(2027, 1, 1), "2026-W53"),
        ("MONTHLY", date(2026, 3, 31), "2026-03"),
    ],
)
def test_a_day_lies_in_one_week_and_one_month(rhythm, day, period):
    assert periods.period_of(rhythm, day) == period


def test_never_has_no_period():
    with pytest.raises(ValueError, match="NEVER"):
        periods.period_of("NEVER", date(2026, 3, 1))
