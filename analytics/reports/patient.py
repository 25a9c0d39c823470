"""The paper of one patient's course: what an investigator files or discusses."""

from collections.abc import Sequence
from dataclasses import dataclass

from reportlab.platypus import Flowable, KeepTogether

from analytics.figures.course import Course
from analytics.reports import course as courses
from analytics.reports import sheet
from analytics.reports.sheet import Column, Origin


@dataclass(frozen=True, slots=True)
class VisitLine:
    """A row of the visits, as the page writes it; `findings` are numbers of the list below."""

    name: str
    day: str
    age_months: str
    gmfc: str
    elfc: str
    severity: str
    load: str
    interval: str
    findings: str
    images: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What the review flagged, and what people made of it."""

    number: int
    label: str
    sentence: str
    decision: str


@dataclass(frozen=True, slots=True)
class SetAside:
    """A scan that a person set aside, as the page writes it."""

    visit: str
    said: str
    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class PatientPaper:
    """All that the paper says, in words.

    Attributes
    ----------
    warnings : sequence of str
        What must be known before a number is read; in a frame at the head.
    notes : sequence of str
        How the numbers came about, below the figure.
    waiting : sequence of str
        What the review would flag or take back, and cannot while a visit is frozen or locked.
    shows_severity : bool
        Whether the reader of the paper may see the agreed MRI severity score.
    """

    title: str
    facts: Sequence[tuple[str, str]]
    warnings: Sequence[str]
    course: Course
    notes: Sequence[str]
    visits: Sequence[VisitLine]
    findings: Sequence[Finding]
    waiting: Sequence[str] = ()
    set_aside: Sequence[SetAside] = ()
    shows_severity: bool = True


def patient_pdf(paper: PatientPaper, origin: Origin) -> bytes:
    """Return the paper of one patient as PDF."""
    story: list[Flowable] = [
        sheet.words(paper.title, sheet.TITLE),
        sheet.space(2),
        sheet.facts(paper.facts),
        *(sheet.words(warning, sheet.WARNING) for warning in paper.warnings),
        *sheet.section("Course", *_figure(paper)),
        *sheet.section("Visits", *_visits(paper)),
    ]
    if paper.set_aside:
        story += sheet.section("Scans set aside", *_set_aside(paper))
    if paper.course.shows_loads:
        story += sheet.section("Flags of the review", *_findings(paper))
    return sheet.build(paper.title, story, origin)


def _figure(paper: PatientPaper) -> list[Flowable]:
    drawing = courses.course_drawing(paper.course)
    kind = "load and no score" if paper.course.shows_loads else "score"
    shown = [sheet.words(f"No {kind} yet.")] if drawing is None else [drawing]
    away = courses.treatments_off_the_axis(paper.course)
    if away and drawing is not None:
        named = ", ".join(
            f"{mark.label} ({mark.months:.1f} {paper.course.time.after})" for mark in away
        )
        shown.append(sheet.words(f"Not on this axis: {named}.", sheet.SMALL))
    return [*shown, *(sheet.words(note, sheet.SMALL) for note in paper.notes)]


def _visits(paper: PatientPaper) -> list[Flowable]:
    if not paper.visits:
        return [sheet.words("No visit yet.")]
    shows_loads, shows_severity = paper.course.shows_loads, paper.shows_severity
    columns = [
        Column("Visit", 2.4),
        Column("Date", 1.75),
        Column("Age\nmonths", 1.35, is_number=True),
        Column("GMFC-MLD\n0–6", 1.75, is_number=True),
        Column("ELFC-MLD\nE0–E4", 1.75, is_number=True),
    ]
    if shows_severity:
        columns.append(Column("MRI score\n0–34", 1.6, is_number=True))
    if shows_loads:
        unit = paper.course.scale.unit
        columns += [
            Column(f"Load\n{unit}", 1.25, is_number=True),
            Column(f"Interval\n{unit}", 1.9, is_number=True),
        ]
    columns.append(Column("Images", 1.8))
    if shows_loads:
        columns.append(Column("Flags", 1.0))
    return [sheet.table(columns, [_cells(line, paper) for line in paper.visits])]


def _cells(line: VisitLine, paper: PatientPaper) -> list[str]:
    cells = [line.name, line.day, line.age_months, line.gmfc, line.elfc]
    if paper.shows_severity:
        cells.append(line.severity)
    if not paper.course.shows_loads:
        return [*cells, line.images]
    return [*cells, line.load, line.interval, line.images, line.findings]


def _set_aside(paper: PatientPaper) -> list[Flowable]:
    lead = sheet.words("Each is used for no load, until somebody takes it back.", sheet.SMALL)
    return [
        lead,
        *(_told(f"{one.visit}: {one.said}", one.reason, one.by) for one in paper.set_aside),
    ]


def _findings(paper: PatientPaper) -> list[Flowable]:
    waiting = [sheet.words(one, sheet.SMALL) for one in paper.waiting]
    if not paper.findings:
        return [sheet.words("No flag."), *waiting]
    lead = sheet.words("A flag changes no number; it asks somebody to look.", sheet.SMALL)
    return [lead, *(_finding(one) for one in paper.findings), *waiting]


def _finding(one: Finding) -> Flowable:
    return _told(f"{one.number}. {one.label}:", one.sentence, one.decision)


def _told(head: str, sentence: str, also: str) -> Flowable:
    return KeepTogether(
        [sheet.strong(head, sentence), sheet.words(also, sheet.SMALL), sheet.space(1)]
    )
