"""The load by level of the GMFC-MLD, as boxes."""

from collections.abc import Sequence
from typing import Any

from analytics.figures import style
from analytics.figures.cohort import LABELLED_UP_TO, CohortMark
from analytics.figures.curves import COLOURS
from analytics.figures.typed import typed

LEVELS = range(7)


def levels_figure(marks: Sequence[CohortMark], *, title: str, n_patients: int) -> dict[str, Any]:
    """Return a box of the loads at each level, 3D and 2D side by side, as plotly JSON.

    Quartiles are those of plotly, between the values nearest to them. Scans lie over their box up
    to `LABELLED_UP_TO` of them; below each level stands how many there are.
    """
    if not marks:
        return style.empty(title=title, text="No scan has both a load and this score.")
    strata = [s for s in style.SYMBOLS if any(mark.acq_stratum == s for mark in marks)]
    is_labelled = len(marks) <= LABELLED_UP_TO
    return {
        "data": [
            _boxes([m for m in marks if m.acq_stratum == s], s, is_labelled=is_labelled)
            for s in strata
        ],
        "layout": style.layout(
            title=title,
            subtitle=f"n = {len(marks)} scans of {n_patients} patients",
            height=500,
            margin={"l": 64, "r": 24, "t": 64, "b": 150},
            boxmode="group",
            showlegend=True,
            xaxis=style.axis(
                f"GMFC-MLD level<br>below it scans, {' over '.join(strata)}",
                tickvals=list(LEVELS),
                ticktext=[f"{level}<br>{_counts(marks, level, strata)}" for level in LEVELS],
                tickangle=0,
                range=[-0.6, 6.6],
            ),
            yaxis=style.axis("Demyelination load, mL", rangemode="tozero"),
        ),
    }


def _counts(marks: Sequence[CohortMark], level: int, strata: Sequence[str]) -> str:
    here = [mark.acq_stratum for mark in marks if mark.score == level]
    return "<br>".join(str(here.count(stratum)) for stratum in strata)


def _boxes(marks: Sequence[CohortMark], stratum: str, *, is_labelled: bool) -> dict[str, Any]:
    trace: dict[str, Any] = {
        "type": "box",
        "name": stratum,
        "x": typed([mark.score for mark in marks]),
        "y": typed([mark.load_ml for mark in marks]),
        "boxpoints": "all" if is_labelled else False,
        "line": {"color": COLOURS[stratum], "width": 1.5},
        "marker": {"symbol": style.SYMBOLS[stratum], "color": COLOURS[stratum], "size": 5},
    }
    if not is_labelled:
        return trace
    return {
        **trace,
        "jitter": 0.5,
        "pointpos": 0,
        "customdata": [[mark.url, mark.label] for mark in marks],
        "hovertemplate": "%{customdata[1]}<br>%{y:.1f} mL, level %{x}<extra></extra>",
    }
