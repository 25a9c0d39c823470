"""Masks of methods at the same image that are not compared yet."""

from django.db.models import BooleanField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet

from mldtrial.trial.models import Disposition
from mldtrial.trial.selectors.consent import without_consent_for_images
from segmentation.imaging.overlap import OVERLAP_VERSION
from segmentation.models import MaskOverlap, ReleaseState, SegmentationRun

ACTIVE = Q(model_version__state=ReleaseState.ACTIVE)


def unmeasured() -> QuerySet[SegmentationRun]:
    """Return the runs whose mask is not compared with that of another method, a row for each pair.

    Both are the ones that pages use, of the same T1w image. Each has `partner`, the other run. The
    run that counts comes first in its pair, and its pairs before others; how far two masks agree
    does not depend on which is named first.
    """
    flagged = SegmentationRun.objects.filter(analysis_flag=True, result__isnull=False)
    beside = "t1w_scan__runs_as_t1w"
    pairs = flagged.annotate(
        partner=F(beside),
        is_partner_used=F(f"{beside}__analysis_flag"),
        partner_state=F(f"{beside}__model_version__state"),
        counts=ExpressionWrapper(ACTIVE, output_field=BooleanField()),
    ).filter(is_partner_used=True)
    each_once = ACTIVE & ~Q(partner=F("pk")) | (
        ~ACTIVE & ~Q(partner_state=ReleaseState.ACTIVE) & Q(partner__gt=F("pk"))
    )
    known = MaskOverlap.objects.filter(method_version=OVERLAP_VERSION)
    refused = without_consent_for_images(Disposition.objects.all())
    return (
        pairs.filter(each_once)
        .exclude(visit__patient__in=refused)
        .filter(
            ~Exists(known.filter(run=OuterRef("pk"), reference_run=OuterRef("partner"))),
            ~Exists(known.filter(run=OuterRef("partner"), reference_run=OuterRef("pk"))),
        )
        .order_by("-counts", "queued_at", "pk", "partner")
    )
