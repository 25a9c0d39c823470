"""Where the values of an image quality metric lie."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analytics.figures import style


@dataclass(frozen=True, slots=True)
class QualityMark:
    """One scan: its value, what it is called, where its page is."""

    value: float
    label: str
    url: str
    is_outlier: bool


def strip_figure(
    groups: Mapping[str, Sequence[QualityMark]],
    *,
    title: str,
    axis: str,
    centres: Mapping[str, float],
) -> dict[str, Any]:
    """Return the values of a metric as a strip of points per group, with its median.

    Parameters
    ----------
    groups : mapping of str to sequence of QualityMark
        Sequence and stratum to scans.
    axis : str
        Name of the metric with its unit.
    centres : mapping of str to float
        Median of each group.
    """
    count = sum(len(marks) for marks in groups.values())
    if not count:
        return style.empty(title=title, text="No scan has a value of this metric yet.")
    traces = [_strip(groups, outlying=False), _strip(groups, outlying=True), _medians(centres)]
    return {
        "data": [trace for trace in traces if trace["y"]],
        "layout": style.layout(
            title=title,
            subtitle=f"n = {style.counted(count, 'scan')}",
            height=420,
            xaxis=style.axis("Sequence and acquisition", type="category"),
            yaxis=style.axis(axis),
        ),
    }


def _strip(groups: Mapping[str, Sequence[QualityMark]], *, outlying: bool) -> dict[str, Any]:
    """Return the scans of one kind; points of a group lie side by side, not on each other."""
    shown = [
        (name, mark)
        for name, marks in groups.items()
        for mark in marks
        if mark.is_outlier == outlying
    ]
    clear = "rgba(0,0,0,0)"
    marker = (
        {"symbol": "diamond", "size": 11, "color": style.WARNING}
        if outlying
        else {"symbol": "circle", "size": 8, "color": style.ACCENT, "opacity": 0.6}
    )
    return {
        "type": "box",
        "name": "Stands out" if outlying else "Scan",
        "x": [name for name, _ in shown],
        "y": [mark.value for _, mark in shown],
        "text": [mark.label for _, mark in shown],
        "customdata": [[mark.url] for _, mark in shown],
        "boxpoints": "all",
        "jitter": 0.6,
        "pointpos": 0,
        "hoveron": "points",
        "fillcolor": clear,
        "line": {"color": clear},
        "marker": marker,
        "hovertemplate": "%{text}: %{y:.4g}<extra>%{x}</extra>",
    }


def _medians(centres: Mapping[str, float]) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "Median",
        "x": list(centres),
        "y": list(centres.values()),
        "marker": {
            "symbol": "line-ew", "size": 46, "color": style.INK,
            "line": {"width": 2, "color": style.INK},
        },
        "hovertemplate": "median %{y:.4g}<extra>%{x}</extra>",
    }  # fmt: skip
