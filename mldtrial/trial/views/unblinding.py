"""Pages of unblinding: one patient in an emergency, and a whole study by two people."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from mldtrial.trial import policies, selectors
from mldtrial.trial.forms.locking import DecisionForm
from mldtrial.trial.forms.unblinding import EmergencyForm, StudyUnblindingForm
from mldtrial.trial.models import Blinding
from mldtrial.trial.selectors.second_people import others_who_may
from mldtrial.trial.services import unblinding
from mldtrial.trial.views.answers import UNPROCESSABLE, posted


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def patient_unblind(request: HttpRequest, study_code: str, patient_id: UUID) -> HttpResponse:
    """Tell the treating investigator the arm of a patient, after that is on record."""
    study = selectors.study(study_code, user=request.user)
    patient = selectors.patient(study, patient_id, user=request.user)
    policies.require(request.user, "unblind", patient)
    form = EmergencyForm(posted(request), user=request.user)
    event = form.submit(
        lambda: unblinding.unblind_in_emergency(
            patient=patient, **form.cleaned_data, by=request.user
        )
    )
    if event is not None:
        # The arm is read by the next request: the unblinding is on record by then.
        return redirect(request.path)
    context = {
        "patient": patient,
        "is_blinded": study.blinding == Blinding.BLINDED,
        "is_told": selectors.is_told(patient, user=request.user),
        "arm": selectors.arm_of(patient, user=request.user),
        "events": selectors.unblindings(study, user=request.user, patient=patient),
        "form": form,
    }
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "trial/patient_unblind.html", context, status=status)


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def study_unblind(request: HttpRequest, study_code: str) -> HttpResponse:
    """Ask for the unblinding of a whole study; show what was asked for and what was done."""
    study = selectors.study(study_code, user=request.user)
    policies.require(request.user, "unblind_study", study)
    form = StudyUnblindingForm(
        posted(request),
        user=request.user,
        statisticians=selectors.statisticians(study),
    )
    asked = form.submit(
        lambda: unblinding.request_unblinding(study=study, **form.values(), by=request.user)
    )
    if asked is not None:
        messages.success(request, "You asked for the unblinding. Another person must approve.")
        return redirect(request.path)
    context = {
        "study": study,
        "is_blinded": study.blinding == Blinding.BLINDED,
        "requests": selectors.unblinding_requests(study, user=request.user),
        "events": selectors.unblindings(study, user=request.user),
        "form": form,
    }
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "trial/study_unblind.html", context, status=status)


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def unblind_decision(request: HttpRequest, study_code: str, unblinding_id: UUID) -> HttpResponse:
    """Show a request to unblind a study, and take the decision of the second person."""
    study = selectors.study(study_code, user=request.user)
    policies.require(request.user, "unblind_study", study)
    waiting = selectors.unblinding_requests(study, user=request.user)
    asked = next((one for one in waiting if one.pk == unblinding_id), None)
    if asked is None:
        raise Http404("No such request.")
    is_own = asked.requested_by_id == request.user.pk
    form = DecisionForm(
        posted(request),
        user=request.user,
        consequence="the arms are told, and this cannot be taken back",
        is_own=is_own,
    )
    decided = form.submit(
        lambda: unblinding.decide_unblinding(
            study=study, request=asked, **form.values(), by=request.user
        )
    )
    if decided is not None:
        what = "approved and is on record" if decided.is_approved else "refused"
        messages.success(request, f"The unblinding was {what}.")
        return redirect("study_unblind", study_code=study.code)
    context = {
        "study": study,
        "asked": asked,
        "form": form,
        "is_own": is_own,
        "others": others_who_may("unblind_study", study, user=request.user) if is_own else [],
    }
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "trial/unblind_decision.html", context, status=status)
