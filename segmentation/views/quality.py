"""Pictures of images, and measuring an image again."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from mldtrial.trial import policies
from mldtrial.trial import selectors as trial
from mldtrial.trial.selectors.consent import has_ended_for_images
from segmentation import selectors, tasks
from segmentation.models import JobState, ScanQuality
from segmentation.services import quality, store


@require_safe
def quality_picture(request: HttpRequest, study_code: str, quality_id: UUID) -> HttpResponse:
    """Return the picture of an image, in which the brain alone is drawn."""
    study = trial.study(study_code, user=request.user)
    row = selectors.scan_quality(study, quality_id, user=request.user)
    policies.require(request.user, "view_snapshots", row.scan.visit)
    return picture(row)


def picture(row: ScanQuality) -> HttpResponse:
    """Return the picture of a measurement.

    Raises
    ------
    Http404
        If none was drawn, or the consent for images has ended.
    """
    if has_ended_for_images(row.scan.visit.patient):
        raise Http404("No picture is shown any more.")
    path = store.mosaic_path(row.mosaic_sha256)
    if row.state != JobState.SUCCEEDED or not row.mosaic_sha256 or not path.exists():
        raise Http404("No such picture.")
    return HttpResponse(path.read_bytes(), content_type="image/png")


@require_POST
def quality_retry(request: HttpRequest, study_code: str, quality_id: UUID) -> HttpResponse:
    """Measure an image again, and draw its picture."""
    study = trial.study(study_code, user=request.user)
    row = selectors.scan_quality(study, quality_id, user=request.user)
    try:
        quality.measure_again(row=row, by=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        tasks.ring_quality()
        messages.success(request, "The image will be measured and its picture drawn.")
    return redirect("patient", study_code=study.code, patient_id=row.scan.visit.patient_id)
