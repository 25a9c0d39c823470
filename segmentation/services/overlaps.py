"""Measure how far the mask that counts agrees with those of other methods."""

import logging

from django.db.models import Exists, OuterRef, QuerySet

from mldtrial.audit.context import acting
from mldtrial.trial.models import Disposition
from mldtrial.trial.selectors.consent import without_consent_for_images
from segmentation.imaging.errors import ImageError
from segmentation.imaging.geometry import voxel_size_mm
from segmentation.imaging.nifti import read_label_map
from segmentation.imaging.overlap import OVERLAP_VERSION, overlap_of
from segmentation.models import MaskOverlap, ReleaseState, SegmentationResult
from segmentation.services import runs

log = logging.getLogger(__name__)


def unmeasured() -> QuerySet[SegmentationResult]:
    """Return the results beside which the load that counts has a mask not compared with theirs.

    Both are the ones that pages use, of the same T1w image. Each has ``counted_run``, the run that
    counts.
    """
    flagged = SegmentationResult.objects.filter(run__analysis_flag=True)
    counted = flagged.filter(
        run__model_version__state=ReleaseState.ACTIVE, run__t1w_scan=OuterRef("run__t1w_scan")
    )
    others = flagged.exclude(run__model_version__state=ReleaseState.ACTIVE).annotate(
        counted_run=counted.values("run")[:1]
    )
    known = MaskOverlap.objects.filter(
        run=OuterRef("counted_run"),
        reference_run=OuterRef("run"),
        method_version=OVERLAP_VERSION,
    )
    refused = without_consent_for_images(Disposition.objects.all())
    return (
        others.filter(counted_run__isnull=False)
        .exclude(run__visit__patient__in=refused)
        .filter(~Exists(known))
        .order_by("run__queued_at", "pk")
    )


def measure_missing(*, worker: str) -> int:
    """Compare the masks that are not compared yet; returns how many were.

    A mask whose file is missing or has changed is left out, and told to the log.
    """
    waiting = list(unmeasured().select_related("run__t1w_scan"))
    counted = SegmentationResult.objects.in_bulk([result.counted_run for result in waiting])
    with acting(origin=f"worker:{worker}"):
        return sum(_measure(counted[result.counted_run], result) for result in waiting)


def _measure(counted: SegmentationResult, reference: SegmentationResult) -> bool:
    try:
        masks = [read_label_map(runs.checked_mask(result)) for result in (counted, reference)]
    except ImageError as error:
        log.warning("Two masks cannot be compared (%s).", error.code)
        return False
    found = overlap_of(
        masks[0].data,
        masks[1].data,
        voxel_size_mm(masks[0].affine),
        reference.run.t1w_scan.acq_stratum,
    )
    _, is_new = MaskOverlap.objects.get_or_create(
        run_id=counted.pk,
        reference_run_id=reference.pk,
        method_version=OVERLAP_VERSION,
        defaults={
            "dice": found.dice,
            "hausdorff95_mm": found.hausdorff95_mm,
            "surface_dice": found.surface_dice,
        },
    )
    return is_new
