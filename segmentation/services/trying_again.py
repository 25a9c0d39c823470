"""Try again what was refused for a reason that has passed, with the same images."""

from django.db import transaction

from mldtrial.audit.models import LockLevel
from mldtrial.trial.models import Disposition, Visit
from mldtrial.trial.selectors.consent import without_consent_for_images
from mldtrial.trial.selectors.locks import held_ids
from segmentation.imaging.errors import FailureCode
from segmentation.models import (
    JobState,
    ModelVersion,
    Priority,
    SegmentationBatch,
    SegmentationRun,
)
from segmentation.selectors.left_out import uses_set_aside
from segmentation.selectors.usable import chosen_scans
from segmentation.services import jobs, store

PASSING = (
    FailureCode.RECORD_LOCKED.value,
    FailureCode.CONSENT_WITHDRAWN.value,
    FailureCode.FILE_MISSING.value,
)
"""What ended a run and can be seen to have passed."""


def queue_mended(model: ModelVersion) -> list[SegmentationRun]:
    """Queue again what a lock, a consent or a missing file refused, and nothing refuses any more.

    Only runs of the images that would be chosen today: others would not count.
    """
    ended = SegmentationRun.objects.filter(
        model_version=model,
        is_voided=False,
        failure_code__in=PASSING,
        state__in=[JobState.REJECTED, JobState.FAILED],
    )
    ended = ended.exclude(visit__in=held_ids(at_least=LockLevel.FROZEN)).exclude(
        visit__patient__in=without_consent_for_images(Disposition.objects.all())
    )
    found = ended.select_related("visit", "t1w_scan", "t2w_scan").order_by("queued_at")
    return [run for run in found if _has_its_images(run) and ask_again(run)]


@transaction.atomic
def ask_again(run: SegmentationRun, *, batch: SegmentationBatch | None = None) -> bool:
    """Queue a run that ended without a result, so that people are told if it does so again.

    Returns whether it was one, and is neither void nor of a scan that is set aside by now.

    Parameters
    ----------
    batch : SegmentationBatch or None
        The order that it becomes a run of; None: it stays with its own.
    """
    # Whoever voids runs or sets scans aside holds the visit first as well.
    Visit.objects.select_for_update(of=("self",)).get(pk=run.visit_id)
    locked = SegmentationRun.objects.select_for_update(of=("self",)).get(pk=run.pk)
    if locked.is_voided or is_of_set_aside(locked):
        return False
    if not jobs.retry(locked, priority=None if batch is None else Priority.BATCH):
        return False
    moved = {} if batch is None else {"batch": batch}
    SegmentationRun.objects.filter(pk=locked.pk).update(told_at=None, **moved)
    return True


def is_of_set_aside(run: SegmentationRun) -> bool:
    """Return whether a person has set a scan of a run aside."""
    return SegmentationRun.objects.filter(uses_set_aside(), pk=run.pk).exists()


def _has_its_images(run: SegmentationRun) -> bool:
    """Return whether the images of a run are those that would be chosen, and lie in the store."""
    chosen = chosen_scans(run.visit, run.model_version)
    return chosen == run.scans and all(
        store.image_path(scan.image_sha256).exists() for scan in run.scans.values()
    )
