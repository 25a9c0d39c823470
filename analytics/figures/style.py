"""The look of every figure: quiet, printable, told apart without colour."""

from typing import Any

INK, FAINT, GRID = "#22303c", "#66727d", "#e6eaee"
ACCENT = "#0b5c8c"
WARNING = "#b4530a"
# Okabe and Ito's palette, which most colour-blind people tell apart.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
SYMBOLS = {"3D": "circle", "2D": "square-open"}
MARGIN = {"l": 64, "r": 24, "t": 64, "b": 136}
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"


def layout(*, title: str, subtitle: str = "", **changes: Any) -> dict[str, Any]:
    """Return the layout that figures share, with a title and what is special to one.

    A subtitle is a field of its own: a ``<sub>`` inside the title would need an inline style,
    which the content policy of the pages refuses.
    """
    heading: dict[str, Any] = {"text": title, "x": 0, "xref": "paper", "font": {"size": 16}}
    if "<br>" in subtitle:
        # In the middle of the margin, which is the default, the last line would reach the data.
        heading |= {"y": 1, "yref": "container", "yanchor": "top", "pad": {"t": 12}}
    if subtitle:
        heading["subtitle"] = {"text": subtitle, "font": {"size": 12, "color": FAINT}}
    shared: dict[str, Any] = {
        "title": heading,
        "font": {"family": FONT, "size": 13, "color": INK},
        "paper_bgcolor": "#ffffff",
        "plot_bgcolor": "#ffffff",
        "colorway": list(COLOURS),
        "hovermode": "closest",
        "margin": MARGIN,
        "legend": {
            "orientation": "h",
            "x": 0,
            "y": 0,
            "yref": "container",
            "yanchor": "bottom",
            "font": {"size": 12},
        },
    }
    return {**shared, **changes}


def counted(n: int, noun: str) -> str:
    """Return how many there are, in the right number."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def scans_of_patients(n_scans: int, n_patients: int) -> str:
    """Return what a figure of scans rests on."""
    return f"n = {counted(n_scans, 'scan')} of {counted(n_patients, 'patient')}"


def axis(title: str, **changes: Any) -> dict[str, Any]:
    """Return an axis with its title and unit."""
    shared: dict[str, Any] = {
        "title": {"text": title, "standoff": 8},
        "gridcolor": GRID,
        "zeroline": False,
        "linecolor": FAINT,
        "ticks": "outside",
        "tickcolor": FAINT,
    }
    return {**shared, **changes}


def empty(*, title: str, text: str) -> dict[str, Any]:
    """Return a figure that says why there is nothing to show."""
    note = {
        "text": text, "showarrow": False, "xref": "paper", "yref": "paper", "x": 0.5, "y": 0.5,
        "font": {"size": 14, "color": FAINT},
    }  # fmt: skip
    hidden = {"visible": False}
    return {
        "data": [],
        "layout": layout(title=title, annotations=[note], xaxis=hidden, yaxis=hidden),
    }
