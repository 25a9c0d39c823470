"""The agreement of two methods: the difference of each pair against its mean."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from analytics.figures import style

MARGIN = {"l": 64, "r": 140, "t": 80, "b": 64}
HEIGHT_PX = 436
PLOT_PX = HEIGHT_PX - MARGIN["t"] - MARGIN["b"]
LABEL_PX = 17
"""How far apart the names of two levels stand at least."""


@dataclass(frozen=True, slots=True)
class PairMark:
    """One scan with the loads of two methods."""

    mean_ml: float
    difference_ml: float
    label: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A level across the figure, with its interval.

    Attributes
    ----------
    told : str
        The value as the table beside the figure rounds it, with its sign.
    """

    name: str
    value: float
    low: float
    high: float
    told: str


def bland_altman_figure(
    marks: Sequence[PairMark],
    *,
    title: str,
    difference_label: str,
    n_patients: int,
    lines: Sequence[Line],
) -> dict[str, Any]:
    """Return a Bland-Altman plot as plotly JSON; against the mean, not one of the methods.

    Parameters
    ----------
    difference_label : str
        What the difference is called; the unit is added.
    lines : sequence of Line
        Bias and limits; empty where they are not estimable.
    """
    if not marks:
        return style.empty(title=title, text="No scan has a load by both methods.")
    points = {
        "type": "scatter",
        "mode": "markers",
        "name": "Scan",
        "cliponaxis": False,
        "x": [mark.mean_ml for mark in marks],
        "y": [mark.difference_ml for mark in marks],
        "customdata": [[mark.url, mark.label] for mark in marks],
        "marker": {"symbol": "circle", "size": 8, "color": style.ACCENT, "opacity": 0.7},
        "hovertemplate": "%{customdata[1]}<br>mean %{x:.1f} mL, difference %{y:+.1f} mL"
        "<extra></extra>",
    }
    low, high = _range(marks, lines)
    is_cut = any(line.low < low or line.high > high for line in lines)
    cut = ", cut off at the edge" if is_cut else ""
    return {
        "data": [points],
        "layout": style.layout(
            title=title,
            subtitle=f"{style.scans_of_patients(len(marks), n_patients)}<br>"
            f"shaded: 95 % intervals of bias and limits{cut}",
            height=HEIGHT_PX,
            margin=MARGIN,
            showlegend=False,
            xaxis=style.axis("Mean of both loads, mL", rangemode="tozero"),
            yaxis=style.axis(
                f"{difference_label}, mL",
                zeroline=True,
                zerolinecolor=style.FAINT,
                range=[low, high],
            ),
            shapes=[shape for line in lines for shape in _shapes(line)],
            annotations=_annotations(lines, ml_of_a_pixel=(high - low) / PLOT_PX),
        ),
    }


def _range(marks: Sequence[PairMark], lines: Sequence[Line]) -> tuple[float, float]:
    """Return from where to where the figure reaches: every scan, every level, and 0.

    Intervals do not count: those of a few scans are so wide that all scans would be one line.
    """
    shown = [0.0, *(mark.difference_ml for mark in marks), *(line.value for line in lines)]
    edge = 0.08 * (max(shown) - min(shown)) or 1.0
    return min(shown) - edge, max(shown) + edge


def _shapes(line: Line) -> list[dict[str, Any]]:
    across = {"xref": "paper", "x0": 0, "x1": 1}
    band = {
        **across, "type": "rect", "y0": line.low, "y1": line.high, "layer": "below",
        "fillcolor": style.GRID, "opacity": 0.6, "line": {"width": 0},
    }  # fmt: skip
    dash = "solid" if line.name == "Bias" else "dash"
    level = {
        **across, "type": "line", "y0": line.value, "y1": line.value,
        "line": {"color": style.INK, "width": 1.5, "dash": dash},
    }  # fmt: skip
    return [band, level]


def _annotations(lines: Sequence[Line], *, ml_of_a_pixel: float) -> list[dict[str, Any]]:
    """Return the names of the levels, those that would overlap moved away from the middle one."""
    order = sorted(lines, key=lambda line: line.value)
    middle = len(order) // 2
    found = []
    for place, line in enumerate(order):
        from_middle_px = (line.value - order[middle].value) / ml_of_a_pixel
        least_px = abs(place - middle) * LABEL_PX
        shift = max(0.0, least_px - abs(from_middle_px)) * (1 if place > middle else -1)
        found.append({**_annotation(line), "yshift": shift})
    return found


def _annotation(line: Line) -> dict[str, Any]:
    return {
        "text": f"{line.name} {line.told} mL",
        "xref": "paper", "x": 1, "xanchor": "left", "xshift": 6, "y": line.value,
        "showarrow": False, "font": {"size": 12, "color": style.INK},
    }  # fmt: skip
