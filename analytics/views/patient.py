"""The page of one patient: course, visits, scores, scans, treatments and questions."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from analytics.selectors import (
    clocks,
    decisions,
    loads,
    measures,
    quality,
    reference_cohorts,
    slopes,
)
from analytics.selectors import patient_page as page
from analytics.selectors.clocks import Clock
from analytics.selectors.measures import Measure
from analytics.services.review_waits import waiting
from analytics.views import charts
from analytics.views.unchanged import unless_unchanged
from mldtrial.trial import policies, selectors
from mldtrial.trial.models import Blinding, DeviationState, Genotype, Patient
from mldtrial.trial.rules.schedule import Standing
from mldtrial.trial.services import access
from mldtrial.trial.views.patients import BASIS_NAMES, SUBTYPE_NAMES
from segmentation.selectors.training_sets import trained_on


@require_safe
def patient_page(request: HttpRequest, study_code: str, patient_id: UUID) -> HttpResponse:
    """Show a patient to whoever may see the patient, with loads for whoever may see loads."""
    patient = patient_of(request, study_code, patient_id)
    user = request.user
    series = loads.load_series(patient, user=user)
    flags = page.flags(patient, user=user)
    sees_loads = policies.may(user, "view_loads", patient)
    measure = measures.asked_for(request.GET) if sees_loads else measures.ML
    measured = measures.measured(series, measure, user=user)
    rows = page.visit_rows(patient, user=user, series=series, flags=flags, shares=measured.shares)
    if series:
        log_view(patient, user)
    method = loads.active_model() if sees_loads else None
    derived = selectors.subtype_of(patient, patient.study)
    queries = list(page.open_queries(patient, user=user))
    held = selectors.lock_of(patient)
    treatments = page.treatments(patient, user=user)
    may = {action for action in ENTRY_ACTIONS if policies.may(user, action, patient)}
    timed = _clocks(request, measured.measure, clocks.clocks_of(patient, treatments))
    context: dict[str, Any] = {
        "patient": patient,
        "study": patient.study,
        "subtype": SUBTYPE_NAMES[derived.subtype],
        "basis": BASIS_NAMES[derived.basis],
        "details": _details(patient),
        "rows": rows,
        "of_no_image": page.OF_NO_IMAGE,
        "last_visit": rows[0] if rows else None,
        "reviewed": (reviewed := decisions.reviewed(flags, user=user)),
        "to_review": decisions.to_review(reviewed),
        "waiting": waiting(patient.study, series, flags, page.held_visits(rows)),
        "planned": [
            entry for entry in selectors.schedule_of(patient) if entry.standing != Standing.DONE
        ],
        "quality_rows": quality.rows_of_patient(patient, user=user),
        "deviations": selectors.deviations(
            patient.study, user=user, state=DeviationState.OPEN
        ).filter(patient=patient),
        "treatments": page.treatment_rows(patient, treatments, rows),
        "dispositions": selectors.dispositions(patient, user=user),
        "queries": queries,
        "sees_loads": sees_loads,
        "sees_severity": policies.may(user, "view_severity_finals", patient),
        "method": method,
        "trained": trained_on(patient, method) if method and series else None,
        "load_count": len(series),
        "has_course": bool(series) or any(_has_score(row, sees_loads) for row in rows),
        "measures": measures.MEASURES.values() if series else (),
        "measured": measured,
        "slope": slopes.slope_of(series, measured),
        **timed,
        "behind": None
        if measured.measure.is_percent
        else reference_cohorts.behind(patient, series, timed["clock"], method, user=user),
        "interval_level": next((p.interval_level for p in series if p.interval_ml), None),
        "score_count": sum(row.gmfc is not None and row.gmfc.level is not None for row in rows),
        "held": held,
        "arm": selectors.arm_of(patient, user=user),
        "unblindings": selectors.unblindings(patient.study, user=user, patient=patient),
        "may_unblind": "unblind" in may and patient.study.blinding == Blinding.BLINDED,
        # Of a patient who is locked nothing can be entered; what is open of a visit, its row says.
        "may": may - OF_THE_PATIENT if held is not None else may,
    }
    return render(request, "analytics/patient.html", context)


def _has_score(row: page.VisitRow, sees_loads: bool) -> bool:
    """Return whether the figure has a mark of a visit besides its load."""
    levels = [score.level for score in (row.gmfc, row.elfc) if score is not None]
    if sees_loads:
        levels.append(row.severity_total)
    return any(level is not None for level in levels)


def _clocks(request: HttpRequest, measure: Measure, known: Sequence[Clock]) -> dict[str, Any]:
    clock = clocks.asked_for(request.GET, known)
    return {
        "clock": clock,
        "clock_links": [(one, _chart_query(measure, one)) for one in known],
        "chart_query": _chart_query(measure, clock),
    }


def _chart_query(measure: Measure, clock: Clock) -> str:
    """Return what the chart is asked with: what differs from mL against age."""
    asked = {}
    if measure.is_percent:
        asked[measures.PARAMETER] = measure.key
    if not clock.is_age:
        asked[clocks.PARAMETER] = clock.key
    return f"?{urlencode(asked)}" if asked else ""


def _details(patient: Patient) -> list[tuple[str, str]]:
    """Return the covariates that are known, each with its name and value in words."""
    sibling = _yes_no(patient.affected_sibling)
    if patient.sibling_onset_age_months is not None:
        sibling = f"first symptom at {patient.sibling_onset_age_months} months"
    activity = patient.get_arsa_result_display()
    if patient.arsa_activity is not None:
        number = f"{patient.arsa_activity.normalize():f} {patient.arsa_unit}"
        activity = f"{activity} ({number})" if activity else number
    alleles = " and ".join(filter(None, (patient.allele_1, patient.allele_2)))
    is_known = patient.genotype_class != Genotype.UNKNOWN
    genotype = patient.get_genotype_class_display() if is_known else ""
    found = [
        ("Kind of first symptom", patient.get_first_symptom_display()),
        ("Diagnosed on", str(patient.diagnosed_on or "")),
        ("Genotype", genotype),
        ("Alleles", alleles),
        ("ARSA activity", activity),
        ("Urinary sulfatides", patient.get_urinary_sulfatides_display()),
        ("Pseudodeficiency ruled out", _yes_no(patient.pseudodeficiency_ruled_out)),
        ("Affected sibling", sibling),
    ]
    return [(name, value) for name, value in found if value]


def _yes_no(value: bool | None) -> str:
    return "" if value is None else "yes" if value else "no"


ENTRY_ACTIONS = (
    "view_audit",
    "change_patient",
    "add_visit",
    "record_treatment",
    "record_participation",
    "record_assessment",
    "upload_scan",
    "open_query",
    "sign_visit",
    "change_visit",
    "declare_not_done",
    "record_deviation",
    "view_locks",
    "unblind",
)
OF_THE_PATIENT = {"change_patient", "add_visit", "record_treatment", "record_participation"}


@require_safe
@unless_unchanged
def trajectory(request: HttpRequest, study_code: str, patient_id: UUID) -> HttpResponse:
    """Return the chart of a patient's course, without loads for who may not see them."""
    patient = patient_of(request, study_code, patient_id)
    user = request.user
    series = loads.load_series(patient, user=user)
    flags = page.flags(patient, user=user)
    rows = page.visit_rows(patient, user=user, series=series, flags=flags)
    if series:
        log_view(patient, user)
    treatments = list(page.treatments(patient, user=user))
    clock = clocks.asked_for(request.GET, clocks.clocks_of(patient, treatments))
    measured = measures.measured(series, measures.asked_for(request.GET), user=user)
    figure = charts.trajectory(
        patient,
        series=series,
        measured=measured,
        slope=slopes.slope_of(series, measured),
        reviewed=decisions.reviewed(flags, user=user),
        rows=rows,
        treatments=treatments,
        clock=clock,
        behind=reference_cohorts.behind(patient, series, clock, loads.active_model(), user=user),
        sees_loads=policies.may(user, "view_loads", patient),
    )
    return charts.answer(figure)


def log_view(patient: Patient, user: Any) -> None:
    """Log that a person was given loads; the series of who may not see them is empty."""
    access.log_blinded_view(
        study=patient.study, by=user, what="course", subject=patient.subject_code
    )


def patient_of(request: HttpRequest, study_code: str, patient_id: UUID) -> Patient:
    """Return the patient of an address, for whoever may see the patient."""
    study = selectors.study(study_code, user=request.user)
    patient = selectors.patient(study, patient_id, user=request.user)
    policies.require(request.user, "view_patient", patient)
    return patient
