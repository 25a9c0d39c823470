"""Pages on patients: the list, a new one, a correction, a treatment."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from mldtrial.trial import policies, selectors
from mldtrial.trial.forms.patients import (
    PatientEditForm,
    PatientForm,
    TreatmentEditForm,
    TreatmentForm,
)
from mldtrial.trial.models import Patient, Study
from mldtrial.trial.rules.subtype import SUBTYPE_NAMES, Basis
from mldtrial.trial.selectors.asked import known
from mldtrial.trial.services import patients as services
from mldtrial.trial.views.answers import form_page, patient_form, posted, to_patient

PER_PAGE = 50
BASIS_NAMES = {
    Basis.ONSET: "",
    Basis.SIBLING: "by an affected sibling",
    Basis.GENOTYPE: "by genotype",
    Basis.NONE: "",
}

FILTER_NAMES = (("", "All"), ("followed", "In follow-up"), ("ended", "Follow-up ended"))
"""Tabs of the list, in order; the keys are those of the selector."""


@require_safe
def patient_list(request: HttpRequest, study_code: str) -> HttpResponse:
    """List the patients in reach, found by a part of their subject code."""
    study = selectors.study(study_code, user=request.user)
    policies.require(request.user, "view_patient", study)
    search = request.GET.get("q", "").strip()[:32]
    state = known(request.GET, "state", selectors.PARTICIPATION_FILTERS)
    found = selectors.patient_list(study, user=request.user, search=search, state=state)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "study": study,
        "search": search,
        "state": state,
        "states": FILTER_NAMES,
        "page": page,
        "rows": [_row(patient, study) for patient in page],
        "may_add": policies.may(request.user, "add_patient", study),
    }
    return render(request, "trial/patients.html", context)


def _row(patient: Patient, study: Study) -> dict[str, Any]:
    found = selectors.subtype_of(patient, study)
    return {
        "patient": patient,
        "subtype": SUBTYPE_NAMES[found.subtype],
        "basis": BASIS_NAMES[found.basis],
    }


@require_http_methods(["GET", "HEAD", "POST"])
def patient_new(request: HttpRequest, study_code: str) -> HttpResponse:
    """Add a patient to one of the person's sites."""
    study = selectors.study(study_code, user=request.user)
    policies.require(request.user, "add_patient", study)
    sites = selectors.sites_for("add_patient", study, user=request.user)
    form = PatientForm(posted(request), sites=sites)
    patient = form.submit(lambda: services.create_patient(**form.values(), by=request.user))
    if patient is not None:
        messages.success(request, f"Patient {patient.subject_code} was added.")
        return to_patient(patient)
    return form_page(request, "trial/patient_new.html", form, {"study": study}, changes=study)


@require_http_methods(["GET", "HEAD", "POST"])
def patient_edit(request: HttpRequest, study_code: str, patient_id: UUID) -> HttpResponse:
    """Correct a patient's record, with a reason."""
    patient = _patient(request, study_code, patient_id, "change_patient")
    form = PatientEditForm(posted(request), record=patient)
    return patient_form(
        request,
        "trial/patient_edit.html",
        form,
        patient,
        save=lambda: services.change_patient(patient=patient, **form.values(), by=request.user),
        say=lambda changed: f"The record of {changed.subject_code} was changed.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
def treatment_new(request: HttpRequest, study_code: str, patient_id: UUID) -> HttpResponse:
    """Document a therapy that is not the study product."""
    patient = _patient(request, study_code, patient_id, "record_treatment")
    form = TreatmentForm(posted(request), patient=patient)
    return patient_form(
        request,
        "trial/treatment_new.html",
        form,
        patient,
        save=lambda: services.record_treatment(patient=patient, **form.values(), by=request.user),
        say=lambda treatment: f"The treatment was added: {treatment}.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
def treatment_edit(request: HttpRequest, study_code: str, treatment_id: UUID) -> HttpResponse:
    """Correct a documented therapy, with a reason."""
    study = selectors.study(study_code, user=request.user)
    treatment = selectors.treatment(study, treatment_id, user=request.user)
    patient = treatment.patient
    policies.require(request.user, "record_treatment", patient)
    form = TreatmentEditForm(posted(request), record=treatment)
    return patient_form(
        request,
        "trial/treatment_edit.html",
        form,
        patient,
        save=lambda: services.change_treatment(
            treatment=treatment, **form.values(), by=request.user
        ),
        say=lambda changed: f"The treatment was changed: {changed}.",
    )


def _patient(request: HttpRequest, study_code: str, patient_id: UUID, action: str) -> Patient:
    study = selectors.study(study_code, user=request.user)
    patient = selectors.patient(study, patient_id, user=request.user)
    policies.require(request.user, action, patient)
    return patient
