"""Curves of patients who are still free of a milestone, with how many are at risk below them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.figures import style
from analytics.figures.typed import typed

Array = NDArray[np.float64]
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
STEPS_MONTHS = (1, 3, 6, 12, 24, 36, 60, 120, 240)
MOST_TICKS = 7
ROW_PX = 1.3 * 13
"""What plotly leaves for each line of a label, of the font of all figures."""
FIRST_ROW_PX = 23


@dataclass(frozen=True, slots=True)
class StepCurve:
    """The curve of a group; times in months.

    Attributes
    ----------
    times, free, low, high : ndarray, shape (k,)
        The share that is free from each time of an event on, and its band; NaN where it has none.
        Empty where nobody had the event: the curve stays at the top.
    entry, end : ndarray, shape (m,)
        When each time at risk begins and ends, for the number at risk; the curve ends with the
        last of them.
    censored : ndarray
        When somebody was last seen without the milestone.
    """

    name: str
    times: Array
    free: Array
    low: Array
    high: Array
    entry: Array
    end: Array
    censored: Array

    @property
    def begins_at(self) -> float:
        """When the first of the group is watched: before, nothing is known."""
        return float(self.entry.min())

    def at_risk(self, months: float) -> int:
        """Return how many are at risk at a time; where the curve begins, those who enter there."""
        is_begun = self.entry < months if months > self.begins_at else self.entry <= months
        return int((is_begun & (self.end >= months)).sum())


def survival_figure(
    curves: Sequence[StepCurve],
    *,
    title: str,
    axis_title: str,
    subtitle: str,
) -> dict[str, Any]:
    """Return Kaplan-Meier curves as plotly JSON: steps, bands, a tick for each who was censored.

    A curve begins where the first of its group is watched. Below the axis stands for each group how
    many are at risk.
    """
    if not curves:
        return style.empty(title=title, text="No curve can be drawn; the table says why.")
    first = min(curve.begins_at for curve in curves)
    last = max(float(curve.end.max()) for curve in curves)
    ticks, edge = _ticks(first, last), 0.02 * (last - first)
    return {
        "data": [trace for i, curve in enumerate(curves) for trace in _traces(curve, i)],
        "layout": style.layout(
            title=title,
            subtitle=subtitle,
            height=420 + 42 * len(curves),
            margin={"l": _room_of_names(curves), "r": 24, "t": 64, "b": 104 + 26 * len(curves)},
            showlegend=True,
            xaxis=style.axis(
                f"{axis_title}<br>below it: at risk",
                tickvals=ticks,
                ticktext=["<br>".join([f"{round(t, 1):g}", *_counts(curves, t)]) for t in ticks],
                tickangle=0,
                range=[first - edge, last + edge],
            ),
            yaxis=style.axis("Share free of it", range=[0, 1.03], tickformat=".0%"),
            annotations=[_name_at_risk(curve, i) for i, curve in enumerate(curves)],
        ),
    }


def _room_of_names(curves: Sequence[StepCurve]) -> int:
    return max(64, 24 + 7 * max(len(curve.name) for curve in curves))


def _name_at_risk(curve: StepCurve, place: int) -> dict[str, Any]:
    """Return the name of a group before its row of numbers, which are lines of the ticks."""
    return {
        "text": curve.name, "font": {"size": 12}, "showarrow": False,
        "xref": "paper", "x": 0, "xanchor": "right", "xshift": -14,
        "yref": "paper", "y": 0, "yanchor": "top",
        "yshift": -(FIRST_ROW_PX + ROW_PX * place),
    }  # fmt: skip


def _counts(curves: Sequence[StepCurve], months: float) -> list[str]:
    return [str(curve.at_risk(months)) for curve in curves]


def _ticks(first: float, last: float) -> list[float]:
    span = last - first
    step = next((one for one in STEPS_MONTHS if span / one <= MOST_TICKS), STEPS_MONTHS[-1])
    start = float(np.ceil(first / step) * step)
    # Within one month nothing but the beginning is left to say how many are at risk.
    return [float(t) for t in np.arange(start, last + 1e-9, step)] or [first]


def _traces(curve: StepCurve, place: int) -> list[dict[str, Any]]:
    colour = style.COLOURS[place % len(style.COLOURS)]
    last = float(curve.end.max())
    free = np.concatenate([[1.0], curve.free])
    x = np.concatenate([[curve.begins_at], curve.times, [last]])
    y = np.append(free, free[-1])
    line: dict[str, Any] = {
        "type": "scatter",
        "mode": "lines",
        "name": curve.name,
        "legendgroup": curve.name,
        "x": typed(x.tolist()),
        "y": typed(y.tolist()),
        "line": {
            "shape": "hv", "color": colour, "width": 2, "dash": DASHES[place % len(DASHES)],
        },
        "hovertemplate": f"{curve.name}<br>%{{y:.0%}} free at %{{x:.1f}} months<extra></extra>",
    }  # fmt: skip
    traces = [*_band(curve, colour), line]
    if curve.censored.size:
        places = np.searchsorted(curve.times, curve.censored, side="right")
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": f"{curve.name}, last seen free of it",
                "legendgroup": curve.name,
                "showlegend": False,
                "x": typed(curve.censored.tolist()),
                "y": typed(free[places].tolist()),
                "marker": {
                    "symbol": "line-ns",
                    "size": 9,
                    "line": {"color": colour, "width": 1.5},
                },
                "hovertemplate": "last seen free of it at %{x:.1f} months<extra></extra>",
            }
        )
    return traces


def _band(curve: StepCurve, colour: str) -> list[dict[str, Any]]:
    there = np.isfinite(curve.low) & np.isfinite(curve.high)
    if not there.any():
        return []
    ends = np.append(curve.times[1:], curve.end.max())
    # Each step has its height from one event to the next.
    x = np.column_stack([curve.times, ends])[there].ravel()
    high = np.repeat(curve.high[there], 2)
    low = np.repeat(curve.low[there], 2)
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "name": f"{curve.name}, 95 % band",
            "legendgroup": curve.name,
            "showlegend": False,
            "x": typed([*x, *x[::-1]]),
            "y": typed([*high, *low[::-1]]),
            "fill": "toself",
            "fillcolor": f"rgba({red},{green},{blue},0.12)",
            "line": {"width": 0},
            "hoverinfo": "skip",
        }
    ]
