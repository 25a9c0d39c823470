"""The reference cohort that stands behind the courses of a study: what is shown, and freezing."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from analytics.forms import FreezeForm, StopForm
from analytics.models import ReferenceCohort
from analytics.selectors import loads, reference_cohorts
from analytics.selectors.reference_cohorts import AGE, Band
from analytics.services import reference_cohorts as freezing
from analytics.stats.reference_bands import FEWEST_PATIENTS
from mldtrial.trial import policies
from mldtrial.trial import selectors as trial
from mldtrial.trial.models import Study
from mldtrial.trial.rules.subtype import Subtype
from mldtrial.trial.views.answers import UNPROCESSABLE, posted
from mldtrial.trial.views.patients import SUBTYPE_NAMES


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, study_code: str) -> HttpResponse:
    """Show the reference cohorts of a study, and freeze another."""
    study = _study(request, study_code)
    if request.method == "POST":
        policies.require(request.user, "freeze_reference", study)
    form = FreezeForm(posted(request), studies=_sources(request, study))
    frozen = form.submit(lambda: freezing.freeze(study=study, by=request.user, **form.values()))
    if frozen is not None:
        count = len(frozen.bands)
        messages.success(
            request, f"Frozen: {count} band{'' if count == 1 else 's'}, shown in the courses now."
        )
        return redirect("reference_cohort", study_code=study.code)
    return _shown(request, study, form, StopForm())


@require_POST
def end(request: HttpRequest, study_code: str) -> HttpResponse:
    """Show no reference cohort any more."""
    study = _study(request, study_code)
    policies.require(request.user, "freeze_reference", study)
    form = StopForm(request.POST)
    ended = form.submit(
        lambda: freezing.stop_showing(study=study, by=request.user, **form.cleaned_data)
    )
    if ended is None:
        return _shown(request, study, FreezeForm(studies=_sources(request, study)), form)
    messages.success(request, "The courses show no reference cohort any more.")
    return redirect("reference_cohort", study_code=study.code)


def _study(request: HttpRequest, study_code: str) -> Study:
    study = trial.study(study_code, user=request.user)
    policies.require(request.user, "view_impact", study)
    return study


def _sources(request: HttpRequest, study: Study) -> list[Study]:
    """Return the studies whose loads the person may freeze; the study itself first."""
    mine = [
        one
        for one in trial.studies(user=request.user)
        if policies.may(request.user, "freeze_reference", one)
    ]
    return sorted(mine, key=lambda one: (one.pk != study.pk, one.code))


def _shown(request: HttpRequest, study: Study, form: FreezeForm, stop: StopForm) -> HttpResponse:
    found = reference_cohorts.cohorts(study, user=request.user)
    current = next((one for one in found if one.is_current), None)
    method = loads.active_model()
    context: dict[str, Any] = {
        "study": study,
        "form": form,
        "stop": stop,
        "current": current,
        "rows": [] if current is None else _rows(current),
        "is_other_method": current is not None and current.model_version != method,
        "is_other_rule": current is not None
        and any(
            one.rules != reference_cohorts.rules_of(study)
            for one in reference_cohorts.bands_of(current)
        ),
        "is_changed": current is not None and not reference_cohorts.is_as_frozen(current),
        "method": method,
        "former": [one for one in found if not one.is_current],
        "fewest": FEWEST_PATIENTS,
        "may_freeze": policies.may(request.user, "freeze_reference", study),
    }
    status = UNPROCESSABLE if form.errors or stop.errors else 200
    return render(request, "analytics/reference_cohort.html", context, status=status)


def _rows(cohort: ReferenceCohort) -> list[dict[str, Any]]:
    return [
        {
            "subtype": SUBTYPE_NAMES[Subtype(band.subtype)],
            "clock": "age" if band.clock == AGE else "months since the first symptom",
            "band": band,
            "ends": (band.points[0], band.points[-1]),
        }
        for band in sorted(reference_cohorts.bands_of(cohort), key=_order)
    ]


def _order(band: Band) -> tuple[int, str, str]:
    return list(Subtype).index(Subtype(band.subtype)), band.acq_stratum, band.clock
