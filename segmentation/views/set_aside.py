"""Pages to set a scan aside, so that it is used for no load, and to take it back."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from mldtrial.trial import policies
from mldtrial.trial.models import Scan
from mldtrial.trial.views.answers import form_page, posted, to_patient
from segmentation import tasks
from segmentation.forms.set_aside import OutcomeForm, SetAsideForm, TakeBackForm
from segmentation.selectors import quarantine
from segmentation.selectors import set_aside as selectors
from segmentation.selectors.set_aside import Outcome
from segmentation.services import setting_aside


@require_http_methods(["GET", "HEAD", "POST"])
def scan_set_aside(request: HttpRequest, scan_id: UUID) -> HttpResponse:
    """Set a scan aside: what is wrong with it, and what happens then."""
    scan = quarantine.scan_in_use(scan_id, user=request.user)
    policies.require(request.user, "set_scan_aside", scan.visit)
    known = selectors.of_scan(scan, user=request.user)
    if known is not None and request.method != "POST":
        return redirect("scan_take_back", set_aside_id=known.pk)
    outcome = selectors.if_set_aside(scan)
    form = SetAsideForm(posted(request), outcome=outcome)

    def save() -> str:
        setting_aside.set_aside(scan=scan, by=request.user, **_said(form))
        return f"{scan} of {scan.visit.name} is set aside."

    about = {"sees_loads": policies.may(request.user, "view_loads", scan.visit)}
    return _decide(request, "segmentation/scan_set_aside.html", form, outcome, save, about)


@require_http_methods(["GET", "HEAD", "POST"])
def scan_take_back(request: HttpRequest, set_aside_id: UUID) -> HttpResponse:
    """Use a scan again that was set aside."""
    row = selectors.standing(set_aside_id, user=request.user)
    scan = row.scan
    policies.require(request.user, "set_scan_aside", scan.visit)
    outcome = selectors.if_taken_back(row)
    form = TakeBackForm(posted(request), outcome=outcome)

    def save() -> str:
        setting_aside.take_back(row=row, by=request.user, **_said(form))
        return f"{scan} of {scan.visit.name} is taken back."

    about = {"row": row}
    return _decide(request, "segmentation/scan_take_back.html", form, outcome, save, about)


def _said(form: OutcomeForm) -> dict[str, Any]:
    return {name: value for name, value in form.cleaned_data.items() if name != "seen"}


def _decide(
    request: HttpRequest,
    template: str,
    form: OutcomeForm,
    outcome: Outcome,
    save: Callable[[], str],
    about: dict[str, Any],
) -> HttpResponse:
    scan: Scan = outcome.scan
    visit = scan.visit
    said = form.submit(save)
    if said is not None:
        messages.success(request, said)
        tasks.ring_segmentation()
        tasks.ring_review()
        return to_patient(visit.patient)
    context = {
        "visit": visit,
        "patient": visit.patient,
        "scans": (scan,),
        "acquired_on": quarantine.acquired_on(scan),
        "is_in_use": True,
        "outcome": outcome,
        "used_on": None if outcome.after is None else quarantine.acquired_on(outcome.after),
        **about,
    }
    return form_page(request, template, form, context, changes=visit)
