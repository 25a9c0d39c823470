"""The course of one patient as PDF: what the page shows, for a file or a discussion."""

from collections.abc import Sequence
from html import unescape
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import floatformat
from django.utils import timezone
from django.utils.text import capfirst
from django.views.decorators.http import require_safe

from analytics.figures.course import Course
from analytics.reports import ABSENT
from analytics.reports.patient import Finding, PatientPaper, SetAside, VisitLine, patient_pdf
from analytics.selectors import clocks, decisions, loads, measures, reference_cohorts, slopes
from analytics.selectors import patient_page as page
from analytics.selectors.decisions import Decision, Reviewed
from analytics.selectors.loads import LoadPoint
from analytics.selectors.measures import Measured
from analytics.selectors.patient_page import Flag, TreatmentRow, VisitRow
from analytics.selectors.reference_cohorts import Behind
from analytics.selectors.slopes import NoSlope, Slope
from analytics.services import papers
from analytics.services.review_waits import waiting
from analytics.views import charts
from analytics.views.paper import number, pdf_answer
from analytics.views.patient import log_view, patient_of
from mldtrial.trial import policies, selectors
from mldtrial.trial.models import Patient
from mldtrial.trial.views.patients import BASIS_NAMES, SUBTYPE_NAMES
from segmentation.models import ModelVersion, TissueCode
from segmentation.selectors.set_aside import ScanRow
from segmentation.selectors.training_sets import Trained, trained_on


@require_safe
def patient_pdf_file(request: HttpRequest, study_code: str, patient_id: UUID) -> HttpResponse:
    """Send the course of a patient as PDF, without loads for who may not see them."""
    version = papers.data_version()
    patient = patient_of(request, study_code, patient_id)
    series = loads.load_series(patient, user=request.user)
    if series:
        log_view(patient, request.user)
    paper = _paper(patient, series, request)
    of = f"{patient.study.code} · {patient.subject_code}"
    origin = papers.origin(of=of, by=request.user, version=version)
    content = patient_pdf(paper, origin)
    papers.take_course(content, patient=patient, by=request.user, origin=origin)
    return pdf_answer(content, f"{patient.study.code}_{patient.subject_code}_course.pdf")


def _paper(patient: Patient, series: list[LoadPoint], request: HttpRequest) -> PatientPaper:
    user = request.user
    sees_loads = policies.may(user, "view_loads", patient)
    measure = measures.asked_for(request.GET) if sees_loads else measures.ML
    measured = measures.measured(series, measure, user=user)
    flags = page.flags(patient, user=user)
    reviewed = decisions.reviewed(flags, user=user)
    rows = page.visit_rows(patient, user=user, series=series, flags=flags, shares=measured.shares)
    treatments = list(page.treatments(patient, user=user))
    method = loads.active_model() if sees_loads else None
    trained = trained_on(patient, method) if method and series else None
    clock = clocks.asked_for(request.GET, clocks.clocks_of(patient, treatments))
    behind = reference_cohorts.behind(patient, series, clock, method, user=user)
    slope = slopes.slope_of(series, measured)
    course = charts.course(
        patient,
        series=series,
        measured=measured,
        slope=slope,
        reviewed=reviewed,
        rows=rows,
        treatments=treatments,
        clock=clock,
        sees_loads=sees_loads,
        behind=behind,
    )
    return PatientPaper(
        title=f"Course of {patient.subject_code}",
        facts=[
            *_facts(patient, rows),
            *_treatments(patient, page.treatment_rows(patient, treatments, rows)),
            *(_method(method) if sees_loads else []),
        ],
        warnings=_warnings(method, trained, measured),
        course=course,
        notes=[
            *_slope(slope, measured),
            "Ages from the middle of the birth month.",
            *_other_days(rows),
            *(_behind(behind) if behind is not None and course.behind else []),
            *_changes(course),
            *_intervals(series, measured),
            *(["One method version per series."] if _is_one_series(course) else []),
            *_percentages(measured),
            *_training(method, trained),
        ],
        shows_severity=policies.may(user, "view_severity_finals", patient),
        visits=[_line(row, flags, measured) for row in reversed(rows)],
        set_aside=_set_aside(rows),
        findings=_findings(flags, reviewed),
        waiting=[
            f"Waits until its visit is open. {found}"
            for found in waiting(patient.study, series, flags, page.held_visits(rows))
        ],
    )


def _facts(patient: Patient, rows: Sequence[VisitRow]) -> list[tuple[str, str]]:
    """Return who the patient is; never the arm, for a paper is passed on."""
    study = patient.study
    derived = selectors.subtype_of(patient, study)
    subtype = [SUBTYPE_NAMES[derived.subtype], BASIS_NAMES[derived.basis]]
    onset = patient.onset_age_months
    return [
        ("Study", f"{study.code} {study.name}"),
        ("Subject", patient.subject_code),
        ("Site", f"{patient.site.code} {patient.site.name}"),
        ("Sex", patient.get_sex_display()),
        ("First symptom", "none yet" if onset is None else f"{onset} months"),
        ("Subtype", f"{', '.join(filter(None, subtype))} (rule {study.subtype_rule})"),
        ("Age at last visit", f"{number(rows[0].age_months, 1)} months" if rows else ABSENT),
        ("Visits", str(len(rows))),
    ]


def _treatments(patient: Patient, rows: Sequence[TreatmentRow]) -> list[tuple[str, str]]:
    named = [(capfirst(row.treatment.get_kind_display()), _span(row)) for row in rows]
    if patient.first_study_dose_on is not None:
        named.append(("First study dose", patient.first_study_dose_on.isoformat()))
    return named or [("Treatments", "none documented")]


def _span(row: TreatmentRow) -> str:
    begun = f"from {row.treatment.started_on.isoformat()}"
    return (
        f"{begun} to {row.treatment.stopped_on.isoformat()}" if row.treatment.stopped_on else begun
    )


def _method(method: ModelVersion | None) -> list[tuple[str, str]]:
    if method is None:
        return [("Method", "none is active yet")]
    return [("Method", f"{method.get_method_display()}, {method.name} {method.version}")]


def _warnings(
    method: ModelVersion | None, trained: Trained | None, measured: Measured
) -> list[str]:
    said = [papers.DEMONSTRATION] if method is not None and method.is_demonstration else []
    if trained == Trained.IN_IT:
        said.append(
            f"This patient was in the training set of {method}. Loads by this model are no "
            "independent test of it here."
        )
    if len(measured.versions) > 1:
        said.append(
            "The volumes were measured by more than one version of the method: a step between two "
            "percentages may come from the volumes."
        )
    return said


def _slope(slope: Slope | NoSlope | None, measured: Measured) -> list[str]:
    if slope is None:
        return []
    if isinstance(slope, NoSlope):
        return [f"Slope: not estimable ({slope.why})."]
    digits, unit = measured.measure.decimals, measured.measure.unit
    interval = "so few have no 95 % interval"
    if slope.low is not None and slope.high is not None:
        low, high = number(slope.low, digits), number(slope.high, digits)
        interval = f"95 % interval {low} to {high}"
    said = f"Slope: {number(slope.per_year, digits)} {unit} a year (Theil–Sen, {slope.n} loads; "
    said += f"{interval}). The dashed line has this slope, and as many loads above it as below."
    if slope.spans_strata:
        said += " 3D and 2D scans are taken together: part of it may be the change of acquisition."
    if slope.spans_treatment:
        said += " Loads from before and after treatment are taken together."
    return [said]


def _other_days(rows: Sequence[VisitRow]) -> list[str]:
    """Return what was done on another day than the visit's; there its mark stands."""
    told = [
        f"{row.visit.name}: {', '.join(f'{words} {day}' for words, day in row.other_days)}"
        for row in reversed(rows)
        if row.other_days
    ]
    said = [f"On other days than the visit, where the marks stand: {'; '.join(told)}."]
    of_none = [row.visit.name for row in reversed(rows) if row.has_score_of_no_image]
    return [
        *(said if told else []),
        *([f"MRI score {page.OF_NO_IMAGE}: {', '.join(of_none)}."] if of_none else []),
    ]


def _behind(behind: Behind) -> list[str]:
    """Return what the grey band is, and that it is no limit."""
    band, cohort = behind.band, behind.cohort
    number_of = f"{band.most}" if band.fewest == band.most else f"{band.fewest} to {band.most}"
    said = (
        f"Grey: the middle half of {number_of} untreated patients of this subtype "
        f"({band.acq_stratum}) at each third month, dotted their median: reference cohort "
        f"{cohort.name}, frozen {timezone.localtime(cohort.created_at):%Y-%m-%d}."
    )
    if behind.is_in_it:
        said += " This patient is one of them."
    return [f"{said} The band is no limit of what is normal."]


def _changes(course: Course) -> list[str]:
    """Return how the framed scans were acquired otherwise; in a figure they are HTML."""
    return [
        f"Framed: {unescape(mark.visit_name)}, acquired otherwise {unescape(mark.change)}."
        for mark in course.loads
        if mark.change
    ]


def _intervals(series: Sequence[LoadPoint], measured: Measured) -> list[str]:
    level = next((load.interval_level for load in series if load.interval_ml), None)
    if level is None:
        return []
    said = (
        f"Bars: intervals of the load, made to hold {100 * level:.0f} % of the truths of "
        "phantoms. They say nothing about patients."
    )
    if measured.measure.is_percent:
        said += " In percent they are divided by the volume as if it were exact."
    return [said]


def _is_one_series(course: Course) -> bool:
    return bool(course.loads) and course.scale.has_tolerance


def _percentages(measured: Measured) -> list[str]:
    """Return what the loads were divided by, and which could not be."""
    if not measured.measure.is_percent:
        return []
    by = f" (volumes by {', '.join(measured.versions)})" if measured.versions else ""
    said = (
        f"{measured.measure.unit.capitalize()}: 100 × load / volume, both in mL and measured in "
        f"the same images{by}."
    )
    if measured.measure.code == TissueCode.WHITE_MATTER:
        said += " White matter includes the demyelinated white matter."
    return [
        f"{said} The tolerance and the flags are rules on the load in mL.",
        *(
            f"No percentage at {', '.join(absence.visit_names)}: {absence.reason}."
            for absence in measured.absences
        ),
    ]


def _training(method: ModelVersion | None, trained: Trained | None) -> list[str]:
    if trained != Trained.NOT_RECORDED:
        return []
    return [f"Which patients {method} was trained on is not on record."]


def _line(row: VisitRow, flags: Sequence[Flag], measured: Measured) -> VisitLine:
    load, interval = _load(row, measured)
    found = [index for index, flag in enumerate(flags, 1) if flag.visit_id == row.visit.pk]
    images = [_image(scan) for scan in row.scans]
    images += [f"{declared.sequence} not done" for declared in row.not_done]
    return VisitLine(
        name=row.visit.name,
        day=row.visit.date.isoformat(),
        age_months=number(row.age_months, 1),
        gmfc=_score(row.gmfc),
        elfc=_score(row.elfc, "E"),
        severity=ABSENT if row.severity_total is None else str(floatformat(row.severity_total)),
        load=load,
        interval=interval,
        findings=", ".join(map(str, found)),
        images=", ".join(images) or ABSENT,
    )


def _image(row: ScanRow) -> str:
    if row.set_aside is not None:
        return f"{row.scan} (set aside)"
    return f"{row.scan} (left out by the protocol rules)" if row.is_left_out else str(row.scan)


def _set_aside(rows: Sequence[VisitRow]) -> list[SetAside]:
    """Return the scans that people set aside, in the order of their visits."""
    return [
        SetAside(row.visit.name, one.said, one.reason, one.by_words)
        for row in reversed(rows)
        for one in (scan.set_aside for scan in row.scans)
        if one is not None
    ]


def _score(score: Any, letter: str = "") -> str:
    if score is None:
        return ABSENT
    if score.level is None:
        return str(score.get_status_display())
    return f"{letter}{score.level}{getattr(score, 'sublevel', '')}"


def _load(row: VisitRow, measured: Measured) -> tuple[str, str]:
    """Return the load of a visit and its interval, in the measure of the paper."""
    if row.load is None:
        return ABSENT, ABSENT
    digits = measured.measure.decimals
    if measured.measure.is_percent:
        share = measured.shares[row.load.run_id]
        if share.percent is None:
            return ABSENT, ABSENT
        return number(share.percent, digits), _ends(share.interval_percent, digits)
    return number(row.load.load_ml, digits), _ends(row.load.interval_ml, digits)


def _ends(interval: tuple[float, float] | None, digits: int) -> str:
    if interval is None:
        return ABSENT
    return f"{number(interval[0], digits)} to {number(interval[1], digits)}"


def _findings(flags: Sequence[Flag], reviewed: Sequence[Reviewed]) -> list[Finding]:
    """Return the flags in the order of their visits, whose rows name them by number."""
    decided = {id(one.flag): one.decision for one in reviewed}
    return [
        Finding(index, flag.label.capitalize(), flag.sentence, _decision(flag, decided[id(flag)]))
        for index, flag in enumerate(flags, start=1)
    ]


def _decision(flag: Flag, decision: Decision) -> str:
    return decision.words if decision.is_settled else f"{decision.words} {flag.hint}"
