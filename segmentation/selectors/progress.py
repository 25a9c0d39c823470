"""How far a job has come, how many wait before it, and how long it still takes, in words."""

from django.db.models import Q
from django.utils import timezone

from segmentation.models import Job, JobState, SegmentationRun
from segmentation.selectors import needs

LEAST_SHARE = 0.1
"""Of the work done before its pace says anything."""


def waiting_before(job: Job) -> int:
    """Return how many jobs of the own site wait before this one; other sites are not counted."""
    waiting = type(job)._default_manager.filter(state=JobState.QUEUED, site=job.site_id)
    if isinstance(job, SegmentationRun):
        waiting = waiting.filter(needs.equals_of(job))
    goes_first = Q(priority__gt=job.priority) | Q(priority=job.priority, turn__lt=job.turn)
    return waiting.filter(goes_first).count()


def place_of(job: Job) -> str:
    """Return in words when a waiting job is taken."""
    if job.not_before is not None and job.not_before > timezone.now():
        return "tried again in a moment"
    before = waiting_before(job)
    return "next" if before == 0 else f"{before + 1}. of your site"


def seconds_left(job: Job) -> float | None:
    """Return how many seconds a running job still takes at its pace so far; None if unknown."""
    is_known = job.state == JobState.RUNNING and job.progress >= LEAST_SHARE
    if not is_known or job.claimed_at is None or job.progress_at is None:
        return None
    taken = (job.progress_at - job.claimed_at).total_seconds()
    left = taken * (1 - job.progress) / job.progress
    # Time goes on between two words of progress.
    return max(0.0, left - (timezone.now() - job.progress_at).total_seconds())


def time_left(seconds: float | None) -> str:
    """Return a time in words that promise no more than is known; empty for an unknown one."""
    if seconds is None:
        return ""
    for unit, size, least in (("h", 3600, 5400), ("min", 60, 50)):
        if seconds >= least:
            return f"about {max(1, round(seconds / size))} {unit} left"
    return "less than a minute left"
