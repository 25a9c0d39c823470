"""How far a study has come, as charts."""

from collections.abc import Mapping, Sequence
from typing import Any

from analytics.figures import style


def accrual_figure(
    months: Sequence[str],
    by_site: Mapping[str, Sequence[int]],
    *,
    target: tuple[str, int] | None,
) -> dict[str, Any]:
    """Return the enrolled patients over the months, by site and in all.

    Parameters
    ----------
    months : sequence of str
        First days of the months, ISO 8601.
    by_site : mapping of str to sequence of int
        Site code to the patients enrolled by the end of each month.
    target : tuple of (str, int), optional
        The day by which how many patients are wanted.
    """
    title = "Enrolled patients"
    if not months:
        return style.empty(title=title, text="No patient is enrolled yet.")
    total = [sum(counts) for counts in zip(*by_site.values(), strict=True)]
    traces: list[dict[str, Any]] = [
        _line(f"Site {code}", months, counts, width=2) for code, counts in by_site.items()
    ]
    if len(by_site) > 1:
        traces.append(_line("All sites", months, total, width=3, colour=style.INK))
    if target is not None:
        day, wanted = target
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": "Target",
                "x": [day],
                "y": [wanted],
                "marker": {"symbol": "diamond-open", "size": 12, "color": style.WARNING},
                "hovertemplate": "%{y} wanted by %{x}<extra></extra>",
            }
        )
    return {
        "data": traces,
        "layout": style.layout(
            title=title,
            subtitle=f"n = {total[-1]} patients",
            height=420,
            xaxis=style.axis("Month", type="date"),
            yaxis=style.axis("Patients", rangemode="tozero"),
        ),
    }


def _line(
    name: str, months: Sequence[str], counts: Sequence[int], *, width: int, colour: str = ""
) -> dict[str, Any]:
    line: dict[str, Any] = {"shape": "hv", "width": width}
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "x": list(months),
        "y": list(counts),
        "line": {**line, "color": colour} if colour else line,
        "hovertemplate": "%{y} by %{x|%b %Y}<extra>" + name + "</extra>",
    }


def bars_figure(
    labels: Sequence[str],
    groups: Mapping[str, Sequence[int]],
    *,
    title: str,
    label_axis: str,
    count_axis: str,
    nothing: str,
    withheld: str = "",
) -> dict[str, Any]:
    """Return stacked bars, one per label, with the total in the subtitle.

    Parameters
    ----------
    nothing : str
        What is said where there is nothing to count.
    withheld : str
        Why something that was counted is not drawn; empty where all of it is.
    """
    total = sum(sum(counts) for counts in groups.values())
    if not total:
        text = f"Nothing can be drawn: {withheld}." if withheld else nothing
        return style.empty(title=title, text=text)
    patterns = ("", "/", "x", ".", "-")
    traces = [
        {
            "type": "bar",
            "name": name,
            "x": list(labels),
            "y": list(counts),
            "marker": {"pattern": {"shape": patterns[index % len(patterns)]}},
            "hovertemplate": "%{y} in %{x}<extra>" + name + "</extra>",
        }
        for index, (name, counts) in enumerate(groups.items())
    ]
    layout = style.layout(
        title=title,
        subtitle=_number(total, count_axis.lower(), withheld),
        height=420,
        barmode="stack",
        xaxis=style.axis(
            label_axis,
            type="category",
            tickvals=list(labels),
            ticktext=[_in_two_lines(label) for label in labels],
            tickangle=0,
            tickfont={"size": 11},
        ),
        yaxis=style.axis(count_axis, rangemode="tozero"),
    )
    # Stacked bars would otherwise be named from the top down.
    layout["legend"] = {**layout["legend"], "traceorder": "normal"}
    return {"data": traces, "layout": layout}


def _in_two_lines(label: str) -> str:
    """Return a label broken at the space nearest its middle, so that it fits a narrow screen."""
    spaces = [place for place, letter in enumerate(label) if letter == " "]
    if not spaces:
        return label
    middle = min(spaces, key=lambda place: abs(2 * place + 1 - len(label)))
    return f"{label[:middle]}<br>{label[middle + 1 :]}"


def _number(total: int, of_what: str, withheld: str) -> str:
    return f"n = {total} {of_what} shown; {withheld}" if withheld else f"n = {total} {of_what}"
