"""Claim, hold, finish and take back jobs: one mechanism for uploads and runs.

The row is the truth. A claim sets a fencing token that only this attempt knows; every later
write names it, so a worker that was paused beyond its lease changes nothing. Whether a lease
has run out is decided by the database's clock alone.
"""

import logging
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import F, Max, Q, QuerySet
from django.db.models.functions import Coalesce, Now

from mldtrial.audit.context import because
from mldtrial.audit.guards import refusal
from mldtrial.trial.models import Site, Visit
from mldtrial.trial.selectors import lock_of
from segmentation.imaging.errors import FailureCode, FileMissingError, ImageError
from segmentation.models import Job, JobState, Priority
from segmentation.services import heartbeat as beat
from segmentation.services.failpoints import reach
from segmentation.services.faults import HUNG, Fault, fault_of
from segmentation.services.heartbeat import Heartbeat, LeaseLostError, held, lease_end

log = logging.getLogger(__name__)
JobT = TypeVar("JobT", bound=Job)

WORKER_LOST = "WORKER_LOST"
CANCELLED = "CANCELLED"
RECORD_LOCKED = FailureCode.RECORD_LOCKED.value
LOCKED_MESSAGE = (
    "This visit is frozen or locked, so nothing was added to it. Ask the data manager to open it, "
    "then try again."
)
LOST_MESSAGE = (
    "The worker was lost several times during this job. Tell the administrator; then try again."
)

__all__ = ["Heartbeat", "LeaseLostError"]


AFRESH: dict[str, Any] = {
    "state": JobState.QUEUED,
    "attempt": 0,
    "failure_code": "",
    "message": "",
    "finished_at": None,
    "not_before": None,
    "claimed_at": None,  # else its new turn would seem to have come already
}
"""The columns of a job that begins anew."""

ALL = Q()
ORDER = ("-priority", "turn", "queued_at", "pk")
"""In which jobs are claimed."""
IS_DUE = Q(not_before__isnull=True) | Q(not_before__lte=Now())
"""Jobs that are not put off."""


def next_turn(model: type[Job], site: Site, priority: int = Priority.NORMAL) -> int:
    """Return the turn of a new job, so that 500 jobs of one site do not delay another's first.

    It is the greater of the site's last turn plus one and the turn claimed last, among jobs of the
    same priority.
    """
    equals = model._default_manager.filter(priority=priority)
    # What was cancelled before its turn came says nothing of how far the turns are, nor has the
    # site had that turn.
    taken = equals.exclude(state=JobState.CANCELLED, claimed_at__isnull=True)
    own = taken.filter(site=site).aggregate(last=Max("turn"))["last"]
    claimed = equals.filter(claimed_at__isnull=False).aggregate(last=Max("turn"))
    return max(-1 if own is None else own, (claimed["last"] or 0) - 1) + 1


def claim_next(model: type[JobT], *, worker: str, only: Q = ALL) -> JobT | None:
    """Take the next waiting job for this worker, or return None.

    Parameters
    ----------
    worker : str
        Name of the worker, for people.
    only : Q
        Which jobs this worker can do.
    """
    token = uuid4()
    with transaction.atomic():
        unclaimed = model._default_manager.select_for_update(of=("self",), skip_locked=True)
        job = unclaimed.filter(IS_DUE, only, state=JobState.QUEUED).order_by(*ORDER).first()
        if job is None:
            return None
        model._default_manager.filter(pk=job.pk).update(
            state=JobState.RUNNING,
            attempt=F("attempt") + 1,
            worker=worker,
            lease_token=token,
            lease_until=lease_end(),
            progress=0.0,
            progress_step="",
            progress_at=Now(),
            claimed_at=Now(),
            not_before=None,
            message="",
        )
    job.refresh_from_db()
    return job


def waiting(model: type[JobT], *, only: Q = ALL) -> QuerySet[JobT]:
    """Return the jobs that wait, in the order in which they will be claimed; claims none."""
    return model._default_manager.filter(IS_DUE, only, state=JobState.QUEUED).order_by(*ORDER)


def succeed(job: Job, **columns: object) -> None:
    """Mark a job as done; call it inside the transaction that records the result.

    Raises
    ------
    LeaseLostError
        If another attempt has the job: the transaction must be rolled back.
    """
    updated = (
        type(job)
        ._default_manager.filter(held(job))
        .update(
            state=JobState.SUCCEEDED,
            lease_token=None,
            lease_until=None,
            finished_at=Now(),
            progress=1.0,
            progress_step="",
            **columns,
        )
    )
    if not updated:
        raise LeaseLostError


def end_badly(job: Job, *, state: str, code: str, message: str) -> None:
    """Mark a job as refused or failed, unless another attempt has it."""
    type(job)._default_manager.filter(held(job)).update(
        state=state,
        failure_code=code,
        message=message,
        lease_token=None,
        lease_until=None,
        finished_at=Now(),
    )


def put_off(job: Job, *, fault: Fault) -> None:
    """Queue a job for a later attempt where its fault may pass, or mark it as failed.

    The pause grows with each attempt, and after the last one the job has failed.
    """
    if not fault.passes or job.attempt >= settings.JOB_MAX_ATTEMPTS:
        end_badly(job, state=JobState.FAILED, code=fault.code, message=fault.message)
        return
    pause = timedelta(seconds=settings.JOB_BACKOFF_SECONDS * 4 ** (job.attempt - 1))
    type(job)._default_manager.filter(held(job)).update(
        state=JobState.QUEUED,
        lease_token=None,
        lease_until=None,
        not_before=Now() + pause,
        progress=0.0,
        progress_step="",
        message=f"{fault.message} It is tried again by itself.",
    )


def cancel(job: Job, *, message: str) -> bool:
    """End a job that has not finished; returns whether it had not.

    Whoever works on it has lost its lease and writes nothing.
    """
    return bool(cancel_all(type(job)._default_manager.filter(pk=job.pk), message=message))


def cancel_all(found: QuerySet[Any], *, message: str, code: str = CANCELLED) -> int:
    """End those of some jobs that have not finished, as `cancel` does; returns how many."""
    unfinished = found.filter(state__in=[JobState.QUEUED, JobState.RUNNING])
    return unfinished.update(
        state=JobState.CANCELLED,
        failure_code=code,
        message=message,
        lease_token=None,
        lease_until=None,
        not_before=None,
        finished_at=Now(),
    )


def hand_back(job: Job) -> None:
    """Put a job back at a planned stop; the attempt does not count."""
    type(job)._default_manager.filter(held(job)).update(
        state=JobState.QUEUED,
        attempt=F("attempt") - 1,
        lease_token=None,
        lease_until=None,
    )


def execute_next(
    model: type[JobT],
    work: Callable[[JobT, Heartbeat], None],
    *,
    worker: str,
    only: Q = ALL,
) -> JobT | None:
    """Claim the next waiting job, of those that `only` names, and do its work; None if none.

    A fault of the images ends as refused with its sentence. A fault that may pass, such as a lack
    of memory or a file that is not there, puts the job off; it is tried again by itself, so many
    times in all; where this process can do no other job either, it ends, and its supervisor starts
    another. Anything else ends as failed with the details in the log. A worker that has lost its
    lease writes nothing; one that is told to stop hands its job back.
    """
    job = claim_next(model, worker=worker, only=only)
    if job is None:
        return None
    reach(f"{model._meta.model_name}_after_claim")
    try:
        with Heartbeat(job, give_up=partial(put_off, fault=HUNG)) as heartbeat:
            work(job, heartbeat)
    except LeaseLostError:
        log.warning("A job lost its lease; nothing was written.")
    except Exception as error:  # noqa: BLE001 - whatever it is, the job ends with it
        _end(job, error)
    except BaseException:
        hand_back(job)
        raise
    job.refresh_from_db()
    return job


def _end(job: Job, error: Exception) -> None:
    """Refuse, put off or fail a job for what stopped it; end a process that can do no other."""
    if isinstance(error, ImageError) and not isinstance(error, FileMissingError):
        end_badly(job, state=JobState.REJECTED, code=error.code, message=error.message)
        return
    if refusal(error):
        end_badly(job, state=JobState.REJECTED, code=RECORD_LOCKED, message=LOCKED_MESSAGE)
        return
    log.error("A job failed.", exc_info=error)
    fault = fault_of(error)
    put_off(job, fault=fault)
    if fault.spoils_process:
        beat.end_process()


def require_open(visit: Visit) -> None:
    """Raise before the work begins where a lock would refuse its result.

    Raises
    ------
    ImageError
        If the visit is frozen or locked.
    """
    if lock_of(visit) is not None:
        raise ImageError(FailureCode.RECORD_LOCKED, LOCKED_MESSAGE)


def take_back_lost(model: type[Job]) -> int:
    """Queue again what a lost worker left behind, or fail it after the last attempt."""
    expired = Q(state=JobState.RUNNING, lease_until__lt=Now())
    manager, limit = model._default_manager, settings.JOB_MAX_ATTEMPTS
    freed = {"lease_token": None, "lease_until": None}
    again = manager.filter(expired, attempt__lt=limit).update(state=JobState.QUEUED, **freed)
    failed = manager.filter(expired, attempt__gte=limit).update(
        state=JobState.FAILED,
        failure_code=WORKER_LOST,
        message=LOST_MESSAGE,
        finished_at=Now(),
        **freed,
    )
    return again + failed


def due_for_ringing(model: type[Job]) -> int:
    """Mark the waiting jobs whose last ring is too long ago, and return how many they are."""
    quiet_since = Now() - timedelta(seconds=settings.JOB_RING_AGAIN_SECONDS)
    return (
        model._default_manager.annotate(rung=Coalesce("rung_at", "queued_at"))
        .filter(IS_DUE, state=JobState.QUEUED, rung__lt=quiet_since)
        .update(rung_at=Now())
    )


def retry(job: Job, *, priority: Priority | None = None) -> bool:
    """Queue a failed or refused job again, with all its attempts; returns whether it was one.

    Its turn is that of a new job: 500 that are tried again delay another site's first no more than
    500 new ones.

    Parameters
    ----------
    priority : Priority or None
        What it is given, with a turn among those of that priority; None: it keeps its own.
    """
    ended = type(job)._default_manager.filter(
        pk=job.pk, state__in=[JobState.FAILED, JobState.REJECTED, JobState.CANCELLED]
    )
    columns = dict(AFRESH)
    site = getattr(job, "site", None)  # what is of a whole study has none, and takes no turns
    if site is not None:
        columns["priority"] = job.priority if priority is None else priority
        columns["turn"] = next_turn(type(job), site, columns["priority"])
    with because("Tried again"):
        return bool(ended.update(**columns))


def running_tokens(model: type[Job]) -> set[UUID]:
    """Return the tokens of the attempts under way."""
    return {
        token
        for token in model._default_manager.filter(state=JobState.RUNNING).values_list(
            "lease_token", flat=True
        )
        if token is not None
    }
