"""The regular report of a cohort: its words and numbers, and its paper."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from reportlab.graphics import shapes
from reportlab.platypus import Flowable

from analytics.reports import fonts, plot, sheet
from analytics.reports.plot import Axis, Key, Panel
from analytics.reports.sheet import Column, Origin

WIDTH_PT, ROW_PT, LEFT_PT, RIGHT_PT = 482.0, 18.0, 190.0, 14.0
BELOW_PT = 34.0
NARROWEST, WIDEST = 9, 30
"""Letters that a column has room for at least, and beyond that at most."""
FIGURE_LABEL = (
    "Spearman correlation of the load with each score, with 95 % intervals; the tables below hold "
    "the same numbers, and beside them those within subtypes and within patients."
)


@dataclass(frozen=True, slots=True)
class Correlation:
    """A correlation that is estimable, as the figure shows it."""

    name: str
    stratum: str
    rho: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, a table with its heads, and what is said below it."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str

    @property
    def named_rows(self) -> tuple[tuple[tuple[str, str], ...], ...]:
        """Each row with the head of each cell, which a narrow screen shows beside it."""
        return tuple(tuple(zip(self.heads, row, strict=False)) for row in self.rows)


@dataclass(frozen=True, slots=True)
class CohortReport:
    """All that a report says, in words; kept as it was made."""

    title: str
    facts: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]
    correlations: tuple[Correlation, ...]
    sections: tuple[Section, ...]
    origin: Origin


def as_plain(report: CohortReport) -> dict[str, Any]:
    """Return a report as lists and mappings, as JSON holds it."""
    return asdict(report)


def of_plain(kept: dict[str, Any]) -> CohortReport:
    """Return the report that JSON holds.

    Raises
    ------
    KeyError or TypeError
        If it is not one.
    """
    return CohortReport(
        title=kept["title"],
        facts=tuple((name, value) for name, value in kept["facts"]),
        warnings=tuple(kept["warnings"]),
        correlations=tuple(Correlation(**one) for one in kept["correlations"]),
        sections=tuple(
            Section(
                one["title"],
                tuple(one["heads"]),
                tuple(tuple(row) for row in one["rows"]),
                one["note"],
            )
            for one in kept["sections"]
        ),
        origin=Origin(**kept["origin"]),
    )


def cohort_pdf(report: CohortReport) -> bytes:
    """Return a report as PDF."""
    story: list[Flowable] = [
        sheet.words(report.title, sheet.TITLE),
        sheet.space(2),
        sheet.facts(report.facts),
        *(sheet.words(warning, sheet.WARNING) for warning in report.warnings),
    ]
    figure = correlation_drawing(report.correlations)
    if figure is not None:
        story += sheet.section("The load and the clinical scores, all subtypes together", figure)
    for part in report.sections:
        story += sheet.section(part.title, *_table(part))
    return sheet.build(report.title, story, report.origin)


def _table(part: Section) -> list[Flowable]:
    shown: list[Flowable] = [sheet.words("None.")]
    if part.rows:
        columns = [
            Column(head, _share(head, cells), is_number=index > 0)
            for index, (head, *cells) in enumerate(zip(part.heads, *part.rows, strict=True))
        ]
        shown = [sheet.table(columns, part.rows)]
    return [*shown, sheet.words(part.note, sheet.SMALL)] if part.note else shown


def _share(head: str, cells: Sequence[str]) -> float:
    """Return the share of the width that a column gets: by its longest text, within limits."""
    return float(min(NARROWEST + WIDEST, max(NARROWEST, *map(len, (head, *cells)))))


def correlation_drawing(found: Sequence[Correlation]) -> shapes.Drawing | None:
    """Return correlations with their intervals, a row each; None where there is none."""
    if not found:
        return None
    fonts.register()
    keys = [
        Key(f"{stratum} scans, 95 % interval", shape, plot.ACCENT)
        for stratum, shape in SHAPES.items()
        if any(one.stratum == stratum for one in found)
    ]
    lines = plot.legend_lines(keys, WIDTH_PT - LEFT_PT)
    legend_pt = plot.KEY_LINE_PT * len(lines)
    bottom, height = legend_pt + BELOW_PT, ROW_PT * len(found)
    panel = Panel(
        Axis(-1.0, 1.0, LEFT_PT, WIDTH_PT - LEFT_PT - RIGHT_PT),
        Axis(float(len(found)), 0.0, bottom, height),
    )
    drawn = panel.frame(
        y_values=(),
        y_title="",
        x_values=(-1.0, -0.5, 0.0, 0.5, 1.0),
        x_title="Spearman's ρ with the load",
    )
    zero = panel.x.at(0.0)
    drawn.append(plot.line(zero, bottom, zero, panel.top_pt, dash=(2.0, 2.0)))
    for index, one in enumerate(found):
        drawn += _row(one, panel, panel.y.at(index + 0.5))
    drawn += plot.legend(lines, LEFT_PT, legend_pt)
    return shapes.Drawing(WIDTH_PT, panel.top_pt + 6, *drawn)


SHAPES = {"3D": "circle", "2D": "open square"}


def _row(one: Correlation, panel: Panel, y: float) -> list[shapes.Shape]:
    low, high = panel.x.at(one.low), panel.x.at(one.high)
    ends = [plot.line(x, y - 3, x, y + 3, colour=plot.ACCENT) for x in (low, high)]
    return [
        plot.text(
            LEFT_PT - 8, y - 2.5, f"{one.name}, {one.stratum}", anchor="end", colour=plot.INK
        ),
        plot.line(low, y, high, y, colour=plot.ACCENT, width=1.2),
        *ends,
        plot.mark(SHAPES[one.stratum], panel.x.at(one.rho), y, plot.ACCENT),
    ]
