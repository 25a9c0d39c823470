"""What people ask of a segmentation: again, no longer, before all others."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from mldtrial.audit.context import because
from mldtrial.trial import policies
from mldtrial.trial.services import participation
from segmentation.models import JobState, Priority, SegmentationRun
from segmentation.services import jobs, shadowing

CANCELLED_MESSAGE = "Cancelled by a person before it was done. It can be segmented again."


@transaction.atomic
def retry_run(*, run: SegmentationRun, by: Any) -> None:
    """Queue a failed run again.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the visit is held against the run, or the run is void.
    """
    policies.require(by, "retry_job", run.visit)
    shadowing.require_open(run)
    participation.require_images_allowed(run.visit.patient)
    locked = SegmentationRun.objects.select_for_update(of=("self",)).get(pk=run.pk)
    if locked.is_voided:
        raise ValidationError("This segmentation is void: its image was moved or replaced.")
    jobs.retry(locked)
    SegmentationRun.objects.filter(pk=locked.pk).update(told_at=None)


@transaction.atomic
def cancel_run(*, run: SegmentationRun, by: Any) -> None:
    """End a segmentation that waits or is under way; it can be asked for again.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the visit is held against the run, or the run has finished.
    """
    policies.require(by, "cancel_job", run.visit)
    shadowing.require_open(run)
    with because("Cancelled"):
        if not jobs.cancel(run, message=CANCELLED_MESSAGE):
            raise ValidationError("This segmentation has finished already.")


@transaction.atomic
def put_first(*, run: SegmentationRun, by: Any) -> None:
    """Have a waiting segmentation done before all others.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the visit is held against the run, or the run does not wait.
    """
    policies.require(by, "order_segmentations", run.visit)
    shadowing.require_open(run)
    waiting = SegmentationRun.objects.filter(pk=run.pk, state=JobState.QUEUED)
    with because("Put first"):
        if not waiting.update(priority=Priority.URGENT, not_before=None):
            raise ValidationError("This segmentation does not wait any more.")
