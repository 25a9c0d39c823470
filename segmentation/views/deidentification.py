"""The procedure of de-identification, for the page that shows it before anything is sent."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from mldtrial.trial import selectors as trial
from segmentation.imaging.dicom.preview import procedure_facts
from segmentation.services.dicom import deidentification_options


@require_safe
def procedure(request: HttpRequest, study_code: str) -> JsonResponse:
    """Answer with what the procedure of a study does to each attribute, as JSON."""
    study = trial.study(study_code, user=request.user)
    return JsonResponse(procedure_facts(deidentification_options(study)))
