"""Hand out the mask of a run, to be looked at or corrected elsewhere."""

from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError

from mldtrial.audit.models import AccessAction
from mldtrial.trial import policies
from mldtrial.trial.services import access
from segmentation import selectors
from segmentation.imaging.errors import ImageError
from segmentation.models import SegmentationResult
from segmentation.selectors.run_masks import why_not_taken
from segmentation.services import image_export, runs

NO_MASK = "There is no mask that may be given out."


def hand_out(*, result: SegmentationResult, by: Any) -> tuple[Path, str]:
    """Return the file of a mask and the name it leaves under, and log who takes it.

    It is the file as it is stored, in the voxels of the T1w image of its run, compared with its
    hash. Who may not see the load is given none.

    Raises
    ------
    PermissionDenied
        If the person may not export images of the study.
    ValidationError
        If the load is not for this person, the run is void, the consent for images has ended, a
        read of the visit is yet to be signed, or the file is missing or damaged.
    """
    run = result.run
    study = run.visit.patient.study
    policies.require(by, "export_images", study)
    if selectors.result_of(run, user=by) is None:
        raise ValidationError(NO_MASK)
    if why := why_not_taken(run, user=by):
        raise ValidationError(why)
    try:
        path = runs.checked_mask(result)
    except ImageError as error:
        raise ValidationError(error.message) from error
    subject = run.visit.patient.subject_code
    details = {"images": "mask", "run": str(run.pk), "sha256": result.mask_sha256}
    access.log(AccessAction.EXPORT_BEGUN, by=by, study=study, subject=subject, details=details)
    access.log_blinded_view(study=study, by=by, what="mask", subject=subject)
    return path, image_export.mask_name(run)
