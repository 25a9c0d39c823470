"""The printed course of one patient: what the figure of the page shows, on paper."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from reportlab.graphics import shapes
from reportlab.lib.colors import Color

from analytics.figures.course import Course, LoadMark, ScoreMark, TreatmentMark, flag_names
from analytics.reports import fonts, plot, reference
from analytics.reports.plot import Axis, Key, Panel
from analytics.stats.reference_bands import BandPoint

WIDTH_PT = 482.0
LEFT_PT, RIGHT_PT = 56.0, 12.0
LOADS_PT, LEVELS_PT, SEVERITY_PT, LEVELS_ALONE_PT = 190.0, 84.0, 56.0, 134.0
GAP_PT, BELOW_PT, ROW_PT = 14.0, 34.0, 10.0
DOTS, DASHES, FITTED_DASHES = (1.5, 2.0), (4.0, 3.0), (4.5, 3.0)
LOAD_SHAPES = {"3D": "circle", "2D": "open square"}
MARGIN_OF_ONE_MONTHS = 6.0

Shapes = list[shapes.Shape]
Bands = Sequence[Sequence[BandPoint]]


@dataclass(frozen=True, slots=True)
class _Part:
    """A panel of the figure: how high, between which values, with what title and content."""

    height_pt: float
    low: float
    high: float
    title: str
    values: Sequence[float]
    draw: Callable[[Course, Panel], Shapes]


def course_drawing(course: Course) -> shapes.Drawing | None:
    """Return the course as a drawing, 482 points wide; None where there is nothing to draw."""
    if not course.months:
        return None
    fonts.register()
    x = _time_axis(course.months)
    behind = reference.within(course.behind, x)
    parts = _parts(course, behind)
    lines = plot.legend_lines(_keys(course, behind), WIDTH_PT - LEFT_PT)
    inside = [mark for mark in course.treatments if x.low <= mark.months <= x.high]
    rows = _label_rows(inside, x)
    legend_pt = plot.KEY_LINE_PT * len(lines)
    bottom = at = legend_pt + BELOW_PT
    drawn: Shapes = []
    for part in reversed(parts):
        panel = Panel(x, Axis(part.low, part.high, at, part.height_pt))
        is_lowest = at == bottom
        drawn += panel.frame(
            y_values=part.values,
            y_title=part.title,
            x_values=plot.ticks(x.low, x.high, 9) if is_lowest else (),
            x_title=course.time.title if is_lowest else "",
        )
        drawn += part.draw(course, panel)
        at = panel.top_pt + GAP_PT
    top = at - GAP_PT
    for mark, row in zip(inside, rows, strict=True):
        at = x.at(mark.months)
        drawn.append(plot.line(at, bottom, at, _label_height(top, row) + 6, width=0.9, dash=DASHES))
    # After all lines: a name is readable where another treatment's line passes it.
    for mark, row in zip(inside, rows, strict=True):
        drawn += _label(mark, x, _label_height(top, row))
    drawn += plot.legend(lines, LEFT_PT, legend_pt)
    labels_pt = ROW_PT * (max(rows, default=-1) + 1)
    return shapes.Drawing(WIDTH_PT, top + labels_pt + 6, *drawn)


def treatments_off_the_axis(course: Course) -> list[TreatmentMark]:
    """Return the treatments that lie before or after all that is drawn."""
    if not course.months:
        return list(course.treatments)
    x = _time_axis(course.months)
    return [mark for mark in course.treatments if not x.low <= mark.months <= x.high]


def _time_axis(months: Sequence[float]) -> Axis:
    low, high = min(months), max(months)
    margin = (high - low) * 0.05 or MARGIN_OF_ONE_MONTHS
    return Axis(low - margin, high + margin, LEFT_PT, WIDTH_PT - LEFT_PT - RIGHT_PT)


def _parts(course: Course, behind: Bands) -> list[_Part]:
    """Return the panels from above; on all but the loads, high is worst and stands below."""
    height = LEVELS_PT if course.shows_loads else LEVELS_ALONE_PT
    levels = _Part(height, 6.5, -0.5, "GMFC, ELFC\n(6 is worst)", (0, 2, 4, 6), _draw_levels)
    if not course.shows_loads:
        return [levels]
    highest = _highest(course, behind)
    title = f"Demyelination load,\n{course.scale.unit}"
    draw = partial(_draw_loads, behind)
    loads = _Part(LOADS_PT, 0.0, highest, title, plot.ticks(0.0, highest), draw)
    if not course.scores.severity:
        return [loads, levels]
    severity = "MRI score\n(34 is worst)"
    return [loads, levels, _Part(SEVERITY_PT, 36, -2, severity, (0, 17, 34), _draw_severity)]


def _highest(course: Course, behind: Bands) -> float:
    """Return where the axis of the loads ends: above every mark, line, interval and band."""
    loads, fitted = course.loads, course.fitted
    reach = [mark.value for mark in loads] + [point.high for run in behind for point in run]
    reach += [mark.interval[1] for mark in loads if mark.interval]
    reach += [] if fitted is None else [fitted.start[1], fitted.end[1]]
    reach += [
        before.value + here.tolerance
        for before, here in pairwise(loads)
        if here.tolerance is not None
    ]
    return max(reach, default=0.0) * 1.1 or 1.0


def _draw_loads(behind: Bands, course: Course, panel: Panel) -> Shapes:
    loads = course.loads
    if not loads:
        words = f"No load{f' in {course.scale.unit}' if course.scale.n_absent else ' yet'}"
        middle = panel.x.start_pt + panel.x.length_pt / 2
        height = panel.y.start_pt + panel.y.length_pt / 2
        return [plot.text(middle, height, words, anchor="middle", size=9)]
    drawn: Shapes = reference.band_shapes(behind, panel)
    drawn += [
        _band(panel, before, here, here.tolerance)
        for before, here in pairwise(loads)
        if here.tolerance is not None
    ]
    if course.fitted is not None:
        ends = [panel.place(*course.fitted.start), panel.place(*course.fitted.end)]
        drawn.append(plot.path(ends, colour=plot.INK, width=0.8, dash=FITTED_DASHES))
    at = [panel.place(mark.months, mark.value) for mark in loads]
    if len(at) > 1:
        drawn.append(plot.path(at, colour=plot.ACCENT))
    for mark, (x, y) in zip(loads, at, strict=True):
        if mark.interval is not None:
            drawn += _interval(panel, x, mark.interval)
        drawn.append(plot.mark(LOAD_SHAPES[mark.acq_stratum], x, y, plot.ACCENT))
        if mark.change:
            drawn.append(plot.around(x, y))
        if mark.flags:
            drawn += plot.flag(x, y) if mark.is_to_review else [plot.decided(x, y)]
    return drawn


def _band(panel: Panel, before: LoadMark, here: LoadMark, tolerance: float) -> shapes.Shape:
    """Return within what a change from the load before may be noise."""
    left, low = panel.place(before.months, max(0.0, before.value - tolerance))
    right, high = panel.place(here.months, before.value + tolerance)
    return shapes.Rect(
        left, low, right - left, high - low,
        fillColor=plot.BAND, strokeColor=plot.FAINT, strokeWidth=0.3,
    )  # fmt: skip


def _interval(panel: Panel, x: float, interval: tuple[float, float]) -> Shapes:
    low, high = (panel.y.at(end) for end in interval)
    ends = [plot.line(x - 2.5, y, x + 2.5, y, colour=plot.ACCENT) for y in (low, high)]
    return [plot.line(x, low, x, high, colour=plot.ACCENT, width=0.8), *ends]


def _draw_levels(course: Course, panel: Panel) -> Shapes:
    gmfc, elfc = course.scores.gmfc, course.scores.elfc
    # The large open square first, so that two equal levels are both seen.
    return [
        *_score(panel, elfc, "open square", plot.ORANGE, dash=DOTS, is_level=True),
        *_score(panel, gmfc, "diamond", plot.GREEN, dash=None, is_level=True),
    ]


def _draw_severity(course: Course, panel: Panel) -> Shapes:
    totals = course.scores.severity
    return _score(panel, totals, "triangle", plot.PINK, dash=None, is_level=False)


def _score(
    panel: Panel,
    marks: Sequence[ScoreMark],
    shape: str,
    colour: Color,
    *,
    dash: Sequence[float] | None,
    is_level: bool,
) -> Shapes:
    at = [panel.place(mark.months, mark.level) for mark in marks]
    through = plot.steps(at) if is_level else at
    lines: Shapes = [plot.path(through, colour=colour, dash=dash)] if len(at) > 1 else []
    return [*lines, *(plot.mark(shape, x, y, colour) for x, y in at)]


def _label_rows(marks: Sequence[TreatmentMark], x: Axis) -> list[int]:
    """Return in which row above the figure each treatment is named, so that none hides another."""
    ends: list[float] = []
    rows = []
    for mark in marks:
        left, right = _label_span(mark, x)
        row = next((row for row, end in enumerate(ends) if end < left), len(ends))
        ends[row:] = [right + 6, *ends[row + 1 :]]
        rows.append(row)
    return rows


def _label_span(mark: TreatmentMark, x: Axis) -> tuple[float, float]:
    """Return from where to where a name reaches: towards the middle, so that no edge cuts it."""
    at, wide = x.at(mark.months) + 3, fonts.width_pt(mark.label, plot.SMALL_PT)
    is_late = mark.months > (x.low + x.high) / 2
    return (at - wide - 6, at - 6) if is_late else (at, at + wide)


def _label_height(top: float, row: int) -> float:
    return top + 4 + ROW_PT * row


def _label(mark: TreatmentMark, x: Axis, height: float) -> Shapes:
    left, right = _label_span(mark, x)
    ground = shapes.Rect(
        left - 1, height - 2, right - left + 2, ROW_PT - 1, fillColor=plot.WHITE, strokeColor=None
    )
    return [ground, plot.text(left, height, mark.label, colour=plot.INK)]


def _keys(course: Course, behind: Bands) -> list[Key]:
    """Return what the legend explains: that which is there."""
    keys = [Key(course.reference.name, "band", reference.GREY)] if behind else []
    if course.shows_loads:
        strata = {mark.acq_stratum for mark in course.loads}
        keys += [
            Key(f"Load, {stratum} T1w", shape, plot.ACCENT)
            for stratum, shape in LOAD_SHAPES.items()
            if stratum in strata
        ]
        if any(mark.tolerance is not None for mark in course.loads[1:]):
            keys.append(Key("Tolerance about the previous scan", "band", plot.BAND))
        if course.fitted is not None:
            said = f"{course.fitted.name}: {course.fitted.rate}"
            keys.append(Key(said, "line", plot.INK, FITTED_DASHES))
        if any(mark.change for mark in course.loads):
            keys.append(Key("Acquired otherwise than before", "frame", plot.FAINT))
        keys += _flag_keys(course)
    if course.scores.gmfc:
        keys.append(Key("GMFC-MLD level", "diamond", plot.GREEN))
    if course.scores.elfc:
        keys.append(Key("ELFC-MLD level", "open square", plot.ORANGE, DOTS))
    if course.shows_loads and course.scores.severity:
        keys.append(Key("MRI severity score", "triangle", plot.PINK))
    return keys


def _flag_keys(course: Course) -> list[Key]:
    waiting, decided = flag_names(course.scale)
    waits = {mark.is_to_review for mark in course.loads if mark.flags}
    keys = [Key(waiting, "flag", plot.WARNING)] if True in waits else []
    return [*keys, Key(decided, "ring", plot.FAINT)] if False in waits else keys
