"""Pages on the clinical scores of a visit."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from mldtrial.trial import policies, selectors
from mldtrial.trial.forms.assessments import ElfcForm, GmfcForm, LevelForm
from mldtrial.trial.models import (
    AssessmentStatus,
    ElfcMldAssessment,
    GmfcMldAssessment,
    Visit,
)
from mldtrial.trial.rules.age import age_months
from mldtrial.trial.services import assessments
from mldtrial.trial.views.answers import patient_form, posted

Assessment = GmfcMldAssessment | ElfcMldAssessment


@dataclass(frozen=True, slots=True)
class LevelPage:
    """What differs between the pages of two instruments: name on a visit, form, service."""

    attribute: str
    form: type[LevelForm]
    record: Callable[..., Assessment]


GMFC = LevelPage("gmfc_mld", GmfcForm, assessments.record_gmfc_mld)
ELFC = LevelPage("elfc_mld", ElfcForm, assessments.record_elfc_mld)


@require_http_methods(["GET", "HEAD", "POST"])
def gmfc_record(request: HttpRequest, study_code: str, visit_id: UUID) -> HttpResponse:
    """Record the GMFC-MLD level of a visit, or correct it with a reason."""
    return _level_page(request, study_code, visit_id, GMFC)


@require_http_methods(["GET", "HEAD", "POST"])
def elfc_record(request: HttpRequest, study_code: str, visit_id: UUID) -> HttpResponse:
    """Record the ELFC-MLD level of a visit, or correct it with a reason."""
    return _level_page(request, study_code, visit_id, ELFC)


def _level_page(
    request: HttpRequest, study_code: str, visit_id: UUID, page: LevelPage
) -> HttpResponse:
    study = selectors.study(study_code, user=request.user)
    visit = selectors.visit(study, visit_id, user=request.user)
    policies.require(request.user, "record_assessment", visit)
    found = getattr(visit, page.attribute, None)
    form = page.form(
        posted(request),
        record=found,
        patient=visit.patient,
        initial=_initial(visit, found, page, is_not_done="not_done" in request.GET),
    )
    return patient_form(
        request,
        "trial/level_record.html",
        form,
        visit.patient,
        save=lambda: page.record(visit=visit, **form.values(), by=request.user),
        say=lambda saved: f"{saved} was recorded for {visit.name}.",
        about={
            "visit": visit,
            "found": found,
            "kind": "" if found is None else type(found).__name__.lower(),
            "instrument": page.form.INSTRUMENT,
            "age_months": round(age_months(visit.patient.birth_month, visit.date), 1),
        },
        changes=visit,
    )


def _initial(
    visit: Visit, found: Assessment | None, page: LevelPage, *, is_not_done: bool
) -> dict[str, Any]:
    if found is None:
        applies = page.form.INSTRUMENT.applies_at(age_months(visit.patient.birth_month, visit.date))
        status = AssessmentStatus.DONE if applies else AssessmentStatus.NOT_APPLICABLE
        if is_not_done:
            status = AssessmentStatus.NOT_DONE
        return {"assessed_on": visit.date, "status": status}
    return {"level": _chosen(found, page)}


def _chosen(found: Assessment, page: LevelPage) -> str:
    if found.level is None:
        return ""
    label = page.form.INSTRUMENT.levels[found.level].label
    return f"{label}{getattr(found, 'sublevel', '')}"
