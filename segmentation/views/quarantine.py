"""What waits in quarantine, and the decisions about where images belong."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from mldtrial.trial import policies
from mldtrial.trial import selectors as trial
from mldtrial.trial.forms.base import ServiceForm
from mldtrial.trial.models import Patient, Scan, Visit
from mldtrial.trial.views.answers import form_page, posted
from segmentation import tasks
from segmentation.forms.placing import DiscardForm, KeepForm, MoveForm
from segmentation.imaging.errors import ImageError
from segmentation.selectors import quarantine
from segmentation.selectors.quarantine import Waiting
from segmentation.services import moving, placing


@dataclass(frozen=True, slots=True)
class Card:
    """One session on the list, with what the decisions would do."""

    found: Waiting
    suggestion: Visit | None
    repeated: list[str]
    held: trial.Held | None


@require_safe
def quarantine_list(request: HttpRequest) -> HttpResponse:
    """List what waits at the own sites, with the three decisions and what each does."""
    held = policies.held(request.user)
    if not held:
        raise Http404("No such page.")
    if "view_quarantine" not in policies.actions_of(held):
        raise PermissionDenied("Your role does not allow this.")
    cards = [_card(found) for found in quarantine.waiting(user=request.user)]
    return render(request, "segmentation/quarantine.html", {"cards": cards})


def _card(found: Waiting) -> Card:
    suggestion = quarantine.nearest(found.visit.patient, found.acquired_on)
    if suggestion is not None and suggestion.pk == found.visit.pk:
        suggestion = None
    repeated = dict.fromkeys(
        f"{scan.sequence} {scan.acq_stratum}" for scan in quarantine.repeated(found)
    )
    return Card(found, suggestion, list(repeated), trial.lock_of(found.visit))


@require_http_methods(["GET", "HEAD", "POST"])
def scan_move(request: HttpRequest, scan_id: UUID) -> HttpResponse:
    """Move a session from quarantine, or images that are in use, to their right visit."""
    scans, is_in_use = _to_move(request, scan_id)
    visit = scans[0].visit
    policies.require(request.user, "place_scan", visit)
    is_far_shown = request.GET.get("far") == "1"
    places = quarantine.places(
        visit,
        quarantine.acquired_on(scans[0]),
        user=request.user,
        person=scans[0].person,
        is_far_shown=is_far_shown,
    )
    form = MoveForm(posted(request), scans=scans, places=places)

    def move() -> str:
        to = form.visit()
        try:
            moving.move(scans=scans, to=to, reason=form.cleaned_data["reason"], by=request.user)
        except ImageError as error:
            raise ValidationError(error.message) from error
        return f"{_named(scans)} moved to {to.patient.subject_code}, {to.name}."

    about = {"is_in_use": is_in_use, "is_far_shown": is_far_shown, "has_places": bool(places)}
    return _decide(request, "segmentation/scan_move.html", form, scans, move, about)


@require_http_methods(["GET", "HEAD", "POST"])
def scan_keep(request: HttpRequest, waiting_id: UUID) -> HttpResponse:
    """Take a session out of quarantine: it belongs where it was sent."""
    found = _waiting(request, waiting_id)
    repeated = quarantine.repeated(found)
    concerned = (*found.scans, *repeated)
    form = KeepForm(posted(request), scans=concerned, repeated=repeated)

    def keep() -> str:
        replaces = repeated if form.cleaned_data.get("is_repeat") else []
        reason = form.cleaned_data["reason"]
        placing.keep(scans=found.scans, replaces=replaces, reason=reason, by=request.user)
        return f"{_named(found.scans)} taken in for {_place(found.visit)}."

    about = {"found": found, "repeated": repeated}
    return _decide(request, "segmentation/scan_keep.html", form, found.scans, keep, about)


@require_http_methods(["GET", "HEAD", "POST"])
def scan_discard(request: HttpRequest, waiting_id: UUID) -> HttpResponse:
    """Destroy a session in quarantine that belongs to nobody of the trial."""
    found = _waiting(request, waiting_id)
    form = DiscardForm(posted(request), scans=found.scans)

    def discard() -> str:
        reason = form.cleaned_data["reason"]
        placing.discard(scans=found.scans, reason=reason, by=request.user)
        return f"{_named(found.scans)} discarded and destroyed."

    about = {"found": found}
    return _decide(request, "segmentation/scan_discard.html", form, found.scans, discard, about)


def _to_move(request: HttpRequest, scan_id: UUID) -> tuple[tuple[Scan, ...], bool]:
    """Return the images to move, and whether they are in use."""
    try:
        return _waiting(request, scan_id).scans, False
    except Http404:
        scan = quarantine.scan_in_use(scan_id, user=request.user)
        return (scan,) if _is_alone(request) else quarantine.same_session(scan), True


def _waiting(request: HttpRequest, scan_id: UUID) -> Waiting:
    found = quarantine.waiting_with(scan_id, user=request.user, alone=_is_alone(request))
    policies.require(request.user, "place_scan", found.visit)
    return found


def _is_alone(request: HttpRequest) -> bool:
    return request.GET.get("alone") == "1"


def _decide(
    request: HttpRequest,
    template: str,
    form: ServiceForm,
    scans: tuple[Scan, ...],
    save: Callable[[], str],
    about: dict[str, Any],
) -> HttpResponse:
    visit = scans[0].visit
    said = form.submit(save)
    if said is not None:
        messages.success(request, said)
        tasks.ring_segmentation()
        tasks.ring_review()
        tasks.ring_quality()
        return _next(request, visit.patient, is_in_use=bool(about.get("is_in_use")))
    context = {
        "visit": visit,
        "patient": visit.patient,
        "scans": scans,
        "acquired_on": quarantine.acquired_on(scans[0]),
        "is_alone": _is_alone(request),
        **about,
    }
    return form_page(request, template, form, context, changes=visit)


def _next(request: HttpRequest, patient: Patient, *, is_in_use: bool) -> HttpResponse:
    """Return to the list while something waits there, and to the patient after that."""
    if not is_in_use and quarantine.waiting_count(user=request.user):
        return redirect("quarantine")
    return redirect("patient", study_code=patient.study.code, patient_id=patient.pk)


def _named(scans: tuple[Scan, ...]) -> str:
    names = " and ".join(dict.fromkeys(f"{scan.sequence} {scan.acq_stratum}" for scan in scans))
    return f"{names} {'was' if len(scans) == 1 else 'were'}"


def _place(visit: Visit) -> str:
    return f"{visit.patient.subject_code}, {visit.name}"
