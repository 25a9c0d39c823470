"""One patient's course: the load over time, the clinical scores below on the same axis."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from analytics.figures import style
from analytics.figures.course import (
    AGE,
    ML,
    NO_REFERENCE,
    FittedLine,
    LoadMark,
    Reference,
    Scale,
    ScoreMark,
    Scores,
    Time,
    TreatmentMark,
    flag_names,
)

Trace = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Panels:
    """Where the panels stand, as shares of the height; None for one that is not there."""

    loads: tuple[float, float] | None
    levels: tuple[float, float] | None
    severity: tuple[float, float] | None
    height: int

    @property
    def label_y(self) -> float:
        """Where the names of treatments stand: below or above the loads, free of data."""
        if self.loads is None:
            return 0.96
        if self.levels is None:
            return (1 + self.loads[1]) / 2
        return (self.loads[0] + self.levels[1]) / 2 - 0.005


LEVELS_ALONE = _Panels(None, (0, 1), None, 340)
LOADS_ALONE = _Panels((0, 0.9), None, None, 600)
TWO = _Panels((0.40, 1), (0, 0.30), None, 600)
THREE = _Panels((0.50, 1), (0.22, 0.42), (0, 0.13), 760)
LINE_PX = 16
"""Height of a further line of the subtitle."""
ROW_PX = 8
"""How far the names of treatments stand above or below their middle."""
LEGEND_LINE_PX, LEGEND_FITS = 20, 4
"""Height of a line of the legend on a phone, and how many the margin has room for."""
LEGEND_LETTERS = 36
"""What a phone shows of a line of the legend."""


def trajectory_figure(
    *,
    title: str,
    loads: Sequence[LoadMark],
    scores: Scores,
    treatments: Sequence[TreatmentMark] = (),
    shows_loads: bool = True,
    is_demonstration: bool = False,
    scale: Scale = ML,
    time: Time = AGE,
    reference: Reference = NO_REFERENCE,
    fitted: FittedLine | None = None,
) -> dict[str, Any]:
    """Return a patient's figure as plotly JSON: data and layout.

    Parameters
    ----------
    loads, scores
        In order of time; what is missing is left out, never zero.
    shows_loads : bool
        False leaves the upper panel out, for roles that may not see loads, and the MRI severity
        score with it.
    reference : Reference
        Drawn behind the loads; left out where these are not shown or not in mL.
    fitted : FittedLine or None
        Drawn behind the loads as well; left out where these are not shown.
    """
    if not shows_loads:
        scores = Scores(scores.gmfc, scores.elfc)
    if not loads and not scores.all:
        missing = f"No load in {scale.unit}" if scale.n_absent else "No load"
        return style.empty(title=title, text=f"{missing} and no score yet.")
    panels = _panels(scores, shows_loads=shows_loads)
    traces = _load_traces(loads, scale, time, fitted) if shows_loads else []
    if loads and shows_loads and scale == ML:
        traces = [*_reference_traces(reference, time), *traces]
    traces += _score_traces(scores, "y2" if shows_loads else "y")
    subtitle = _subtitle(len(loads), scale if shows_loads else None, is_demonstration)
    layout = _layout(title, subtitle, panels, time)
    if shows_loads:
        layout |= _load_axis(scale, panels, len(subtitle))
    # On a phone the legend has a line for each entry, and stands below the axis.
    named = [trace["name"] for trace in traces if "name" in trace]
    lines = len(named) + sum(name.count("<br>") for name in named) - LEGEND_FITS
    if lines > 0:
        below = layout["margin"]["b"] + LEGEND_LINE_PX * lines
        layout["margin"] = {**layout["margin"], "b": below}
        layout["height"] += LEGEND_LINE_PX * lines
    months = [mark.months for mark in loads] + [mark.months for mark in scores.all]
    middle = (min(months) + max(months)) / 2
    layout["shapes"], notes = _treatment_lines(treatments, middle, panels.label_y)
    layout["annotations"] = [*notes, *([] if loads or not shows_loads else [_nothing(scale)])]
    return {"data": traces, "layout": layout}


def _panels(scores: Scores, *, shows_loads: bool) -> _Panels:
    if not shows_loads:
        return LEVELS_ALONE
    if scores.severity:
        return THREE
    # Without any trace a panel is not drawn, and the time axis would stand at the one above it.
    return TWO if scores.all else LOADS_ALONE


def _load_traces(
    loads: Sequence[LoadMark], scale: Scale, time: Time, fitted: FittedLine | None
) -> list[Trace]:
    if not loads:
        return []
    months = [mark.months for mark in loads]
    values = [mark.value for mark in loads]
    line: Trace = {
        "type": "scatter", "mode": "lines", "x": months, "y": values, "hoverinfo": "skip",
        "line": {"color": style.ACCENT, "width": 2}, "showlegend": False,
    }  # fmt: skip
    traces = [*_band(loads), *([] if fitted is None else [_fitted(fitted)]), line]
    for stratum, symbol in style.SYMBOLS.items():
        marks = [mark for mark in loads if mark.acq_stratum == stratum]
        if marks:
            traces.append(_marks(marks, f"Load, {stratum} T1w", symbol, scale, time))
    changed = [mark for mark in loads if mark.change]
    if changed:
        traces.append(_changes(changed))
    for name, waits in zip(flag_names(scale), (True, False), strict=True):
        flagged = [mark for mark in loads if mark.flags and mark.is_to_review == waits]
        if flagged:
            traces.append(_flags(flagged, name, waits=waits))
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
        start, end = before.months, here.months
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


def _fitted(fitted: FittedLine) -> Trace:
    """Return the fitted line; what it says stands in the legend and below the figure."""
    said = f"{fitted.name}: {fitted.rate}"
    if len(said) > LEGEND_LETTERS:
        said = f"{fitted.name}:<br>{fitted.rate}"
    return {
        "type": "scatter", "mode": "lines", "name": said,
        "x": [fitted.start[0], fitted.end[0]], "y": [fitted.start[1], fitted.end[1]],
        "line": {"color": style.INK, "width": 1.3, "dash": "6px,4px"}, "hoverinfo": "skip",
    }  # fmt: skip


def _marks(marks: Sequence[LoadMark], name: str, symbol: str, scale: Scale, time: Time) -> Trace:
    bars = {"error_y": _bars(marks)} if any(mark.interval for mark in marks) else {}
    return {
        **bars,
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": [mark.months for mark in marks],
        "y": [mark.value for mark in marks],
        "customdata": [
            [mark.url, mark.visit_name, mark.visit_date, _more_words(mark, scale)] for mark in marks
        ],
        "marker": {"symbol": symbol, "size": 10, "color": style.ACCENT, "line": {"width": 2}},
        "hovertemplate": "%{customdata[1]}, %{customdata[2]}<br>"
        f"%{{y:.{scale.decimals}f}} {scale.unit} at %{{x:.1f}} {time.after}"
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


def _more_words(mark: LoadMark, scale: Scale) -> str:
    change = f"<br>{mark.change}" if mark.change else ""
    return mark.also + _interval_words(mark, scale) + change


def _interval_words(mark: LoadMark, scale: Scale) -> str:
    if mark.interval is None or mark.interval_level is None:
        return ""
    low, high = (f"{end:.{scale.decimals}f}" for end in mark.interval)
    return f"<br>interval {low} to {high} {scale.unit} ({mark.interval_level:.0%} of phantoms)"


def _changes(marks: Sequence[LoadMark]) -> Trace:
    """Return a frame about each load acquired otherwise than the one before; its mark says how."""
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "Acquired otherwise than before",
        "x": [mark.months for mark in marks],
        "y": [mark.value for mark in marks],
        "marker": {
            "symbol": "diamond-open", "size": 18, "color": style.FAINT, "line": {"width": 1.5},
        },
        "hoverinfo": "skip",
    }  # fmt: skip


def _reference_traces(reference: Reference, time: Time) -> list[Trace]:
    """Return the band and the median of a reference cohort; a gap in its months is left open."""
    runs = reference.runs
    x: list[float | None] = []
    y: list[float | None] = []
    for run in runs:
        there, back = [mark.months for mark in run], [mark.months for mark in reversed(run)]
        x += [*there, *back, there[0], None]
        y += [*(m.low for m in run), *(m.high for m in reversed(run)), run[0].low, None]
    if not runs:
        return []
    gaps = [[*run, None] for run in runs]
    line = [mark for run in gaps for mark in run]
    return [
        {
            "type": "scatter", "mode": "lines", "x": x, "y": y, "fill": "toself",
            "fillcolor": "rgba(102,114,125,0.16)", "line": {"width": 0}, "hoverinfo": "skip",
            "name": reference.name,
        },
        {
            "type": "scatter", "mode": "lines+markers", "showlegend": False,
            "x": [None if mark is None else mark.months for mark in line],
            "y": [None if mark is None else mark.median for mark in line],
            "customdata": [
                ["", *(("",) * 3 if mark is None else (mark.n_patients, mark.low, mark.high))]
                for mark in line
            ],
            "line": {"color": style.FAINT, "width": 1.5, "dash": "dot"},
            "marker": {"size": 4, "color": style.FAINT},
            "hovertemplate": "Reference: median %{y:.0f} mL, middle half "
            "%{customdata[2]:.0f} to %{customdata[3]:.0f}<br>%{customdata[1]} patients at "
            f"%{{x:.0f}} {time.after}<extra></extra>",
        },
    ]  # fmt: skip


def _flags(marks: Sequence[LoadMark], name: str, *, waits: bool) -> Trace:
    """Return a ring about each flagged load; one that waits for a decision calls out."""
    colour = style.WARNING if waits else style.FAINT
    call: Trace = {
        "mode": "markers+text",
        "text": ["!" for _ in marks],
        "textposition": "top center",
        "textfont": {"color": colour, "size": 16},
    }
    return {
        **(call if waits else {"mode": "markers"}),
        "type": "scatter",
        "name": name,
        "x": [mark.months for mark in marks],
        "y": [mark.value for mark in marks],
        "customdata": [[mark.url, "<br>".join(mark.flags)] for mark in marks],
        "marker": {
            "symbol": "circle-open", "size": 20, "color": colour,
            "line": {"width": 2.5 if waits else 1.5},
        },
        "hovertemplate": "%{customdata[1]}<extra></extra>",
    }  # fmt: skip


def _score_traces(scores: Scores, axis: str) -> list[Trace]:
    levels = (
        ("GMFC-MLD level", scores.gmfc, axis, "diamond", style.COLOURS[2], "solid"),
        ("ELFC-MLD level", scores.elfc, axis, "square-open", style.COLOURS[1], "dot"),
        ("MRI severity score", scores.severity, "y3", "triangle-up", style.COLOURS[3], "solid"),
    )
    return [_score_trace(*score) for score in levels if score[1]]


def _score_trace(
    name: str, marks: Sequence[ScoreMark], axis: str, symbol: str, colour: str, dash: str
) -> Trace:
    is_level = axis != "y3"
    said = "level %{y}" if is_level else "%{y} of 34"
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "x": [mark.months for mark in marks],
        "y": [mark.level for mark in marks],
        "yaxis": axis,
        "customdata": [
            ["", ", ".join(filter(None, (mark.visit_name, mark.other_day)))] for mark in marks
        ],
        "line": {
            "shape": "hv" if is_level else "linear", "color": colour, "width": 2, "dash": dash,
        },
        "marker": {"symbol": symbol, "size": 9, "color": colour},
        "hovertemplate": f"%{{customdata[1]}}: {name.removesuffix(' level')} {said}<extra></extra>",
    }  # fmt: skip


def _layout(title: str, subtitle: Sequence[str], panels: _Panels, time: Time) -> dict[str, Any]:
    axes: dict[str, Any] = {}
    lowest = "y" if panels.loads is None or panels.levels is None else "y2"
    if panels.levels is not None:
        axes["yaxis" if panels.loads is None else "yaxis2"] = style.axis(
            "GMFC, ELFC<br>(6 is worst)",
            range=[6.4, -0.4],
            # High is worst, and stands below.
            dtick=2,
            domain=list(panels.levels),
        )
    if panels.severity is not None:
        lowest = "y3"
        axes["yaxis3"] = style.axis(
            "MRI score<br>(34 worst)",
            range=[36, -2],
            tickvals=[0, 17, 34],
            domain=list(panels.severity),
        )
    axes["xaxis"] = style.axis(time.title, anchor=lowest)
    if panels.loads is None:
        # Below the axis two lines of the legend, as on a phone.
        axes["margin"] = {"l": 64, "r": 24, "t": 64, "b": 96}
    return style.layout(title=title, subtitle="<br>".join(subtitle), height=panels.height, **axes)


def _load_axis(scale: Scale, panels: _Panels, subtitle_lines: int) -> dict[str, Any]:
    assert panels.loads is not None  # noqa: S101 - asked where loads are shown
    return {
        "yaxis": style.axis(
            f"Demyelination load,{' ' if scale.has_tolerance else '<br>'}{scale.unit}",
            rangemode="tozero",
            domain=list(panels.loads),
        ),
        "margin": {**style.MARGIN, "t": style.MARGIN["t"] + LINE_PX * (subtitle_lines - 1)},
    }


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
        return ["scores alone"]
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
    # Neighbours stand in two rows: on a phone a name is as wide as the figure.
    rows = (ROW_PX, -ROW_PX) if len(treatments) > 1 else (0,)
    for index, mark in enumerate(sorted(treatments, key=lambda mark: mark.months)):
        place = {"x0": mark.months, "x1": mark.months, "y0": 0, "y1": 1}
        line = {"color": style.FAINT, "width": 1.5, "dash": "dash"}
        shapes.append({"type": "line", "xref": "x", "yref": "paper", "line": line, **place})
        # A label runs towards the middle, so that the edge of the chart does not cut it.
        is_late = mark.months > middle_months
        notes.append(
            {
                "x": mark.months, "y": label_y, "xref": "x", "yref": "paper",
                "text": mark.label, "showarrow": False, "yanchor": "middle",
                "xanchor": "right" if is_late else "left", "xshift": -5 if is_late else 5,
                "yshift": rows[index % len(rows)],
                "font": {"size": 12, "color": style.FAINT},
            }
        )  # fmt: skip
    return shapes, notes
