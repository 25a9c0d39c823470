"""Masks of methods at the same image that are not compared yet."""

from django.db.models import Exists, OuterRef, QuerySet

from mldtrial.trial.models import Disposition
from mldtrial.trial.selectors.consent import without_consent_for_images
from segmentation.imaging.overlap import OVERLAP_VERSION
from segmentation.models import MaskOverlap, ReleaseState, SegmentationResult


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
