"""The models that make numbers: the list, the card of one, and taking a candidate out of use."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from mldtrial.trial.services import access
from mldtrial.trial.views.answers import form_page, posted
from segmentation import card_text, policies, selectors
from segmentation.forms.models import ReinstateForm, RetireForm
from segmentation.models import ReleaseState
from segmentation.selectors import model_page as page
from segmentation.selectors import promotions
from segmentation.selectors.intervals import calibration_of
from segmentation.services import models


@require_safe
def model_list(request: HttpRequest) -> HttpResponse:
    """List the registered models, the active one first."""
    context = {
        "models": selectors.models(user=request.user),
        "may_train": policies.may_with_models(request.user, "train_model"),
    }
    return render(request, "segmentation/models.html", context)


@require_safe
def model_page(request: HttpRequest, model_id: UUID) -> HttpResponse:
    """Show a model: its state and history, how it is run, what was measured, its card."""
    user = request.user
    model = selectors.model(model_id, user=user)
    is_candidate = model.state == ReleaseState.CANDIDATE
    for study in page.studies_measured(model, user=user):
        access.log_blinded_view(study=study, by=user, what="measurement of a model")
    context = {
        "model": model,
        "history": page.state_history(model),
        "training": page.training(model, user=user),
        "result_count": page.result_count(model, user=user),
        "calibration": calibration_of(model, user=user),
        "evaluations": page.evaluations(model, user=user),
        "is_measured_beyond_reach": page.is_measured_beyond_reach(model, user=user),
        "settings": page.settings(model),
        "files": page.files(model),
        "card": card_text.html_of(model.card),
        "is_candidate": is_candidate,
        "is_compared": model.state != ReleaseState.ACTIVE,
        "compared_in": page.studies_of_impact(user=user),
        "proposals": promotions.proposals(model, user=user),
        "may_promote": is_candidate and policies.may_with_models(user, "promote_model"),
        "may_retire": is_candidate and policies.may_with_models(user, "retire_model"),
        "may_reinstate": model.state == ReleaseState.RETIRED
        and policies.may_with_models(user, "retire_model"),
    }
    return render(request, "segmentation/model.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def model_retire(request: HttpRequest, model_id: UUID) -> HttpResponse:
    """Take a candidate out of use, with a reason."""
    model = selectors.model(model_id, user=request.user)
    if not policies.may_with_models(request.user, "retire_model"):
        raise PermissionDenied("Your role does not allow this.")
    form = RetireForm(posted(request))
    retired = form.submit(
        lambda: models.retire(model=model, by=request.user, reason=form.cleaned_data["reason"])
    )
    if retired is not None:
        messages.success(request, f"{model} is retired. Its results stay.")
        return redirect("model", model_id=model.pk)
    return form_page(request, "segmentation/model_retire.html", form, {"model": model})


@require_http_methods(["GET", "HEAD", "POST"])
def model_reinstate(request: HttpRequest, model_id: UUID) -> HttpResponse:
    """Make a retired model a candidate again, with a reason."""
    model = selectors.model(model_id, user=request.user)
    if not policies.may_with_models(request.user, "retire_model"):
        raise PermissionDenied("Your role does not allow this.")
    form = ReinstateForm(posted(request))
    candidate = form.submit(
        lambda: models.reinstate(model=model, by=request.user, reason=form.cleaned_data["reason"])
    )
    if candidate is not None:
        messages.success(request, f"{model} is a candidate again. Nothing counts by it yet.")
        return redirect("model", model_id=model.pk)
    return form_page(request, "segmentation/model_reinstate.html", form, {"model": model})
