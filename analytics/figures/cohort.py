"""The cohort: the load against a clinical score, by subtype and acquisition."""

from typing import Any

import numpy as np

from analytics.figures import style
from analytics.figures.marks import Marks, Rows
from analytics.figures.typed import typed


def cohort_figure(marks: Marks, *, title: str, score_label: str, n_patients: int) -> dict[str, Any]:
    """Return a scatter of load against a score as plotly JSON.

    One trace per subtype and stratum, never one per patient; coordinates are typed arrays. Of more
    than `LABELLED_UP_TO` scans the hover tells the numbers, and `meta` whose they are.
    """
    if not marks.size:
        return style.empty(title=title, text="No scan has both a load and this score.")
    present = np.flatnonzero(np.bincount(marks.subtype)).tolist()
    of_stratum = {stratum: marks.stratum == stratum for stratum in style.SYMBOLS}
    traces: list[dict[str, Any]] = []
    for index, subtype in enumerate(present):
        in_legend = True
        for stratum, symbol in style.SYMBOLS.items():
            group = marks.rows((marks.subtype == subtype) & of_stratum[stratum])
            if group.size:
                colour = style.COLOURS[index % len(style.COLOURS)]
                # One entry per subtype; the subtitle says what the symbols mean.
                look = {"symbol": symbol, "color": colour}
                trace = _trace(marks, group, marks.subtypes[subtype], look)
                traces.append({**trace, "showlegend": in_legend})
                in_legend = False
    subtitle = f"{style.scans_of_patients(marks.size, n_patients)}; ● 3D, □ 2D"
    return {
        "data": traces,
        "layout": style.layout(
            title=title,
            subtitle=subtitle,
            height=500,
            margin={"l": 64, "r": 24, "t": 64, "b": 160},
            xaxis=style.axis(score_label, rangemode="tozero"),
            yaxis=style.axis("Demyelination load, mL", rangemode="tozero"),
        ),
    }


def _trace(marks: Marks, group: Rows, name: str, marker: dict[str, Any]) -> dict[str, Any]:
    trace: dict[str, Any] = {
        # Thousands of marks are drawn by the graphics card; plotly draws both kinds alike.
        "type": "scatter" if marks.is_labelled else "scattergl",
        "mode": "markers",
        "name": name,
        "legendgroup": name,
        "x": typed(marks.score[group]),
        "y": typed(marks.load_ml[group]),
    }
    if marks.is_labelled:
        return {
            **trace,
            "marker": {**marker, "size": 9, "opacity": 0.85},
            "cliponaxis": False,
            "customdata": marks.linked(group),
            "hovertemplate": "%{customdata[1]}<br>%{y:.1f} mL, score %{x}<extra></extra>",
        }
    return {
        **trace,
        "marker": {**marker, "size": 5, "opacity": 0.5},
        "meta": marks.whose(group),
        "hovertemplate": "%{y:.1f} mL, score %{x}<extra></extra>",
    }
