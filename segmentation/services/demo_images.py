"""Images of the demonstration study that are drawn only when somebody needs them."""

from uuid import uuid4

from mldtrial.trial.models import Origin, Scan
from segmentation.demo import plan
from segmentation.demo.images import draw
from segmentation.imaging.nifti import store_clean_copy
from segmentation.services import store


def ensure_image(scan: Scan) -> None:
    """Draw the image of a demonstration scan if it is not in the store yet.

    Raises
    ------
    ImageError
        HASH_MISMATCH if what is drawn is not what was recorded; nothing is stored then.
    """
    if scan.origin != Origin.DEMO or store.image_path(scan.image_sha256).exists():
        return
    visit = scan.visit
    for planned in plan.PATIENTS:
        if planned.subject_code != visit.patient.subject_code:
            continue
        for visit_plan in planned.visits:
            if visit.definition and visit_plan.definition_code == visit.definition.code:
                _draw_into_store(planned, visit_plan, scan)


def _draw_into_store(
    planned: plan.PlannedPatient, visit_plan: plan.PlannedVisit, scan: Scan
) -> None:
    with store.temporary_folder(uuid4()) as folder:
        path = draw(planned, visit_plan, folder)[scan.sequence]
        clean = folder / "clean.nii.gz"
        store_clean_copy(path, clean, fsync=True)
        store.verified(clean, scan.image_sha256)
        store.publish(clean, store.image_path(scan.image_sha256))
