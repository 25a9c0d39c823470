"""One patient's course: the load over age, the motor score below on the same axis."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from analytics.figures import style
from analytics.figures.course import ML, LoadMark, Scale, ScoreMark, TreatmentMark

Trace = dict[str, Any]
GAP_Y = 0.345
"""Middle of the gap between the two panels, as a share of the height."""
LINE_PX = 16
"""Height of a further line of the subtitle."""


def trajectory_figure(
    *,
    title: str,
    loads: Sequence[LoadMark],
    scores: Sequence[ScoreMark],
    treatments: Sequence[TreatmentMark] = (),
    shows_loads: bool = True,
    is_demonstration: bool = False,
    scale: Scale = ML,
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
        missing = f"No load in {scale.unit}" if scale.n_absent else "No load"
        return style.empty(title=title, text=f"{missing} and no score yet.")
    traces: list[Trace] = []
    if shows_loads:
        traces += _load_traces(loads, scale)
    traces += _score_traces(scores, "y2" if shows_loads else "y")
    return {
        "data": traces,
        "layout": _layout(
            title, loads, scores, treatments, scale if shows_loads else None, is_demonstration
        ),
    }


def _load_traces(loads: Sequence[LoadMark], scale: Scale) -> list[Trace]:
    if not loads:
        return []
    ages = [mark.age_months for mark in loads]
    values = [mark.value for mark in loads]
    line: Trace = {
        "type": "scatter", "mode": "lines", "x": ages, "y": values, "hoverinfo": "skip",
        "line": {"color": style.ACCENT, "width": 2}, "showlegend": False,
    }  # fmt: skip
    traces = [*_band(loads), line]
    for stratum, symbol in style.SYMBOLS.items():
        marks = [mark for mark in loads if mark.acq_stratum == stratum]
        if marks:
            traces.append(_marks(marks, f"Load, {stratum} T1w", symbol, scale))
    flagged = [mark for mark in loads if mark.flags]
    if flagged:
        name = "Flagged by the review" + ("" if scale.has_tolerance else " of the mL")
        traces.append(_flags(flagged, name))
    return traces


def _band(loads: Sequence[LoadMark]) -> list[Trace]:
    """Return the band within which a change may be noise, around the load before each point."""
    x: list[float | None] = []
    y: list[float | None] = []
    for before, here in pairwise(loads):
        if here.tolerance is None:
            continue
        low = max(0.0, before.value - here.tolerance)
        high = before.value + here.tolerance
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


def _marks(marks: Sequence[LoadMark], name: str, symbol: str, scale: Scale) -> Trace:
    bars = {"error_y": _bars(marks)} if any(mark.interval for mark in marks) else {}
    return {
        **bars,
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": [mark.age_months for mark in marks],
        "y": [mark.value for mark in marks],
        "customdata": [
            [mark.url, mark.visit_name, mark.visit_date, mark.also + _interval_words(mark, scale)]
            for mark in marks
        ],
        "marker": {"symbol": symbol, "size": 10, "color": style.ACCENT, "line": {"width": 2}},
        "hovertemplate": "%{customdata[1]}, %{customdata[2]}<br>"
        f"%{{y:.{scale.decimals}f}} {scale.unit} at %{{x:.1f}} months"
        "%{customdata[3]}<extra></extra>",
    }


def _bars(marks: Sequence[LoadMark]) -> dict[str, Any]:
    """Return the intervals as bars; a load without one has none."""
    ends = [(mark.value, mark.interval) for mark in marks]
    return {
        "type": "data",
        "symmetric": False,
        "array": [None if interval is None else interval[1] - load for load, interval in ends],
        "arrayminus": [None if interval is None else load - interval[0] for load, interval in ends],
        "color": style.ACCENT,
        "thickness": 1.2,
        "width": 4,
    }


def _interval_words(mark: LoadMark, scale: Scale) -> str:
    if mark.interval is None or mark.interval_level is None:
        return ""
    low, high = (f"{end:.{scale.decimals}f}" for end in mark.interval)
    return f"<br>interval {low} to {high} {scale.unit} ({mark.interval_level:.0%} of phantoms)"


def _flags(marks: Sequence[LoadMark], name: str) -> Trace:
    return {
        "type": "scatter",
        "mode": "markers+text",
        "name": name,
        "x": [mark.age_months for mark in marks],
        "y": [mark.value for mark in marks],
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
    scale: Scale | None,
    is_demonstration: bool,
) -> dict[str, Any]:
    shows_loads = scale is not None
    score_axis = style.axis(
        "GMFC-MLD level<br>(6 is worst)", range=[6.4, -0.4], dtick=1, domain=[0, 0.30]
    )
    ages = [mark.age_months for mark in loads] + [mark.age_months for mark in scores]
    # The gap between the two panels is free of data.
    label_y = GAP_Y if shows_loads else 0.96
    shapes, notes = _treatment_lines(treatments, (min(ages) + max(ages)) / 2, label_y)
    subtitle = _subtitle(len(loads), scale, is_demonstration)
    axes: dict[str, Any] = {
        "xaxis": style.axis("Age, months", anchor="y2" if shows_loads else "y"),
    }
    if scale is not None:
        axes["yaxis"] = style.axis(
            f"Demyelination load,{' ' if scale.has_tolerance else '<br>'}{scale.unit}",
            rangemode="tozero",
            domain=[0.40, 1],
        )
        axes["yaxis2"] = score_axis
        if not loads:
            notes = [*notes, _nothing(scale)]
        axes["margin"] = {**style.MARGIN, "t": style.MARGIN["t"] + LINE_PX * (len(subtitle) - 1)}
    else:
        axes["yaxis"] = {**score_axis, "domain": [0, 1]}
        axes["margin"] = {"l": 64, "r": 24, "t": 64, "b": 56}
    return style.layout(
        title=title,
        subtitle="<br>".join(subtitle),
        shapes=shapes,
        annotations=notes,
        height=600 if shows_loads else 300,
        **axes,
    )


def _nothing(scale: Scale) -> dict[str, Any]:
    """Return what stands where the loads would be."""
    text = f"No load in {scale.unit}" if scale.n_absent else "No load yet"
    return {
        "text": text, "x": 0.5, "y": 0.7, "xref": "paper", "yref": "paper",
        "showarrow": False, "font": {"size": 14, "color": style.FAINT},
    }  # fmt: skip


def _subtitle(n: int, scale: Scale | None, is_demonstration: bool) -> list[str]:
    """Return the lines below the title; a phone cuts what is longer than about 40 characters."""
    if scale is None:
        return ["motor score only"]
    model = "demonstration model" if is_demonstration else ""
    counted = f"n = {n} scan{'' if n == 1 else 's'}"
    if scale.has_tolerance:
        return [" · ".join(filter(None, (counted, model)))]
    if scale.n_absent:
        counted += f", {scale.n_absent} more without a volume"
    return [line for line in (counted, "no tolerance band: it is in mL", model) if line]


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
