"""Void what was made from images that no longer stand where they stood."""

from collections.abc import Collection

from django.db.models import Q
from django.db.models.functions import Now

from mldtrial.trial.models import Scan, Visit
from segmentation.models import JobState, ModelVersion, SegmentationRun
from segmentation.services import choosing

IMAGE_CHANGED = "IMAGE_CHANGED"
MESSAGE = "An image of this segmentation was moved or replaced. The visit is segmented again."


def void_runs(scans: Collection[Scan]) -> int:
    """Void every run that used one of some images, and choose anew which run counts.

    So is a mask that was made by correcting one of them: it was drawn on the same images.

    A run under way loses its lease, so that its worker writes nothing. The rows stay: what was
    measured, and from which image, can still be read. Call it inside a transaction, with the
    reason of the change.
    """
    standing = SegmentationRun.objects.filter(is_voided=False)
    used = standing.filter(Q(t1w_scan__in=scans) | Q(t2w_scan__in=scans))
    keys = set(used.values_list("pk", flat=True))
    corrected = standing.filter(parameters__corrected_run__in=[str(key) for key in keys])
    keys |= set(corrected.values_list("pk", flat=True))
    found = SegmentationRun.objects.filter(pk__in=keys)
    affected = set(found.values_list("visit_id", "model_version_id"))
    found.filter(state__in=[JobState.QUEUED, JobState.RUNNING]).update(
        state=JobState.CANCELLED,
        failure_code=IMAGE_CHANGED,
        message=MESSAGE,
        lease_token=None,
        lease_until=None,
        finished_at=Now(),
    )
    found.update(is_voided=True, analysis_flag=False)
    for visit_id, model_id in affected:
        choosing.flag_for_analysis(
            visit=Visit.objects.get(pk=visit_id), model=ModelVersion.objects.get(pk=model_id)
        )
    return len(keys)
