"""All patients' curves: the load against the age, each patient a line."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from math import nan
from typing import Any

from analytics.figures import style
from analytics.figures.cohort import LABELLED_UP_TO
from analytics.figures.typed import typed

COLOURS = {"3D": style.COLOURS[0], "2D": style.COLOURS[1]}
DASHES = {"3D": "solid", "2D": "dot"}
GAP = nan
"""Stands between two patients, so that no line joins them."""


@dataclass(frozen=True, slots=True)
class CurveMark:
    """One scan of a curve; marks of a patient follow each other by age."""

    subject_code: str
    age_months: float
    load_ml: float
    acq_stratum: str
    label: str = ""
    url: str = ""


def curves_figure(marks: Sequence[CurveMark], *, title: str, n_patients: int) -> dict[str, Any]:
    """Return the curves as plotly JSON: one trace per stratum with gaps, never one per patient.

    Scans of 3D and of 2D are never joined. Of more than `LABELLED_UP_TO` scans the hover tells the
    numbers, and `meta` whose they are: the codes in order, and how many places each takes, its gap
    among them.
    """
    if not marks:
        return style.empty(title=title, text="No scan has a load.")
    is_labelled = len(marks) <= LABELLED_UP_TO
    traces = [
        _trace(of_stratum, stratum, is_labelled=is_labelled)
        for stratum in style.SYMBOLS
        if (of_stratum := [mark for mark in marks if mark.acq_stratum == stratum])
    ]
    return {
        "data": traces,
        "layout": style.layout(
            title=title,
            subtitle=f"n = {len(marks)} scans of {n_patients} patients; ● 3D, □ 2D, never joined",
            height=500,
            margin={"l": 64, "r": 24, "t": 64, "b": 110},
            showlegend=True,
            xaxis=style.axis("Age (months)", rangemode="tozero"),
            yaxis=style.axis("Demyelination load, mL", rangemode="tozero"),
        ),
    }


def _trace(marks: Sequence[CurveMark], stratum: str, *, is_labelled: bool) -> dict[str, Any]:
    curves = [(code, list(own)) for code, own in groupby(marks, lambda mark: mark.subject_code)]
    trace: dict[str, Any] = {
        "type": "scatter" if is_labelled else "scattergl",
        "mode": "lines+markers",
        "name": stratum,
        "x": typed([x for _, own in curves for x in (*(m.age_months for m in own), GAP)]),
        "y": typed([y for _, own in curves for y in (*(m.load_ml for m in own), GAP)]),
        "connectgaps": False,
        "line": {"color": COLOURS[stratum], "width": 1, "dash": DASHES[stratum]},
        "marker": {
            "symbol": style.SYMBOLS[stratum],
            "color": COLOURS[stratum],
            "size": 6 if is_labelled else 4,
        },
        "opacity": 0.8 if is_labelled else 0.5,
    }
    if is_labelled:
        labels = [
            label
            for _, own in curves
            for label in (*([mark.url, mark.label] for mark in own), ["", ""])
        ]
        hover = "%{customdata[1]}<br>%{y:.1f} mL at %{x:.1f} months<extra></extra>"
        return {**trace, "customdata": labels, "hovertemplate": hover}
    return {
        **trace,
        "meta": {
            "subjects": "\n".join(code for code, _ in curves),
            "marks": [len(own) + 1 for _, own in curves],
        },
        "hovertemplate": "%{y:.1f} mL at %{x:.1f} months<extra></extra>",
    }
