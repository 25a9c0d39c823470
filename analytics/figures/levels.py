"""The load by level of the GMFC-MLD, as boxes."""

from collections.abc import Sequence
from typing import Any

from analytics.figures import style
from analytics.figures.curves import COLOURS
from analytics.figures.marks import Marks
from analytics.figures.typed import typed

LEVELS = range(7)


def levels_figure(marks: Marks, *, title: str, n_patients: int) -> dict[str, Any]:
    """Return a box of the loads at each level, 3D and 2D side by side, as plotly JSON.

    Quartiles are those of plotly, between the values nearest to them. Scans lie over their box up
    to `LABELLED_UP_TO` of them; below each level stands how many there are.
    """
    if not marks.size:
        return style.empty(title=title, text="No scan has both a load and this score.")
    strata = [s for s in style.SYMBOLS if (marks.stratum == s).any()]
    return {
        "data": [_boxes(marks, stratum) for stratum in strata],
        "layout": style.layout(
            title=title,
            subtitle=style.scans_of_patients(marks.size, n_patients),
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


def _counts(marks: Marks, level: int, strata: Sequence[str]) -> str:
    here = marks.stratum[marks.score == level]
    return "<br>".join(str(int((here == stratum).sum())) for stratum in strata)


def _boxes(marks: Marks, stratum: str) -> dict[str, Any]:
    rows = marks.rows(marks.stratum == stratum)
    trace: dict[str, Any] = {
        "type": "box",
        "name": stratum,
        "x": typed(marks.score[rows]),
        "y": typed(marks.load_ml[rows]),
        "boxpoints": "all" if marks.is_labelled else False,
        "line": {"color": COLOURS[stratum], "width": 1.5},
        "marker": {"symbol": style.SYMBOLS[stratum], "color": COLOURS[stratum], "size": 5},
    }
    if not marks.is_labelled:
        return trace
    return {
        **trace,
        "jitter": 0.5,
        "pointpos": 0,
        "customdata": marks.linked(rows),
        "hovertemplate": "%{customdata[1]}<br>%{y:.1f} mL, level %{x}<extra></extra>",
    }
