"""The paper of the agreement of two methods: the table of the reference study, and figures."""

from collections.abc import Sequence
from dataclasses import dataclass

from reportlab.graphics import shapes
from reportlab.platypus import Flowable

from analytics.figures.agreement import Line, PairMark
from analytics.reports import fonts, plot, sheet
from analytics.reports.agreement_overlaps import OverlapPanel, overlap_drawing
from analytics.reports.plot import Axis, Panel
from analytics.reports.sheet import Column, Origin

WIDTH_PT, HEIGHT_PT = 482.0, 210.0
LEFT_PT, RIGHT_PT, BOTTOM_PT, TOP_PT = 56.0, 106.0, 34.0, 8.0
DASHES = (4.0, 3.0)
LABEL_GAP_PT = 9.0


@dataclass(frozen=True, slots=True)
class StratumPart:
    """What the paper says of one stratum, in words; `rows` of tables as the page writes them.

    Attributes
    ----------
    about : str
        How many scans of how many patients.
    marks, lines
        Of the Bland-Altman figure.
    overlaps
        Of the figures of the masks.
    after : str
        What is said below the outliers.
    """

    title: str
    about: str
    marks: Sequence[PairMark]
    lines: Sequence[Line]
    loads: Sequence[tuple[str, str]]
    bands: Sequence[Sequence[str]]
    bands_note: str
    overlaps: Sequence[OverlapPanel]
    outliers: Sequence[Sequence[str]]
    after: str


@dataclass(frozen=True, slots=True)
class OverviewPart:
    """Every method of the study beside the reference, in words.

    Attributes
    ----------
    rows
        The method with its stratum, then a cell for each head; one cell alone that says why there
        is none.
    """

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str]


@dataclass(frozen=True, slots=True)
class AgreementPaper:
    """All that the paper says, in words.

    Attributes
    ----------
    overview : OverviewPart or None
        None where the study has no more than two methods.
    methods : tuple of str
        The method that counts and the other one; the heads of the columns of outliers.
    """

    title: str
    facts: Sequence[tuple[str, str]]
    warnings: Sequence[str]
    methods: tuple[str, str]
    table: Sequence[Sequence[str]]
    note: str
    strata: Sequence[StratumPart]
    overview: OverviewPart | None = None


def agreement_pdf(paper: AgreementPaper, origin: Origin) -> bytes:
    """Return the paper of the agreement of two methods as PDF."""
    story: list[Flowable] = [
        sheet.words(paper.title, sheet.TITLE),
        sheet.space(2),
        sheet.facts(paper.facts),
        *(sheet.words(warning, sheet.WARNING) for warning in paper.warnings),
    ]
    if paper.overview is not None:
        story += sheet.section(paper.overview.title, *_overview(paper.overview))
    if paper.table:
        columns = [
            Column("Quantity", 3.0),
            Column("3D\npublished", 1.1, is_number=True),
            Column("3D\nhere", 2.4, is_number=True),
            Column("2D\npublished", 1.1, is_number=True),
            Column("2D\nhere", 2.4, is_number=True),
        ]
        shown = sheet.table(columns, paper.table)
        note = sheet.words(paper.note, sheet.SMALL)
        story += sheet.section("Beside the reference study", shown, note)
    for part in paper.strata:
        story += sheet.section(part.title, *_stratum(part, paper.methods))
    return sheet.build(paper.title, story, origin)


def _overview(part: OverviewPart) -> list[Flowable]:
    columns = [Column("Method", 1.5), *(Column(one, 1.4, is_number=True) for one in part.heads)]
    rows = [[*row, *[""] * (len(columns) - len(row))] for row in part.rows]
    return [sheet.table(columns, rows), *(sheet.words(one, sheet.SMALL) for one in part.notes)]


def _stratum(part: StratumPart, methods: tuple[str, str]) -> list[Flowable]:
    if not part.marks:
        return [sheet.words("No scan has a load by both methods.")]
    caption = (
        "Difference against the mean of both methods; shaded: 95 % intervals of bias and limits. "
        "Repeated scans of a patient are accounted for."
    )
    shown: list[Flowable] = [
        sheet.words(part.about),
        bland_altman_drawing(part.marks, part.lines),
        sheet.words(caption, sheet.SMALL),
        sheet.space(2),
        sheet.table(
            [Column("Loads", 2), Column("Estimate (95 % interval)", 3, is_number=True)],
            part.loads,
        ),
    ]
    if part.bands:
        heads = ("Number", "Load, mL", "Dice", "Hausdorff 95 %, mm", "Surface Dice")
        columns = [Column("Masks by load", 1.6), *(Column(one, 1.6, True) for one in heads)]
        shown += [sheet.space(2), sheet.table(columns, part.bands)]
        shown.append(sheet.words(part.bands_note, sheet.SMALL))
        shown += [sheet.space(2), overlap_drawing(part.overlaps)]
    if part.outliers:
        numbers = (*(f"{method}, mL" for method in methods), "Difference, mL", "Dice")
        columns = [Column("Beyond the limits", 1.5), Column("Visit", 2.2)]
        columns += [Column(one, 1.4, is_number=True) for one in numbers]
        shown += [sheet.space(2), sheet.table(columns, part.outliers)]
    if part.after:
        shown.append(sheet.words(part.after, sheet.SMALL))
    return shown


def bland_altman_drawing(marks: Sequence[PairMark], lines: Sequence[Line]) -> shapes.Drawing:
    """Return differences against means, 482 points wide, with bias and limits where estimable.

    Raises
    ------
    ValueError
        If there is no mark.
    """
    if not marks:
        raise ValueError("A Bland-Altman figure needs a scan with both loads.")
    fonts.register()
    panel = _panel(marks, lines)
    drawn: list[shapes.Shape] = [_interval(panel, one) for one in lines]
    drawn += panel.frame(
        y_values=plot.ticks(panel.y.low, panel.y.high),
        y_title="Difference, mL",
        x_values=plot.ticks(panel.x.low, panel.x.high, 8),
        x_title="Mean of both loads, mL",
    )
    for one in lines:
        y = panel.y.at(one.value)
        dash = None if one.name == "Bias" else DASHES
        left, right = panel.x.start_pt, panel.right_pt
        drawn.append(plot.line(left, y, right, y, colour=plot.INK, width=1.0, dash=dash))
    for mark in marks:
        x, y = panel.place(mark.mean_ml, mark.difference_ml)
        drawn.append(plot.mark("open circle", x, y, plot.ACCENT, 2.6))
    drawn += _names(panel, lines)
    return shapes.Drawing(WIDTH_PT, HEIGHT_PT, *drawn)


def _panel(marks: Sequence[PairMark], lines: Sequence[Line]) -> Panel:
    differences = [mark.difference_ml for mark in marks]
    ends = [end for one in lines for end in (one.low, one.high)]
    low, high = min([*differences, *ends, 0.0]), max([*differences, *ends, 0.0])
    margin = (high - low) * 0.06 or 1.0
    highest = max(mark.mean_ml for mark in marks) * 1.05 or 1.0
    return Panel(
        Axis(0.0, highest, LEFT_PT, WIDTH_PT - LEFT_PT - RIGHT_PT),
        Axis(low - margin, high + margin, BOTTOM_PT, HEIGHT_PT - BOTTOM_PT - TOP_PT),
    )


def _interval(panel: Panel, one: Line) -> shapes.Shape:
    low, high = panel.y.at(one.low), panel.y.at(one.high)
    return shapes.Rect(
        panel.x.start_pt, low, panel.x.length_pt, high - low,
        fillColor=plot.BAND, strokeColor=None, fillOpacity=0.6,
    )  # fmt: skip


def _names(panel: Panel, lines: Sequence[Line]) -> list[shapes.Shape]:
    """Return what the lines are, beside them, one above another where they lie close."""
    drawn: list[shapes.Shape] = []
    free = float("-inf")
    for one in sorted(lines, key=lambda line: line.value):
        free = max(panel.y.at(one.value) - 2.5, free)
        words = f"{one.name} {one.told} mL"
        drawn.append(plot.text(panel.right_pt + 5, free, words, colour=plot.INK))
        free += LABEL_GAP_PT
    return drawn
