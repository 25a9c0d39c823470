"""How far two masks overlap, scan by scan, by thirds of the reference load."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from analytics.figures import style
from analytics.stats.overlap_bands import Quartiles

BOX_WIDTH = 0.62
SPREAD = 0.4
"""Points of a cell lie within so much of its width, so that they do not hide one another."""
GOLDEN = 0.6180339887498949


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure of two masks.

    Attributes
    ----------
    slug, field : str
        In an address, and of `MaskPair` and `Band`.
    name, unit : str
        For people; the unit is empty for a share.
    """

    slug: str
    field: str
    name: str
    unit: str
    decimals: int

    @property
    def axis(self) -> str:
        """The name with its unit."""
        return f"{self.name}, {self.unit}" if self.unit else self.name


MEASURES = (
    Measure("dice", "dice", "Dice", "", 2),
    Measure("hausdorff", "hausdorff95_mm", "95 % Hausdorff distance", "mm", 1),
    Measure("surface", "surface_dice", "Surface Dice", "", 2),
)


@dataclass(frozen=True, slots=True)
class OverlapMark:
    """One scan: its figure, and whose it is."""

    value: float
    label: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """The scans of one size of load.

    Attributes
    ----------
    name, loads : str
        Which third, and of which loads, in words.
    n_scans : int
        How many there are, also those without the figure.
    box : Quartiles or None
        Of the marks; None where there is no mark.
    """

    name: str
    loads: str
    n_scans: int
    marks: Sequence[OverlapMark]
    box: Quartiles | None

    @property
    def words(self) -> list[str]:
        """The name, a word a line."""
        return self.name.split(" ")

    @property
    def counted(self) -> str:
        """How many scans it shows, and of how many where the figure is not defined for some."""
        few = "" if len(self.marks) == self.n_scans else f" of {self.n_scans}"
        return f"n {len(self.marks)}{few}"


def places(count: int) -> list[float]:
    """Return where the points of a cell lie beside its middle, the same for the same count."""
    return [SPREAD * ((index * GOLDEN) % 1 - 0.5) for index in range(count)]


def overlap_figure(
    cells: Sequence[Cell], *, measure: Measure, title: str, subtitle: str
) -> dict[str, Any]:
    """Return the points of each cell, with a box where there are enough, as plotly JSON.

    Whiskers reach to the smallest and the largest figure, since every one is drawn. The boxes are
    one trace, from the quartiles of the table; the points another.
    """
    if not any(cell.marks for cell in cells):
        return style.empty(title=title, text="No two masks of a scan are compared yet.")
    boxed = [(at, cell.box) for at, cell in enumerate(cells) if cell.box and cell.box.is_box]
    marks = [
        (at + beside, mark)
        for at, cell in enumerate(cells)
        for beside, mark in zip(places(len(cell.marks)), cell.marks, strict=True)
    ]
    traces = [_boxes(boxed)] if boxed else []
    return {
        "data": [*traces, _points(marks, measure)],
        "layout": style.layout(
            title=title,
            subtitle=subtitle,
            height=390,
            margin={"l": 60, "r": 12, "t": 64, "b": 88},
            showlegend=False,
            xaxis=style.axis(
                "",
                tickvals=list(range(len(cells))),
                # In two lines: side by side on a phone, longer words would run into each other.
                ticktext=["<br>".join((*cell.words, cell.loads, cell.counted)) for cell in cells],
                range=[-0.5, len(cells) - 0.5],
                showgrid=False,
                tickfont={"size": 10},
                tickangle=0,
            ),
            yaxis=style.axis(
                measure.axis, **({"rangemode": "tozero"} if measure.unit else {"range": [0, 1.02]})
            ),
        ),
    }


def _boxes(boxed: Sequence[tuple[int, Quartiles]]) -> dict[str, Any]:
    return {
        "type": "box",
        "name": "Quartiles",
        "x": [at for at, _ in boxed],
        "q1": [box.low for _, box in boxed],
        "median": [box.median for _, box in boxed],
        "q3": [box.high for _, box in boxed],
        "lowerfence": [box.smallest for _, box in boxed],
        "upperfence": [box.largest for _, box in boxed],
        "width": BOX_WIDTH,
        "line": {"color": style.INK, "width": 1.2},
        "fillcolor": style.GRID,
        "boxpoints": False,
        "hoverinfo": "skip",
    }


def _points(marks: Sequence[tuple[float, OverlapMark]], measure: Measure) -> dict[str, Any]:
    unit = f" {measure.unit}" if measure.unit else ""
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "Scan",
        "cliponaxis": False,
        "x": [x for x, _ in marks],
        "y": [mark.value for _, mark in marks],
        "customdata": [[mark.url, mark.label] for _, mark in marks],
        "marker": {"symbol": "circle", "size": 7, "color": style.ACCENT, "opacity": 0.7},
        "hovertemplate": f"%{{customdata[1]}}<br>%{{y:.{measure.decimals}f}}{unit}<extra></extra>",
    }
