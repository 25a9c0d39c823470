"""Correlations side by side: a cell for each group and score, its number written in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analytics.figures import style

SCALE = [[0.0, style.COLOURS[0]], [0.5, "#ffffff"], [1.0, style.COLOURS[1]]]
"""Blue below nothing, orange above, white at nothing: told apart by most colour-blind people."""
ROW_HEIGHT, LINE_HEIGHT = 42, 17
BETWEEN = ", "
"""What stands between the parts of a row's name, which has a line for each."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A correlation as a number and as the tables write it, or why there is none.

    Attributes
    ----------
    beside : tuple of str
        What is said with it under the pointer and in the table.
    """

    rho: float | None
    written: str
    n: int
    n_patients: int
    reason: str = ""
    beside: tuple[str, ...] = ()


def heat_map_figure(
    rows: Mapping[str, Sequence[Cell]],
    *,
    columns: Sequence[str],
    title: str,
    measure: str = "load",
    row_noun: str = "group",
) -> dict[str, Any]:
    """Return a heat map as plotly JSON; the scale is always that from -1 to 1.

    Parameters
    ----------
    rows : mapping of str to sequence of Cell
        By name of the group, a cell for each column. A group without any correlation has no row:
        the figure says how many these are, and has their names in its layout's `meta`.
    measure : str
        What is set against the columns, as the label under the pointer calls it.
    row_noun : str
        What a row is, one of them.
    """
    given = list(rows)
    rows = {name: cells for name, cells in rows.items() if any(c.rho is not None for c in cells)}
    if not rows:
        return style.empty(title=title, text="No correlation is estimable.")
    cells = list(rows.values())
    subtitle = _subtitle(len(given) - len(rows), row_noun)
    top = 64 + LINE_HEIGHT * subtitle.count("<br>")
    lines = 1 + max(name.count(BETWEEN) for name in rows)
    row_height = max(ROW_HEIGHT, LINE_HEIGHT * lines)
    return {
        "data": [
            {
                "type": "heatmap",
                "x": list(columns),
                "y": list(rows),
                "z": [[cell.rho for cell in row] for row in cells],
                "text": [[_text(cell) for cell in row] for row in cells],
                "customdata": [[_words(cell) for cell in row] for row in cells],
                "texttemplate": "%{text}",
                "hovertemplate": f"%{{y}}: {measure} and %{{x}}<br>%{{customdata}}<extra></extra>",
                "hoverongaps": True,
                "colorscale": SCALE,
                "zmin": -1,
                "zmax": 1,
                "xgap": 2,
                "ygap": 2,
                # The colour bar would need an inline style, which the content policy refuses;
                # the number stands in each cell.
                "showscale": False,
            }
        ],
        "layout": style.layout(
            title=title,
            subtitle=subtitle,
            meta={"left_out": [name for name in given if name not in rows]},
            plot_bgcolor=style.GRID,
            height=86 + top + row_height * len(rows),
            margin={"l": 24, "r": 24, "t": top, "b": 24},
            xaxis=_axis(columns, " ", tickangle=0),
            yaxis=_axis(list(rows), BETWEEN, autorange="reversed"),
        ),
    }


def _axis(names: Sequence[str], between: str, **changes: Any) -> dict[str, Any]:
    """Return an axis of names in several lines, so that they fit a narrow screen."""
    return style.axis(
        "",
        type="category",
        automargin=True,
        showgrid=False,
        tickvals=list(names),
        ticktext=[name.replace(between, "<br>") for name in names],
        tickfont={"size": 12},
        **changes,
    )


def _subtitle(left_out: int, noun: str) -> str:
    if not left_out:
        return "grey: not estimable"
    rows = f"1 {noun} is" if left_out == 1 else f"{left_out} {noun}s are"
    # A phone cuts what is longer than about 40 characters.
    return f"grey: not estimable<br>{rows} left out, without any ρ"


def _text(cell: Cell) -> str:
    return "" if cell.rho is None else f"{cell.written}<br>n = {cell.n}"


def _words(cell: Cell) -> str:
    if cell.rho is None:
        return f"not estimable: {cell.reason}"
    scans, patients = style.counted(cell.n, "scan"), style.counted(cell.n_patients, "patient")
    return ", ".join([f"ρ {cell.written}", *cell.beside, f"{scans} of {patients}"])
