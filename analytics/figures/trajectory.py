"""One patient's course: the load over age, the motor score below on the same axis."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from analytics.figures import style

Trace = dict[str, Any]
GAP_Y = 0.345
"""Middle of the gap between the two panels, as a share of the height."""


@dataclass(frozen=True, slots=True)
class LoadMark:
    """A load of the series.

    Attributes
    ----------
    age_months, load_ml : float
        Where it stands.
    acq_stratum : str
        ``3D`` or ``2D``; chooses the symbol.
    url : str
        Where a click leads; empty for nowhere.
    tolerance_ml : float or None
        Half height of the band between this load and the one before it.
    flags : tuple of str
        Findings of the review, in words.
    interval_ml : tuple of float, optional
        Between which loads its interval lies; None for a load without one.
    interval_level : float, optional
        Share of the phantoms' truths that such intervals hold.
    """

    age_months: float
    load_ml: float
    acq_stratum: str
    visit_name: str
    visit_date: str
    url: str = ""
    tolerance_ml: float | None = None
    flags: tuple[str, ...] = ()
    interval_ml: tuple[float, float] | None = None
    interval_level: float | None = None


@dataclass(frozen=True, slots=True)
class ScoreMark:
    """A GMFC-MLD level."""

    age_months: float
    level: int
    visit_name: str


@dataclass(frozen=True, slots=True)
class TreatmentMark:
    """A documented treatment, drawn as a line."""

    age_months: float
    label: str


def trajectory_figure(
    *,
    title: str,
    loads: Sequence[LoadMark],
    scores: Sequence[ScoreMark],
    treatments: Sequence[TreatmentMark] = (),
    shows_loads: bool = True,
    is_demonstration: bool = False,
) -> dict[str, Any]:
    """Return a patient's figure as plotly JSON: data and layout.

    Parameters
    ----------
    loads, scores : sequences
        In order of age; what is missing is left out, never zero.
    shows_loads : bool
        False leaves the upper panel out, for roles that may not see loads.
    """
    if not loads and not scores:
        return style.empty(title=title, text="No load and no score yet.")
    traces: list[Trace] = []
    if shows_loads:
        traces += _load_traces(loads)
    traces += _score_traces(scores, "y2" if shows_loads else "y")
    return {
        "data": traces,
        "layout": _layout(title, loads, scores, treatments, shows_loads, is_demonstration),
    }


def _load_traces(loads: Sequence[LoadMark]) -> list[Trace]:
    if not loads:
        return []
    ages = [mark.age_months for mark in loads]
    values = [mark.load_ml for mark in loads]
    line: Trace = {
        "type": "scatter", "mode": "lines", "x": ages, "y": values, "hoverinfo": "skip",
        "line": {"color": style.ACCENT, "width": 2}, "showlegend": False,
    }  # fmt: skip
    traces = [*_band(loads), line]
    for stratum, symbol in style.SYMBOLS.items():
        marks = [mark for mark in loads if mark.acq_stratum == stratum]
        if marks:
            traces.append(_marks(marks, f"Load, {stratum} T1w", symbol))
    flagged = [mark for mark in loads if mark.flags]
    if flagged:
        traces.append(_flags(flagged))
    return traces


def _band(loads: Sequence[LoadMark]) -> list[Trace]:
    """Return the band within which a change may be noise, around the load before each point."""
    x: list[float | None] = []
    y: list[float | None] = []
    for before, here in pairwise(loads):
        if here.tolerance_ml is None:
            continue
        low = max(0.0, before.load_ml - here.tolerance_ml)
        high = before.load_ml + here.tolerance_ml
        start, end = before.age_months, here.age_months
        # One closed rectangle per pair: a fill between two lines would run on over the gaps.
        x += [start, end, end, start, start, None]
        y += [low, low, high, high, low, None]
    if not x:
        return []
    return [
        {
            "type": "scatter", "mode": "lines", "x": x, "y": y, "fill": "toself",
            "fillcolor": "rgba(11,92,140,0.10)", "line": {"width": 0}, "hoverinfo": "skip",
            "name": "Tolerance about the previous scan",
        }
    ]  # fmt: skip


def _marks(marks: Sequence[LoadMark], name: str, symbol: str) -> Trace:
    bars = {"error_y": _bars(marks)} if any(mark.interval_ml for mark in marks) else {}
    return {
        **bars,
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": [mark.age_months for mark in marks],
        "y": [mark.load_ml for mark in marks],
        "customdata": [
            [mark.url, mark.visit_name, mark.visit_date, _interval_words(mark)] for mark in marks
        ],
        "marker": {"symbol": symbol, "size": 10, "color": style.ACCENT, "line": {"width": 2}},
        "hovertemplate": "%{customdata[1]}, %{customdata[2]}<br>%{y:.1f} mL at %{x:.1f} months"
        "%{customdata[3]}<extra></extra>",
    }


def _bars(marks: Sequence[LoadMark]) -> dict[str, Any]:
    """Return the intervals as bars; a load without one has none."""
    ends = [(mark.load_ml, mark.interval_ml) for mark in marks]
    return {
        "type": "data",
        "symmetric": False,
        "array": [None if interval is None else interval[1] - load for load, interval in ends],
        "arrayminus": [None if interval is None else load - interval[0] for load, interval in ends],
        "color": style.ACCENT,
        "thickness": 1.2,
        "width": 4,
    }


def _interval_words(mark: LoadMark) -> str:
    if mark.interval_ml is None or mark.interval_level is None:
        return ""
    low, high = mark.interval_ml
    return f"<br>interval {low:.1f} to {high:.1f} mL ({mark.interval_level:.0%} of phantoms)"


def _flags(marks: Sequence[LoadMark]) -> Trace:
    return {
        "type": "scatter",
        "mode": "markers+text",
        "name": "Flagged by the review",
        "x": [mark.age_months for mark in marks],
        "y": [mark.load_ml for mark in marks],
        "text": ["!" for _ in marks],
        "textposition": "top center",
        "textfont": {"color": style.WARNING, "size": 16},
        "customdata": [[mark.url, "<br>".join(mark.flags)] for mark in marks],
        "marker": {
            "symbol": "circle-open", "size": 20, "color": style.WARNING, "line": {"width": 2.5},
        },
        "hovertemplate": "%{customdata[1]}<extra></extra>",
    }  # fmt: skip


def _score_traces(scores: Sequence[ScoreMark], axis: str) -> list[Trace]:
    if not scores:
        return []
    return [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": "GMFC-MLD level",
            "x": [mark.age_months for mark in scores],
            "y": [mark.level for mark in scores],
            "yaxis": axis,
            "customdata": [["", mark.visit_name] for mark in scores],
            "line": {"shape": "hv", "color": style.COLOURS[2], "width": 2},
            "marker": {"symbol": "diamond", "size": 9, "color": style.COLOURS[2]},
            "hovertemplate": "%{customdata[1]}: level %{y}<extra></extra>",
        }
    ]


def _layout(
    title: str,
    loads: Sequence[LoadMark],
    scores: Sequence[ScoreMark],
    treatments: Sequence[TreatmentMark],
    shows_loads: bool,
    is_demonstration: bool,
) -> dict[str, Any]:
    score_axis = style.axis(
        "GMFC-MLD level<br>(6 is worst)", range=[6.4, -0.4], dtick=1, domain=[0, 0.30]
    )
    ages = [mark.age_months for mark in loads] + [mark.age_months for mark in scores]
    # The gap between the two panels is free of data.
    label_y = GAP_Y if shows_loads else 0.96
    shapes, notes = _treatment_lines(treatments, (min(ages) + max(ages)) / 2, label_y)
    subtitle = f"n = {len(loads)} scans" if shows_loads else "motor score only"
    if is_demonstration and shows_loads:
        subtitle += " · demonstration model"
    axes: dict[str, Any] = {
        "xaxis": style.axis("Age, months", anchor="y2" if shows_loads else "y"),
    }
    if shows_loads:
        axes["yaxis"] = style.axis("Demyelination load, mL", rangemode="tozero", domain=[0.40, 1])
        axes["yaxis2"] = score_axis
    else:
        axes["yaxis"] = {**score_axis, "domain": [0, 1]}
        axes["margin"] = {"l": 64, "r": 24, "t": 64, "b": 56}
    return style.layout(
        title=title,
        subtitle=subtitle,
        shapes=shapes,
        annotations=notes,
        height=600 if shows_loads else 300,
        **axes,
    )


def _treatment_lines(
    treatments: Sequence[TreatmentMark], middle_months: float, label_y: float
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    shapes, notes = [], []
    for mark in treatments:
        place = {"x0": mark.age_months, "x1": mark.age_months, "y0": 0, "y1": 1}
        line = {"color": style.FAINT, "width": 1.5, "dash": "dash"}
        shapes.append({"type": "line", "xref": "x", "yref": "paper", "line": line, **place})
        # A label runs towards the middle, so that the edge of the chart does not cut it.
        is_late = mark.age_months > middle_months
        notes.append(
            {
                "x": mark.age_months, "y": label_y, "xref": "x", "yref": "paper",
                "text": mark.label, "showarrow": False, "yanchor": "middle",
                "xanchor": "right" if is_late else "left", "xshift": -5 if is_late else 5,
                "font": {"size": 12, "color": style.FAINT},
            }
        )  # fmt: skip
    return shapes, notes
