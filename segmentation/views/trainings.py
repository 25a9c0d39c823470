"""Trainings: order one, watch it, stop it, let a failed one go on."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from mldtrial.trial import policies as trial
from mldtrial.trial.views.answers import form_page, posted
from segmentation import policies, tasks
from segmentation.forms.trainings import TrainingForm
from segmentation.selectors import trainings as selectors
from segmentation.services import trainings as services

RECENT = 20


@require_http_methods(["GET", "HEAD", "POST"])
def training_list(request: HttpRequest) -> HttpResponse:
    """Show the trainings and take an order; ``?fragment=1`` answers with the trainings."""
    user = request.user
    if not trial.held(user):
        raise Http404("Nothing here.")
    if not policies.may_with_models(user, "train_model"):
        raise PermissionDenied("Your role does not allow this.")
    found = list(selectors.trainings(user=user)[:RECENT])
    context = {"trainings": found, "is_moving": any(not one.is_finished for one in found)}
    if request.GET.get("fragment"):
        return render(request, "segmentation/_trainings.html", context)
    device = services.device_of_workers()
    form = TrainingForm(posted(request), material=selectors.material(user=user), device=device)
    ordered = form.submit(lambda: services.order(**form.values(), device=device, by=user))
    if ordered is not None:
        tasks.ring_trainings()
        messages.success(request, f"{ordered} will be trained.")
        return redirect("trainings")
    return form_page(request, "segmentation/trainings.html", form, {**context, "device": device})


@require_POST
def training_cancel(request: HttpRequest, training_id: UUID) -> HttpResponse:
    """Stop a training."""
    found = selectors.training(training_id, user=request.user)
    if services.cancel(training=found, by=request.user):
        messages.success(request, f"The training of {found} is cancelled.")
    else:
        messages.warning(request, f"The training of {found} had ended already.")
    return redirect("trainings")


@require_POST
def training_retry(request: HttpRequest, training_id: UUID) -> HttpResponse:
    """Let a training that failed go on after its last finished epoch."""
    found = selectors.training(training_id, user=request.user)
    try:
        services.retry(training=found, by=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        tasks.ring_trainings()
        messages.success(request, f"The training of {found} goes on.")
    return redirect("trainings")
