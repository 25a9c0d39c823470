"""Segment a cohort and watch it: orders, the queue of a study, and what failed."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from mldtrial.trial import policies
from mldtrial.trial import selectors as trial
from mldtrial.trial.models import Study
from mldtrial.trial.views.answers import asked_next, form_page, posted
from segmentation import selectors, tasks
from segmentation.forms.segmentations import BatchForm
from segmentation.selectors import progress
from segmentation.selectors import segmentations as standing
from segmentation.services import batches, run_requests

SHOWN = 20
ORDERS_SHOWN = 5


@require_http_methods(["GET", "HEAD", "POST"])
def segmentations_page(request: HttpRequest, study_code: str) -> HttpResponse:
    """Show where the segmentations of a study stand, and take an order for the cohort.

    With ``?fragment=1`` it answers with what moves.
    """
    study = trial.study(study_code, user=request.user)
    action = "order_segmentations" if request.method == "POST" else "view_segmentations"
    policies.require(request.user, action, study)
    found = standing.methods(study, user=request.user)
    context = {**_context(request, study), "methods": found}
    if request.GET.get("fragment"):
        return render(request, "segmentation/_segmentations_again.html", context)
    form = BatchForm(posted(request), models=[one.model for one in found])
    ordered = form.submit(lambda: batches.order(study=study, by=request.user, **form.values()))
    if ordered is not None:
        tasks.ring_batches()
        messages.success(request, "The cohort is being looked through. Its visits appear below.")
        return redirect("segmentations", study_code=study.code)
    return form_page(request, "segmentation/segmentations.html", form, context)


def _context(request: HttpRequest, study: Study) -> dict[str, object]:
    orders = standing.batches(study, user=request.user, at_most=ORDERS_SHOWN)
    unfinished = standing.unfinished(study, user=request.user)
    ended = standing.ended_badly(study, user=request.user)
    shown = list(unfinished[:SHOWN])
    return {
        "study": study,
        "orders": [(one, progress.time_left(one.seconds_left)) for one in orders],
        "unfinished": [(run, progress.time_left(progress.seconds_left(run))) for run in shown],
        "unfinished_count": unfinished.count(),
        "ended": list(ended[:SHOWN]),
        "ended_count": ended.count(),
        "failed_count": standing.worth_another_try(ended).count(),
        "is_moving": bool(shown) or any(one.is_open for one in orders),
        "may_order": policies.may(request.user, "order_segmentations", study),
    }


@require_POST
def batch_cancel(request: HttpRequest, study_code: str, order_id: UUID) -> HttpResponse:
    """Stop an order."""
    study = trial.study(study_code, user=request.user)
    batch = standing.batch(study, order_id, user=request.user)
    count = batches.cancel(batch=batch, by=request.user)
    noun = "segmentation was" if count == 1 else "segmentations were"
    messages.success(request, f"The order was stopped; {count} {noun} cancelled.")
    return redirect("segmentations", study_code=study.code)


@require_POST
def runs_retry(request: HttpRequest, study_code: str) -> HttpResponse:
    """Queue every failed segmentation of a study again."""
    study = trial.study(study_code, user=request.user)
    policies.require(request.user, "order_segmentations", study)
    count = batches.retry_failed(study=study, by=request.user)
    tasks.ring_segmentation()
    noun = "segmentation is" if count == 1 else "segmentations are"
    messages.success(request, f"{count} failed {noun} tried again.")
    return redirect("segmentations", study_code=study.code)


@require_POST
def run_cancel(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """End a segmentation that waits or runs."""
    run = selectors.run(run_id, user=request.user)
    try:
        run_requests.cancel_run(run=run, by=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, "The segmentation was cancelled.")
    if back := asked_next(request):
        return redirect(back)
    return redirect("run", study_code=run.visit.patient.study.code, run_id=run.pk)


@require_POST
def run_first(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Have a waiting segmentation done before all others."""
    run = selectors.run(run_id, user=request.user)
    try:
        run_requests.put_first(run=run, by=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        tasks.ring_segmentation()
        messages.success(request, "It goes before all that was not put first.")
    return redirect("segmentations", study_code=run.visit.patient.study.code)
