"""All patients' curves: the load against the age, each patient a line."""

from math import nan
from typing import Any

import numpy as np

from analytics.figures import style
from analytics.figures.marks import Marks, Rows, begins_of
from analytics.figures.typed import typed

COLOURS = {"3D": style.COLOURS[0], "2D": style.COLOURS[1]}
DASHES = {"3D": "solid", "2D": "dot"}
GAP = nan
"""Stands between two patients, so that no line joins them."""


def curves_figure(marks: Marks, *, title: str, n_patients: int) -> dict[str, Any]:
    """Return the curves as plotly JSON: one trace per stratum with gaps, never one per patient.

    Scans of 3D and of 2D are never joined. Of more than `LABELLED_UP_TO` scans the hover tells the
    numbers, and `meta` whose they are; the gaps are not sent, `charts.js` puts them between the
    scans of two patients.
    """
    if not marks.size:
        return style.empty(title=title, text="No scan has a load.")
    traces = [
        _trace(marks, rows, stratum)
        for stratum in style.SYMBOLS
        if (rows := marks.rows(marks.stratum == stratum)).size
    ]
    return {
        "data": traces,
        "layout": style.layout(
            title=title,
            subtitle=f"{style.scans_of_patients(marks.size, n_patients)}; ● 3D, □ 2D",
            height=500,
            margin={"l": 64, "r": 24, "t": 64, "b": 110},
            showlegend=True,
            xaxis=style.axis("Age (months)", rangemode="tozero"),
            yaxis=style.axis("Demyelination load, mL", rangemode="tozero"),
        ),
    }


def _trace(marks: Marks, rows: Rows, stratum: str) -> dict[str, Any]:
    is_labelled = marks.is_labelled
    trace: dict[str, Any] = {
        "type": "scatter" if is_labelled else "scattergl",
        "mode": "lines+markers",
        "name": stratum,
        "connectgaps": False,
        "line": {"color": COLOURS[stratum], "width": 1, "dash": DASHES[stratum]},
        "marker": {
            "symbol": style.SYMBOLS[stratum],
            "color": COLOURS[stratum],
            "size": 6 if is_labelled else 4,
        },
        "opacity": 0.8 if is_labelled else 0.5,
    }
    # Loads come in the order of their scans, and stand at the ages of their visits.
    subject = marks.subject[rows]
    turn = np.cumsum(np.append(0, subject[1:] != subject[:-1]))
    rows = rows[np.lexsort((marks.score[rows], turn))]
    ages, loads = marks.score[rows], marks.load_ml[rows]
    if not is_labelled:
        return {
            **trace,
            "x": typed(ages),
            "y": typed(loads),
            "meta": {**marks.whose(rows), "apart": True},
            "hovertemplate": "%{y:.1f} mL at %{x:.1f} months<extra></extra>",
        }
    ends = np.append(begins_of(marks.subject[rows])[1:], rows.size)
    linked: list[list[str]] = []
    for row, link in enumerate(marks.linked(rows), 1):
        linked += [link, ["", ""]] if row in ends else [link]
    return {
        **trace,
        "x": typed(np.insert(ages, ends, GAP)),
        "y": typed(np.insert(loads, ends, GAP)),
        "customdata": linked,
        "hovertemplate": "%{customdata[1]}<br>%{y:.1f} mL at %{x:.1f} months<extra></extra>",
    }
