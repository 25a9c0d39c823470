"""Whether a person may take the mask of a run out, and what its file is called."""

from typing import Any

from mldtrial.trial.selectors.consent import has_ended_for_images
from segmentation.models import SegmentationRun
from segmentation.selectors.mask_reviews import has_read_to_sign

VOID = (
    "This result is void, so its mask is not given out: the image may belong to another visit by "
    "now."
)
NO_CONSENT = "The consent for images has ended, so the mask is not given out."
READ_FIRST = (
    "You have yet to sign a severity read of this visit, which its mask must not sway. Another "
    "data manager takes it, or you do after the signature."
)


def why_not_taken(run: SegmentationRun, *, user: Any) -> str:
    """Return why the mask of a run with a result is not given out; empty if it is."""
    if run.is_voided:
        return VOID
    if has_ended_for_images(run.visit.patient):
        return NO_CONSENT
    return READ_FIRST if has_read_to_sign(user, run.visit) else ""
