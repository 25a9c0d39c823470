"""Give the mask of a run out."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

from mldtrial.trial import policies
from mldtrial.trial import selectors as trial
from segmentation import selectors
from segmentation.services import run_masks


@require_GET
def run_mask(request: HttpRequest, study_code: str, run_id: UUID) -> HttpResponse:
    """Send the mask of a run, as it is stored; who takes it is logged."""
    study = trial.study(study_code, user=request.user)
    run = selectors.run(run_id, user=request.user)
    if run.visit.patient.study_id != study.pk:
        raise Http404("No such run.")
    policies.require(request.user, "export_images", study)
    result = selectors.result_of(run, user=request.user)
    if result is None:
        raise Http404("No such mask.")
    try:
        path, name = run_masks.hand_out(result=result, by=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("run", study_code=study.code, run_id=run.pk)
    response = HttpResponse(path.read_bytes(), content_type="application/gzip")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
