"""The cohort: the load against a clinical score, by subtype and acquisition."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from analytics.figures import style


@dataclass(frozen=True, slots=True)
class CohortMark:
    """One scan with its score."""

    load_ml: float
    score: float
    acq_stratum: str
    subtype: str
    label: str
    url: str = ""


def cohort_figure(
    marks: Sequence[CohortMark], *, title: str, score_label: str, n_patients: int
) -> dict[str, Any]:
    """Return a scatter of load against a score as plotly JSON.

    One trace per subtype and stratum, never one per patient; coordinates are typed arrays.
    """
    if not marks:
        return style.empty(title=title, text="No scan has both a load and this score.")
    subtypes = sorted({mark.subtype for mark in marks})
    traces: list[dict[str, Any]] = []
    for index, subtype in enumerate(subtypes):
        in_legend = True
        for stratum, symbol in style.SYMBOLS.items():
            group = [m for m in marks if m.subtype == subtype and m.acq_stratum == stratum]
            if group:
                colour = style.COLOURS[index % len(style.COLOURS)]
                # One entry per subtype; the subtitle says what the symbols mean.
                traces.append({**_trace(group, subtype, colour, symbol), "showlegend": in_legend})
                in_legend = False
    subtitle = f"n = {len(marks)} scans of {n_patients} patients; ● 3D, □ 2D"
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


def _trace(group: Sequence[CohortMark], name: str, colour: str, symbol: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "cliponaxis": False,
        "name": name,
        "legendgroup": name,
        "x": _typed([mark.score for mark in group]),
        "y": _typed([mark.load_ml for mark in group]),
        "customdata": [[mark.url, mark.label] for mark in group],
        "marker": {"symbol": symbol, "size": 9, "color": colour, "opacity": 0.85},
        "hovertemplate": "%{customdata[1]}<br>%{y:.1f} mL, score %{x}<extra></extra>",
    }


def _typed(values: Sequence[float]) -> dict[str, str]:
    """Return an array as plotly's typed form, four bytes a value."""
    data = np.asarray(values, dtype="<f4").tobytes()
    return {"dtype": "f4", "bdata": base64.b64encode(data).decode()}
