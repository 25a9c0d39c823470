"""The cohort: the load against a clinical score, by subtype and acquisition."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from analytics.figures import style
from analytics.figures.typed import typed

LABELLED_UP_TO = 1500
"""Scans whose labels a chart carries; above, they would outweigh the numbers five times."""


@dataclass(frozen=True, slots=True)
class CohortMark:
    """One scan with its score.

    Attributes
    ----------
    subject_code : str
        Of the patient, beside the label that says more; marks of a patient follow each other.
    """

    load_ml: float
    score: float
    acq_stratum: str
    subtype: str
    label: str = ""
    url: str = ""
    subject_code: str = ""


def cohort_figure(
    marks: Sequence[CohortMark], *, title: str, score_label: str, n_patients: int
) -> dict[str, Any]:
    """Return a scatter of load against a score as plotly JSON.

    One trace per subtype and stratum, never one per patient; coordinates are typed arrays. Of more
    than `LABELLED_UP_TO` scans the hover tells the numbers, and `meta` whose they are: the codes of
    the patients in order, and how many marks each has.
    """
    if not marks:
        return style.empty(title=title, text="No scan has both a load and this score.")
    is_labelled = len(marks) <= LABELLED_UP_TO
    subtypes = sorted({mark.subtype for mark in marks})
    traces: list[dict[str, Any]] = []
    for index, subtype in enumerate(subtypes):
        in_legend = True
        for stratum, symbol in style.SYMBOLS.items():
            group = [m for m in marks if m.subtype == subtype and m.acq_stratum == stratum]
            if group:
                colour = style.COLOURS[index % len(style.COLOURS)]
                # One entry per subtype; the subtitle says what the symbols mean.
                trace = _trace(group, subtype, colour, symbol, is_labelled=is_labelled)
                traces.append({**trace, "showlegend": in_legend})
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


def _trace(
    group: Sequence[CohortMark], name: str, colour: str, symbol: str, *, is_labelled: bool
) -> dict[str, Any]:
    marker = {"symbol": symbol, "color": colour}
    trace: dict[str, Any] = {
        # Thousands of marks are drawn by the graphics card; plotly draws both kinds alike.
        "type": "scatter" if is_labelled else "scattergl",
        "mode": "markers",
        "name": name,
        "legendgroup": name,
        "x": typed([mark.score for mark in group]),
        "y": typed([mark.load_ml for mark in group]),
        "marker": {**marker, "size": 9, "opacity": 0.85},
    }
    if is_labelled:
        return {
            **trace,
            "cliponaxis": False,
            "customdata": [[mark.url, mark.label] for mark in group],
            "hovertemplate": "%{customdata[1]}<br>%{y:.1f} mL, score %{x}<extra></extra>",
        }
    runs = [(code, len(list(marks))) for code, marks in groupby(group, lambda m: m.subject_code)]
    return {
        **trace,
        "marker": {**marker, "size": 5, "opacity": 0.5},
        "meta": {
            "subjects": "\n".join(code for code, _ in runs),
            "marks": [count for _, count in runs],
        },
        "hovertemplate": "%{y:.1f} mL, score %{x}<extra></extra>",
    }
