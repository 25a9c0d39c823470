"""Means by planned visit with their intervals, groups side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from analytics.figures import style
from analytics.figures.typed import typed

APART = 0.12
"""By how much the marks of two groups stand apart, of the distance of two visits."""
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x")


@dataclass(frozen=True, slots=True)
class MeanMark:
    """The mean of a group at a visit, told by its number, with its interval."""

    group: str
    number: float
    visit: str
    n: int
    mean: float
    low: float
    high: float


def means_figure(
    marks: Sequence[MeanMark], *, title: str, baseline: str, subtitle: str
) -> dict[str, Any]:
    """Return the changes since a baseline as plotly JSON, which begin at 0 there.

    Below each visit stands how many values each group has, in the order of the legend.
    """
    if not marks:
        return style.empty(title=title, text="No mean can be estimated;<br>the table says why.")
    # Two visits may have one name.
    visits = dict(sorted({mark.number: mark.visit for mark in marks}.items()))
    groups = list(dict.fromkeys(mark.group for mark in marks))
    names = _of_one_height([baseline, *visits.values()])
    ticks = [names[0]]
    for name, number in zip(names[1:], visits, strict=True):
        ticks.append("<br>".join([name, *_counts(marks, number, groups)]))
    return {
        "data": [_trace(marks, group, place, list(visits)) for place, group in enumerate(groups)],
        "layout": style.layout(
            title=title,
            subtitle=subtitle,
            height=420 + 42 * len(groups),
            margin={"l": 64, "r": 24, "t": 64, "b": 124 + 42 * len(groups)},
            showlegend=True,
            xaxis=style.axis(
                "Planned visit<br>below it values, as in the legend",
                tickvals=list(range(len(ticks))),
                ticktext=ticks,
                tickangle=0,
                tickfont={"size": 11},
                range=[-0.3, len(visits) + 0.5],
            ),
            yaxis=style.axis("Change of the load, mL", zeroline=True, zerolinecolor=style.FAINT),
        ),
    }


def _of_one_height(names: Sequence[str]) -> list[str]:
    """Return names broken at spaces, for a narrow screen, each with as many lines as the longest.

    What stands below them is then in a line of its own across the visits.
    """
    broken = [name.split(" ") for name in names]
    most = max(map(len, broken))
    return ["<br>".join([*lines, *[" "] * (most - len(lines))]) for lines in broken]


def _counts(marks: Sequence[MeanMark], number: float, groups: Sequence[str]) -> list[str]:
    counts = {mark.group: mark.n for mark in marks if mark.number == number}
    return [f"n {counts.get(group, 0)}" for group in groups]


def _trace(
    marks: Sequence[MeanMark], group: str, place: int, visits: Sequence[float]
) -> dict[str, Any]:
    own = [mark for mark in marks if mark.group == group]
    colour = style.COLOURS[place % len(style.COLOURS)]
    x = [0.0, *(1.0 + visits.index(mark.number) + APART * place for mark in own)]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": group,
        "x": typed(x),
        "y": typed([0.0, *(mark.mean for mark in own)]),
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [0.0, *(mark.high - mark.mean for mark in own)],
            "arrayminus": [0.0, *(mark.mean - mark.low for mark in own)],
            "thickness": 1.5,
            "width": 4,
        },
        "line": {"color": colour, "width": 1.5},
        "marker": {"symbol": SYMBOLS[place % len(SYMBOLS)], "size": 8, "color": colour},
        "hovertemplate": f"{group}<br>%{{y:.1f}} mL<extra></extra>",
    }
