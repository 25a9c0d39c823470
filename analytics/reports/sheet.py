"""A4 papers: their letters, tables and foot, the same bytes for the same content."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from reportlab.graphics.shapes import Drawing
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)

from analytics.reports import fonts, plot

MARGIN_PT = 20 * mm
WIDTH_PT = A4[0] - 2 * MARGIN_PT
FOOT_PT = 6.5
ROOM_PT = 80.0
"""What must be left of a page below a heading: a few lines, or the head of a table."""

PLAIN = ParagraphStyle("plain", fontName=fonts.TEXT, fontSize=8.5, leading=12, textColor=plot.INK)
SMALL = ParagraphStyle("small", PLAIN, fontSize=7.2, leading=9.6, textColor=plot.FAINT)
CELL = ParagraphStyle("cell", PLAIN, fontSize=7.6, leading=9.8)
NUMBER = ParagraphStyle("number", CELL, alignment=TA_RIGHT)
HEAD = ParagraphStyle("head", CELL, fontName=fonts.BOLD, fontSize=7.2)
NUMBER_HEAD = ParagraphStyle("number head", HEAD, alignment=TA_RIGHT)
TITLE = ParagraphStyle("title", PLAIN, fontName=fonts.BOLD, fontSize=15, leading=19)
SECTION = ParagraphStyle(
    "section", PLAIN, fontName=fonts.BOLD, fontSize=10.5, leading=14, spaceBefore=12, spaceAfter=4
)
WARNING = ParagraphStyle(
    "warning", PLAIN, borderColor=plot.WARNING, borderWidth=1, borderPadding=5,
    leftIndent=6, rightIndent=6, spaceBefore=9, spaceAfter=9,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a paper comes from, as its foot says on every page.

    Attributes
    ----------
    of : str
        What it is about.
    made_at : str
        Day, time and zone.
    data_version : str
        What the data were when it was made.
    """

    of: str
    made_by: str
    made_at: str
    data_version: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    share : float
        Of the width, beside the shares of the other columns.
    is_number : bool
        Numbers stand to the right.
    """

    title: str
    share: float
    is_number: bool = False


def words(text: str, style: ParagraphStyle = PLAIN) -> Paragraph:
    """Return a paragraph; what people typed is shown as it is, and never read as markup."""
    fonts.register()
    return Paragraph(escape(text).replace("\n", "<br/>"), style)


def strong(lead: str, text: str, style: ParagraphStyle = PLAIN) -> Paragraph:
    """Return a paragraph that begins in bold letters."""
    fonts.register()
    return Paragraph(f"<b>{escape(lead)}</b> {escape(text)}", style)


def section(title: str, *content: Flowable) -> list[Flowable]:
    """Return a part under its heading, which never stands alone at the end of a page.

    Nor does it with a line of words alone before a figure, which no page break divides.
    """
    if not content:
        return []
    room = ROOM_PT
    for lines, one in enumerate(content[:2]):
        if isinstance(one, Drawing):
            room = one.height + lines * PLAIN.leading
            break
    return [CondPageBreak(SECTION.leading + 16 + room), words(title, SECTION), *content]


def facts(pairs: Sequence[tuple[str, str]]) -> Table:
    """Return names and values in two columns."""
    cells = [[words(name, HEAD), words(value, CELL)] for name, value in pairs]
    half = (len(cells) + 1) // 2
    blank = [words("", CELL), words("", CELL)]
    right = cells[half:] + [blank] * (2 * half - len(cells))
    rows = [[*one, *other] for one, other in zip(cells[:half], right, strict=True)]
    shares = (0.17, 0.33, 0.17, 0.33)
    made = Table(rows, colWidths=[WIDTH_PT * share for share in shares], splitInRow=1)
    made.setStyle(TableStyle([*TIGHT, ("VALIGN", (0, 0), (-1, -1), "TOP")]))
    return made


TIGHT: list[tuple[Any, ...]] = [
    ("LEFTPADDING", (0, 0), (-1, -1), 3),
    ("RIGHTPADDING", (0, 0), (-1, -1), 3),
    ("TOPPADDING", (0, 0), (-1, -1), 2),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
]


def table(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> Table:
    """Return a table whose head is repeated on every page that it reaches."""
    heads = [words(one.title, NUMBER_HEAD if one.is_number else HEAD) for one in columns]
    body = [
        [
            words(cell, NUMBER if one.is_number else CELL)
            for one, cell in zip(columns, row, strict=True)
        ]
        for row in rows
    ]
    whole = sum(one.share for one in columns)
    made = Table(
        [heads, *body],
        colWidths=[WIDTH_PT * one.share / whole for one in columns],
        repeatRows=1,
        splitInRow=1,
    )
    rules = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("VALIGN", (0, 0), (-1, 0), "BOTTOM"),
        ("LINEBELOW", (0, 0), (-1, 0), 0.9, plot.INK),
        ("LINEBELOW", (0, 1), (-1, -1), 0.3, plot.GRID),
    ]
    made.setStyle(TableStyle([*TIGHT, *rules]))
    return made


def space(height_mm: float) -> Spacer:
    """Return room between two things."""
    return Spacer(1, height_mm * mm)


def build(title: str, story: Sequence[Flowable | Drawing], origin: Origin) -> bytes:
    """Return a paper as PDF.

    The same content with the same origin gives the same bytes: the date within the file is a
    fixed one, and the foot says the true one.
    """
    fonts.register()
    buffer = BytesIO()
    document = BaseDocTemplate(
        buffer,
        pagesize=A4,
        title=title,
        author=origin.made_by,
        subject=origin.of,
        creator="mldtrial",
        lang="en",
        invariant=1,
        leftMargin=MARGIN_PT,
        rightMargin=MARGIN_PT,
        topMargin=MARGIN_PT,
        bottomMargin=MARGIN_PT,
    )
    frame = Frame(
        MARGIN_PT, MARGIN_PT, WIDTH_PT, A4[1] - 2 * MARGIN_PT,
        leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0,
    )  # fmt: skip
    document.addPageTemplates([PageTemplate(frames=[frame])])
    document.build(list(story), canvasmaker=_canvas_with(origin))
    return buffer.getvalue()


def _canvas_with(origin: Origin) -> type[Canvas]:
    """Return a canvas that knows at its end how many pages there are, and writes every foot."""

    class NumberedCanvas(Canvas):  # type: ignore[misc]
        def __init__(self, *arguments: Any, **more: Any) -> None:
            super().__init__(*arguments, **more)
            self._kept: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802 - the name of reportlab
            self._kept.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for number, page in enumerate(self._kept, start=1):
                self.__dict__.update(page)
                _foot(self, origin, number, len(self._kept))
                super().showPage()
            super().save()

    return NumberedCanvas


def _foot(canvas: Canvas, origin: Origin, number: int, count: int) -> None:
    top = MARGIN_PT - 12
    canvas.saveState()
    canvas.setFont(fonts.TEXT, FOOT_PT)
    canvas.setStrokeColor(plot.GRID)
    canvas.setFillColor(plot.FAINT)
    canvas.line(MARGIN_PT, top + 8, MARGIN_PT + WIDTH_PT, top + 8)
    pages = f"page {number} of {count}"
    room = WIDTH_PT - fonts.width_pt(pages, FOOT_PT) - 12
    canvas.drawRightString(MARGIN_PT + WIDTH_PT, top, pages)
    canvas.drawString(MARGIN_PT, top, fonts.cut(origin.of, FOOT_PT, room))
    made = f"Made {origin.made_at} by {origin.made_by}"
    version = f"; data of {origin.data_version}"
    canvas.drawString(
        MARGIN_PT,
        top - 9,
        fonts.cut(made, FOOT_PT, WIDTH_PT - fonts.width_pt(version, FOOT_PT)) + version,
    )
    canvas.restoreState()
