"""What people ask of a segmentation: again, no longer, before all others."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from mldtrial.audit.context import because
from mldtrial.trial import policies
from mldtrial.trial.services import locking, participation
from segmentation.models import (
    ENDED_BADLY,
    JobState,
    Priority,
    ReleaseState,
    SegmentationRun,
)
from segmentation.services import jobs, runs, shadowing, trying_again
from segmentation.services.models import active_model
from segmentation.services.unsegmented import why_not

VOID = "This segmentation is void: its image was moved or replaced."
SET_ASIDE = (
    "An image of this segmentation is set aside. Take it back, and the visit is segmented by it."
)
CANCELLED_MESSAGE = "Cancelled by a person before it was done. It can be segmented again."


@transaction.atomic
def retry_run(*, run: SegmentationRun, by: Any) -> SegmentationRun:
    """Queue a failed run again; of a retired method, that of the active one. Returns which.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the visit is held against the run, the run is void or of a scan
        that is set aside, or its method is retired and the active one has segmented the visit, or
        cannot.
    """
    policies.require(by, "retry_job", run.visit)
    shadowing.require_open(run)
    participation.require_images_allowed(run.visit.patient)
    # What counts when this is asked is what counts when it is committed.
    locking.keep_others_still()
    found = SegmentationRun.objects.select_related("model_version").get(pk=run.pk)
    if found.is_voided:
        raise ValidationError(VOID)
    if found.state in ENDED_BADLY and found.model_version.state == ReleaseState.RETIRED:
        found = _by_what_counts(found)
    if found.state in ENDED_BADLY and not trying_again.ask_again(found):
        raise ValidationError(SET_ASIDE if trying_again.is_of_set_aside(found) else VOID)
    return found


def _by_what_counts(run: SegmentationRun) -> SegmentationRun:
    """Return the run of the active method at the visit of one of a retired method."""
    retired, active = run.model_version, active_model()
    found = None if active is None else runs.queue_run(visit=run.visit)
    if active is not None and found is None:
        raise ValidationError(
            f"{retired} is retired, and {active} takes its place. {why_not(run.visit, active)}"
        )
    if found is None:
        raise ValidationError(f"{retired} is retired, and no method is active.")
    if found.state == JobState.SUCCEEDED:
        raise ValidationError(f"{retired} is retired; {active} has segmented this visit.")
    return found


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
    turn = run.turn
    if run.priority != Priority.URGENT:
        turn = jobs.next_turn(SegmentationRun, run.site, Priority.URGENT)
    with because("Put first"):
        if not waiting.update(priority=Priority.URGENT, turn=turn, not_before=None):
            raise ValidationError("This segmentation does not wait any more.")
