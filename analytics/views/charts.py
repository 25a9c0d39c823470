"""Charts as JSON: the rows of a page in, a figure of `analytics.figures` out."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date
from html import escape
from textwrap import shorten
from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from analytics.figures.agreement import Line
from analytics.figures.course import (
    NO_REFERENCE,
    Course,
    FittedLine,
    LoadMark,
    Reference,
    Scale,
    ScoreMark,
    Scores,
    Time,
    TreatmentMark,
)
from analytics.figures.trajectory import trajectory_figure
from analytics.selectors.clocks import AGE, Clock
from analytics.selectors.decisions import Reviewed
from analytics.selectors.loads import LoadPoint
from analytics.selectors.measures import Measured
from analytics.selectors.patient_page import OF_NO_IMAGE, VisitRow
from analytics.selectors.reference_cohorts import Behind
from analytics.selectors.slopes import NoSlope, Place, Slope
from analytics.services import findings
from analytics.stats.agreement import BlandAltman
from analytics.views.paper import number, signed
from mldtrial.trial.models import Patient, Study, Treatment, TreatmentKind
from mldtrial.trial.rules.age import age_months
from mldtrial.trial.rules.subtype import Subtype
from mldtrial.trial.views.patients import SUBTYPE_NAMES
from segmentation.imaging.acquisitions import changes, is_acquired_alike


def answer(figure: dict[str, Any]) -> HttpResponse:
    """Return a figure as JSON."""
    content = json.dumps(figure, allow_nan=False, separators=(",", ":"))
    return HttpResponse(content, content_type="application/json")


def trajectory(
    patient: Patient,
    *,
    series: Sequence[LoadPoint],
    measured: Measured,
    slope: Slope | NoSlope | None,
    reviewed: Sequence[Reviewed],
    rows: Sequence[VisitRow],
    treatments: Iterable[Treatment],
    sees_loads: bool,
    clock: Clock = AGE,
    behind: Behind | None = None,
) -> dict[str, Any]:
    """Return the chart of a patient's course."""
    drawn = course(
        patient,
        series=series,
        measured=measured,
        slope=slope,
        reviewed=reviewed,
        rows=rows,
        treatments=treatments,
        sees_loads=sees_loads,
        clock=clock,
        behind=behind,
    )
    return trajectory_figure(
        title=patient.subject_code,
        loads=drawn.loads,
        scores=drawn.scores,
        treatments=drawn.treatments,
        shows_loads=drawn.shows_loads,
        is_demonstration=any(load.is_demonstration for load in series),
        scale=drawn.scale,
        time=drawn.time,
        reference=drawn.reference,
        fitted=drawn.fitted,
    )


def course(
    patient: Patient,
    *,
    series: Sequence[LoadPoint],
    measured: Measured,
    slope: Slope | NoSlope | None,
    reviewed: Sequence[Reviewed],
    rows: Sequence[VisitRow],
    treatments: Iterable[Treatment],
    sees_loads: bool,
    clock: Clock = AGE,
    behind: Behind | None = None,
) -> Course:
    """Return what a patient's course is drawn from, on the page and on paper.

    Names are escaped, for plotly reads HTML.
    """
    marks = _load_marks(patient.study, series, reviewed, clock)
    if measured.measure.is_percent:
        marks = _in_percent(marks, series, measured)
    return Course(
        loads=marks,
        scores=_scores(patient, rows, clock),
        treatments=_treatment_marks(patient, treatments, clock),
        scale=_scale(measured),
        time=Time(clock.axis_title, clock.after),
        shows_loads=sees_loads,
        reference=_reference(behind),
        fitted=_fitted(slope, measured, clock),
    )


def _fitted(slope: Slope | NoSlope | None, measured: Measured, clock: Clock) -> FittedLine | None:
    """Return the line of a slope on a clock, named with the number that the words give."""
    if not isinstance(slope, Slope):
        return None

    def place(of: Place) -> Place:
        months, value = of
        return months - clock.begins_at_months, value

    per_year = number(slope.per_year, measured.measure.decimals)
    start, end = slope.line
    return FittedLine(
        f"Fitted line, {' and '.join(slope.strata)}",
        f"{per_year} {measured.measure.unit} a year",
        place(start),
        place(end),
    )


def _reference(behind: Behind | None) -> Reference:
    if behind is None:
        return NO_REFERENCE
    return Reference(
        f"Reference, {SUBTYPE_NAMES[Subtype(behind.band.subtype)]}, {behind.band.acq_stratum}",
        behind.band.points,
    )


def _scores(patient: Patient, rows: Sequence[VisitRow], clock: Clock) -> Scores:
    """Return the scores by the day on which each was assessed, or the images read were made.

    These days time them everywhere else; that of the visit may lie weeks away.
    """
    by_visit = list(reversed(rows))

    def mark(row: VisitRow, level: float, day: date, words: str) -> ScoreMark:
        return ScoreMark(
            age_months(patient.birth_month, day) - clock.begins_at_months,
            level,
            escape(row.visit.name),
            "" if day == row.visit.date else f"{words} {day}",
        )

    def read(row: VisitRow, total: float) -> ScoreMark:
        found = mark(row, total, row.imaged_on, "scanned")
        return replace(found, other_day=OF_NO_IMAGE) if row.has_score_of_no_image else found

    def levels(score_of: Callable[[VisitRow], Any]) -> list[ScoreMark]:
        scored = [(row, score) for row in by_visit if (score := score_of(row)) is not None]
        return _in_order(
            mark(row, score.level, score.assessed_on, "assessed")
            for row, score in scored
            if score.level is not None
        )

    return Scores(
        gmfc=levels(lambda row: row.gmfc),
        elfc=levels(lambda row: row.elfc),
        severity=_in_order(
            read(row, row.severity_total) for row in by_visit if row.severity_total is not None
        ),
    )


def _in_order(marks: Iterable[ScoreMark]) -> list[ScoreMark]:
    return sorted(marks, key=lambda mark: mark.months)


def _scale(measured: Measured) -> Scale:
    if not measured.measure.is_percent:
        return Scale()
    return Scale(
        unit=measured.measure.unit,
        decimals=measured.measure.decimals,
        has_tolerance=False,
        n_absent=measured.absent_count,
    )


def _in_percent(
    marks: Sequence[LoadMark], series: Sequence[LoadPoint], measured: Measured
) -> list[LoadMark]:
    """Return the loads that have a percentage; the study's tolerance is in mL and not drawn."""
    shown = []
    for mark, load in zip(marks, series, strict=True):
        share = measured.shares[load.run_id]
        if share.percent is not None:
            also = f"<br>{load.load_ml:.1f} mL of {share.volume_ml:.1f} mL"
            shown.append(
                replace(
                    mark,
                    value=share.percent,
                    interval=share.interval_percent,
                    tolerance=None,
                    also=also,
                )
            )
    return shown


def _load_marks(
    study: Study, series: Sequence[LoadPoint], reviewed: Sequence[Reviewed], clock: Clock
) -> list[LoadMark]:
    tolerance = findings.tolerance_of(study)
    points = findings.as_points(series)
    flagged = {
        load.run_id: [one for one in reviewed if one.flag.run_id == load.run_id] for load in series
    }
    return [
        LoadMark(
            months=load.age_at_scan_months - clock.begins_at_months,
            value=load.load_ml,
            acq_stratum=load.acq_stratum,
            visit_name=escape(load.visit_name),
            visit_date=_days(load),
            url=reverse("run", args=[study.code, load.run_id]),
            tolerance=tolerance(points[index - 1], points[index]) if index else None,
            flags=tuple(_flag(one) for one in flagged[load.run_id]),
            is_to_review=any(not one.decision.is_settled for one in flagged[load.run_id]),
            interval=load.interval_ml,
            interval_level=load.interval_level,
            change=escape(_change(series[index - 1], load)) if index else "",
        )
        for index, load in enumerate(series)
    ]


def _flag(one: Reviewed) -> str:
    """Return what a flag says, and what was decided as far as this person may read it."""
    if not one.decision.is_settled:
        return escape(one.flag.sentence)
    return f"{escape(one.flag.sentence)}<br>{escape(shorten(one.decision.words, HOVER_LETTERS))}"


HOVER_LETTERS = 120
"""What fits into a line where the pointer rests; the page says the rest."""


def _days(load: LoadPoint) -> str:
    """Return the day of a visit, and that of its scan where it is another one."""
    scanned = "" if load.scanned_on == load.visit_date else f", scanned {load.scanned_on}"
    return f"{load.visit_date}{scanned}"


def _change(before: LoadPoint, here: LoadPoint) -> str:
    """Return how a scan was acquired otherwise than the one before; empty if alike."""
    found = [change.how for change in changes(before.acquisition, here.acquisition)]
    if not found:
        return ""
    # A mark beside a narrow band would be read as a fault of the band.
    is_alike = is_acquired_alike(before.acquisition, here.acquisition)
    narrow = " (the tolerance stays)" if is_alike else ""
    return f"since the scan before: {'; '.join(found)}{narrow}"


def _treatment_marks(
    patient: Patient, treatments: Iterable[Treatment], clock: Clock
) -> list[TreatmentMark]:
    # Its whole name is as wide as a phone, and a figure makes room for what it writes.
    short = {TreatmentKind.HSCT: "HSCT"}
    starts: list[tuple[date, str]] = [
        (t.started_on, short.get(TreatmentKind(t.kind), t.get_kind_display())) for t in treatments
    ]
    if patient.first_study_dose_on is not None:
        starts.append((patient.first_study_dose_on, "first study dose"))
    return [
        TreatmentMark(age_months(patient.birth_month, day) - clock.begins_at_months, label)
        for day, label in sorted(starts)
    ]


def agreement_lines(found: BlandAltman) -> list[Line]:
    """Return bias and limits of agreement as lines across a figure."""
    return [
        Line(name, value, *ends, signed(value, 1))
        for name, value, ends in (
            ("Upper limit", found.upper_limit, found.upper_ci),
            ("Bias", found.bias, found.bias_ci),
            ("Lower limit", found.lower_limit, found.lower_ci),
        )
    ]
