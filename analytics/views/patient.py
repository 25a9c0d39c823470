"""The page of one patient: course, visits, scores, scans, treatments and questions."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from analytics.selectors import loads
from analytics.selectors import patient_page as page
from analytics.views import charts
from mldtrial.trial import policies, selectors
from mldtrial.trial.models import Patient
from mldtrial.trial.rules.subtype import derive_subtype
from mldtrial.trial.views.patients import SUBTYPE_NAMES


@require_safe
def patient_page(request: HttpRequest, study_code: str, patient_id: UUID) -> HttpResponse:
    """Show a patient to whoever may see the patient, with loads for whoever may see loads."""
    patient = _patient(request, study_code, patient_id)
    user = request.user
    series = loads.load_series(patient, user=user)
    flags = page.flags(patient, user=user)
    rows = page.visit_rows(patient, user=user, series=series, flags=flags)
    sees_loads = policies.may(user, "view_loads", patient)
    queries = list(page.open_queries(patient, user=user))
    context: dict[str, Any] = {
        "patient": patient,
        "study": patient.study,
        "subtype": SUBTYPE_NAMES[
            derive_subtype(patient.onset_age_months, patient.study.subtype_rule)
        ],
        "rows": rows,
        "last_visit": rows[0] if rows else None,
        "flags": flags,
        "treatments": page.treatments(patient, user=user),
        "dispositions": selectors.dispositions(patient, user=user),
        "queries": queries,
        "visible_queries": {query.pk for query in queries},
        "sees_loads": sees_loads,
        "method": loads.active_model() if sees_loads else None,
        "load_count": len(series),
        "score_count": sum(row.gmfc is not None and row.gmfc.level is not None for row in rows),
        "may": {action for action in ENTRY_ACTIONS if policies.may(user, action, patient)},
    }
    return render(request, "analytics/patient.html", context)


ENTRY_ACTIONS = (
    "change_patient",
    "add_visit",
    "record_treatment",
    "record_participation",
    "record_assessment",
    "upload_scan",
    "open_query",
    "sign_visit",
)


@require_safe
def trajectory(request: HttpRequest, study_code: str, patient_id: UUID) -> HttpResponse:
    """Return the chart of a patient's course, without loads for who may not see them."""
    patient = _patient(request, study_code, patient_id)
    user = request.user
    series = loads.load_series(patient, user=user)
    flags = page.flags(patient, user=user)
    rows = page.visit_rows(patient, user=user, series=series, flags=flags)
    figure = charts.trajectory(
        patient,
        series=series,
        flags=flags,
        rows=rows,
        treatments=page.treatments(patient, user=user),
        sees_loads=policies.may(user, "view_loads", patient),
    )
    return charts.answer(figure)


def _patient(request: HttpRequest, study_code: str, patient_id: UUID) -> Patient:
    study = selectors.study(study_code, user=request.user)
    patient = selectors.patient(study, patient_id, user=request.user)
    policies.require(request.user, "view_patient", patient)
    return patient
