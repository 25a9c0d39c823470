"""Whether images that a worker has before it may be used: the consent of their patient."""

from django.core.exceptions import ValidationError

from mldtrial.trial.models import Patient
from mldtrial.trial.services import participation
from segmentation.imaging.errors import FailureCode, ImageError


def require_images_allowed(patient: Patient) -> None:
    """Refuse what was received before the consent for images was withdrawn."""
    try:
        participation.require_images_allowed(patient)
    except ValidationError as error:
        raise ImageError(
            FailureCode.CONSENT_WITHDRAWN,
            f"{' '.join(error.messages)} This file was destroyed: after a new consent, send it "
            "again.",
        ) from error
