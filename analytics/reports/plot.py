"""Axes and marks of a printed figure: shapes of reportlab, told apart without colour."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from reportlab.graphics import shapes
from reportlab.lib.colors import Color, HexColor

from analytics.reports import fonts

INK, FAINT, GRID = HexColor("#22303c"), HexColor("#66727d"), HexColor("#d5dade")
ACCENT, WARNING = HexColor("#0b5c8c"), HexColor("#b4530a")
GREEN, ORANGE, PINK = HexColor("#00714f"), HexColor("#b34e00"), HexColor("#9c3f76")
BAND = HexColor("#dfe7ee")
WHITE = HexColor("#ffffff")
SMALL_PT = 7.0
LABEL_PT = 7.5
STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Axis:
    """Values laid along a length in points; `low` may lie above `high` where high is worst."""

    low: float
    high: float
    start_pt: float
    length_pt: float

    def at(self, value: float) -> float:
        """Return where a value stands, in points."""
        return self.start_pt + (value - self.low) / (self.high - self.low) * self.length_pt


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Return round values between two ends, at most so many, in order.

    Raises
    ------
    ValueError
        If the ends are not finite, or the first is not below the second.
    """
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"An axis needs finite ends, the lower first; got {low} and {high}.")
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * one for one in STEPS if power * one >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    # Rounded to the step: 3 times 0.1 is not 0.3.
    digits = max(0, 2 - math.floor(math.log10(step)))
    return [round(index * step, digits) + 0.0 for index in range(first, last + 1)]


def number(value: float) -> str:
    """Return a value of an axis as printed, with a true minus sign."""
    return f"{value:g}".replace("-", "−")


def text(
    x: float,
    y: float,
    words: str,
    *,
    anchor: str = "start",
    size: float = SMALL_PT,
    colour: Color = FAINT,
    bold: bool = False,
) -> shapes.String:
    """Return words at a place; `anchor` is ``start``, ``middle`` or ``end``."""
    font = fonts.BOLD if bold else fonts.TEXT
    return shapes.String(
        x, y, words, textAnchor=anchor, fontSize=size, fillColor=colour, fontName=font
    )


def upright(x: float, y: float, words: str) -> shapes.Group:
    """Return words that run upwards, their middle at a place."""
    return shapes.Group(
        text(0, 0, words, anchor="middle", size=LABEL_PT, colour=INK),
        transform=(0, 1, -1, 0, x, y),
    )


def line(
    x0: float,
    y0: float,
    x1: float,
    y1: float,
    *,
    colour: Color = FAINT,
    width: float = 0.6,
    dash: Sequence[float] | None = None,
) -> shapes.Line:
    """Return a straight line."""
    return shapes.Line(x0, y0, x1, y1, strokeColor=colour, strokeWidth=width, strokeDashArray=dash)


def path(
    points: Sequence[tuple[float, float]],
    *,
    colour: Color,
    width: float = 1.2,
    dash: Sequence[float] | None = None,
) -> shapes.PolyLine:
    """Return a line through points."""
    flat = [coordinate for point in points for coordinate in point]
    return shapes.PolyLine(flat, strokeColor=colour, strokeWidth=width, strokeDashArray=dash)


def steps(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return points between which a level holds until the next one is found."""
    made = list(points[:1])
    for (_, before), (x, y) in pairwise(points):
        made += [(x, before), (x, y)]
    return made


def mark(shape: str, x: float, y: float, colour: Color, size: float = 3.0) -> shapes.Shape:
    """Return a mark; a shape whose name begins with ``open`` is not filled.

    Raises
    ------
    ValueError
        If there is no such shape.
    """
    is_open = shape.startswith("open ")
    look = {
        "fillColor": WHITE if is_open else colour,
        "strokeColor": colour,
        "strokeWidth": 1.1,
    }
    kind = shape.removeprefix("open ")
    if kind == "circle":
        return shapes.Circle(x, y, size, **look)
    if kind == "square":
        half = size * 1.1
        return shapes.Rect(x - half, y - half, 2 * half, 2 * half, **look)
    if kind == "diamond":
        reach = size * 1.1
        corners = [x, y + reach, x + reach, y, x, y - reach, x - reach, y]
        return shapes.Polygon(corners, **look)
    if kind == "triangle":
        reach = size * 1.25
        corners = [x, y + reach, x + reach, y - reach * 0.8, x - reach, y - reach * 0.8]
        return shapes.Polygon(corners, **look)
    raise ValueError(f"There is no mark {shape!r}.")


@dataclass(frozen=True, slots=True)
class Panel:
    """A pair of axes with their frame."""

    x: Axis
    y: Axis

    @property
    def top_pt(self) -> float:
        """Where the frame ends above."""
        return self.y.start_pt + self.y.length_pt

    @property
    def right_pt(self) -> float:
        """Where the frame ends to the right."""
        return self.x.start_pt + self.x.length_pt

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Return where a pair of values stands, in points."""
        return self.x.at(x), self.y.at(y)

    def frame(
        self,
        *,
        y_values: Sequence[float],
        y_title: str,
        x_values: Sequence[float] = (),
        x_title: str = "",
    ) -> list[shapes.Shape]:
        """Return the grid, the values at the axes, and the titles with their units."""
        drawn: list[shapes.Shape] = []
        left, bottom = self.x.start_pt, self.y.start_pt
        for value in y_values:
            at = self.y.at(value)
            drawn.append(line(left, at, self.right_pt, at, colour=GRID, width=0.4))
            drawn.append(text(left - 5, at - 2.5, number(value), anchor="end"))
        drawn.append(line(left, bottom, left, self.top_pt))
        drawn.append(line(left, bottom, self.right_pt, bottom))
        titles = y_title.split("\n")
        middle = bottom + self.y.length_pt / 2
        for index, title in enumerate(titles):
            drawn.append(upright(left - 30 - 9 * (len(titles) - 1 - index), middle, title))
        for value in x_values:
            at = self.x.at(value)
            drawn.append(line(at, bottom, at, bottom - 3))
            drawn.append(text(at, bottom - 11, number(value), anchor="middle"))
        if x_title:
            middle_x = left + self.x.length_pt / 2
            drawn.append(
                text(middle_x, bottom - 23, x_title, anchor="middle", size=LABEL_PT, colour=INK)
            )
        return drawn


@dataclass(frozen=True, slots=True)
class Key:
    """An entry of a legend: what a mark, and the line through it, mean."""

    words: str
    shape: str
    colour: Color
    dash: Sequence[float] | None = None
    has_line: bool = True


KEY_LINE_PT = 15.0
KEY_MARK_PT = 24.0


def legend_lines(keys: Sequence[Key], width_pt: float) -> list[list[tuple[float, Key]]]:
    """Return the entries of a legend by line, each with where it begins."""
    lines: list[list[tuple[float, Key]]] = [[]]
    at = 0.0
    for key in keys:
        needs = KEY_MARK_PT + fonts.width_pt(key.words, SMALL_PT) + 14
        if at and at + needs > width_pt:
            lines.append([])
            at = 0.0
        lines[-1].append((at, key))
        at += needs
    return lines


def legend(
    lines: Sequence[Sequence[tuple[float, Key]]], left: float, top: float
) -> list[shapes.Shape]:
    """Return a legend that hangs from a height."""
    drawn: list[shapes.Shape] = []
    for index, entries in enumerate(lines):
        y = top - KEY_LINE_PT * (index + 0.5)
        for offset, key in entries:
            x = left + offset
            drawn += _key(key, x, y)
            drawn.append(text(x + KEY_MARK_PT, y - 2.5, key.words, colour=INK))
    return drawn


def _key(key: Key, x: float, y: float) -> list[shapes.Shape]:
    if key.shape == "band":
        fill = {"fillColor": key.colour, "strokeColor": FAINT, "strokeWidth": 0.3}
        return [shapes.Rect(x, y - 3.5, 18, 7, **fill)]
    if key.shape == "flag":
        return flag(x + 9, y - 2)
    if key.shape == "ring":
        return [decided(x + 9, y)]
    if key.shape == "frame":
        return [around(x + 9, y, size=6.0)]
    if key.shape == "line":
        return [line(x, y, x + 18, y, colour=key.colour, width=0.8, dash=key.dash)]
    through = [line(x, y, x + 18, y, colour=key.colour, width=1.2, dash=key.dash)]
    return [*(through if key.has_line else []), mark(key.shape, x + 9, y, key.colour)]


def flag(x: float, y: float) -> list[shapes.Shape]:
    """Return the ring and the sign of exclamation about a point that the review flagged."""
    ring = shapes.Circle(x, y, 6, fillColor=None, strokeColor=WARNING, strokeWidth=1.3)
    return [ring, text(x + 6, y + 5, "!", size=9, colour=WARNING, bold=True)]


def decided(x: float, y: float) -> shapes.Shape:
    """Return the ring about a point that was flagged, and that somebody has decided."""
    return shapes.Circle(x, y, 6, fillColor=None, strokeColor=FAINT, strokeWidth=0.9)


def around(x: float, y: float, size: float = 9.0) -> shapes.Shape:
    """Return the frame about a point whose scan was acquired otherwise than the one before."""
    corners = [x, y + size, x + size, y, x, y - size, x - size, y]
    return shapes.Polygon(corners, fillColor=None, strokeColor=FAINT, strokeWidth=1.1)
