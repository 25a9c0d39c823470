"""Masks that were made elsewhere and imported: those of a visit, and what they fit."""

from typing import Any

from django.db.models import QuerySet

from mldtrial.trial.models import Scan, Sequence, Study, Visit
from segmentation.models import ModelVersion, SegmentationRun
from segmentation.policies import visible_to
from segmentation.selectors.usable import usable_scans

IMPORTED = "IMPORT"
"""Purpose of a run whose mask was made elsewhere."""


def standing_imports(visit: Visit) -> QuerySet[SegmentationRun]:
    """Return the imported masks of a visit that are not void, one per method version."""
    return SegmentationRun.objects.filter(visit=visit, purpose=IMPORTED, is_voided=False)


def shown_imports(visit: Visit, *, user: Any) -> list[SegmentationRun]:
    """Return the imported masks of a visit with their loads, for who may see the run."""
    found = visible_to(user, standing_imports(visit))
    return list(found.select_related("model_version", "result").order_by("finished_at"))


def grids(visit: Visit) -> list[Scan]:
    """Return the T1w images in use of a visit, in whose voxels a mask is expected."""
    return list(usable_scans(Sequence.T1W).filter(visit=visit))


def words_for(scan: Scan) -> str:
    """Return what tells an image of a visit from its repeats, and says nothing of the person."""
    days = scan.days_from_visit
    when = {None: "day of the scan not known", 0: "of the day of the visit"}.get(
        days, f"days from the visit: {days}"
    )
    taken_in = f"taken in on {scan.created_at:%Y-%m-%d at %H:%M:%S} UTC"
    return f"{scan}, {when}, {taken_in}, sha256 {scan.image_sha256[:16]}…"


def latest_method(study: Study, *, user: Any) -> ModelVersion | None:
    """Return the method of the mask that was imported last in a study, for the next one."""
    found = SegmentationRun.objects.filter(visit__patient__study=study, purpose=IMPORTED)
    latest = visible_to(user, found).select_related("model_version").order_by("-finished_at")
    run = latest.first()
    return None if run is None else run.model_version
