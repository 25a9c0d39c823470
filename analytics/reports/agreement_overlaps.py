"""How far two masks overlap, printed: points and boxes by thirds of the reference load."""

from collections.abc import Sequence
from dataclasses import dataclass

from reportlab.graphics import shapes

from analytics.figures.overlaps import Cell, Measure, places
from analytics.reports import fonts, plot
from analytics.reports.plot import Axis, Panel

WIDTH_PT, HEIGHT_PT = 482.0, 180.0
LEFT_PT, GAP_PT, BOTTOM_PT, TOP_PT = 46.0, 42.0, 36.0, 8.0
HALF_BOX = 0.31
LINE_PT = 8.5
SIZE_PT = 5.2


@dataclass(frozen=True, slots=True)
class OverlapPanel:
    """One figure of the masks by size of the load."""

    measure: Measure
    cells: Sequence[Cell]


def overlap_drawing(panels: Sequence[OverlapPanel]) -> shapes.Drawing:
    """Return the figures side by side, 482 points wide; whiskers reach to the ends.

    Raises
    ------
    ValueError
        If there is no figure, or one of them has no cell.
    """
    if not panels or not all(panel.cells for panel in panels):
        raise ValueError("A figure of masks needs scans whose masks are compared.")
    fonts.register()
    width = (WIDTH_PT - LEFT_PT - GAP_PT * (len(panels) - 1)) / len(panels)
    drawn: list[shapes.Shape] = []
    for index, panel in enumerate(panels):
        drawn += _panel(panel, LEFT_PT + index * (width + GAP_PT), width)
    return shapes.Drawing(WIDTH_PT, HEIGHT_PT, *drawn)


def _panel(panel: OverlapPanel, left: float, width: float) -> list[shapes.Shape]:
    values = [mark.value for cell in panel.cells for mark in cell.marks]
    highest = 1.0 if not panel.measure.unit else (max(values, default=0.0) * 1.05 or 1.0)
    axes = Panel(
        Axis(-0.5, len(panel.cells) - 0.5, left, width),
        Axis(0.0, highest, BOTTOM_PT, HEIGHT_PT - BOTTOM_PT - TOP_PT),
    )
    drawn = axes.frame(y_values=plot.ticks(0.0, highest), y_title=panel.measure.axis)
    for at, cell in enumerate(panel.cells):
        drawn += _box(axes, at, cell)
        for beside, mark in zip(places(len(cell.marks)), cell.marks, strict=True):
            x, y = axes.place(at + beside, mark.value)
            drawn.append(plot.mark("open circle", x, y, plot.ACCENT, 1.7))
        for line, words in enumerate((*cell.words, cell.counted)):
            y = BOTTOM_PT - LINE_PT * (line + 1)
            drawn.append(plot.text(axes.x.at(at), y, words, anchor="middle", size=SIZE_PT))
    return drawn


def _box(axes: Panel, at: int, cell: Cell) -> list[shapes.Shape]:
    box = cell.box
    if box is None or not box.is_box:
        return []
    left, right = axes.x.at(at - HALF_BOX), axes.x.at(at + HALF_BOX)
    middle = axes.x.at(at)
    ends = (box.smallest, box.low, box.median, box.high, box.largest)
    lowest, low, median, high, largest = (axes.y.at(value) for value in ends)
    return [
        shapes.Rect(
            left, low, right - left, high - low,
            fillColor=plot.BAND, strokeColor=plot.INK, strokeWidth=0.8,
        ),
        plot.line(middle, lowest, middle, low, colour=plot.INK, width=0.8),
        plot.line(middle, high, middle, largest, colour=plot.INK, width=0.8),
        plot.line(left, median, right, median, colour=plot.INK, width=1.6),
    ]  # fmt: skip
