"""The agreement of two methods: the difference of each pair against its mean."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from analytics.figures import style


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
    return {
        "data": [points],
        "layout": style.layout(
            title=title,
            subtitle=f"n = {len(marks)} scans of {n_patients} patients<br>"
            "shaded: 95 % intervals of bias and limits",
            height=436,
            margin={"l": 64, "r": 140, "t": 80, "b": 64},
            showlegend=False,
            xaxis=style.axis("Mean of both loads, mL", rangemode="tozero"),
            yaxis=style.axis(f"{difference_label}, mL", zeroline=True, zerolinecolor=style.FAINT),
            shapes=[shape for line in lines for shape in _shapes(line)],
            annotations=[_annotation(line) for line in lines],
        ),
    }


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


def _annotation(line: Line) -> dict[str, Any]:
    return {
        "text": f"{line.name} {line.told} mL",
        "xref": "paper", "x": 1, "xanchor": "left", "xshift": 6, "y": line.value,
        "showarrow": False, "font": {"size": 12, "color": style.INK},
    }  # fmt: skip
