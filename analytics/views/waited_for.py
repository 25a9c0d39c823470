"""Intervals that a page or a file has to wait for: ordered, and where the order stands."""

from typing import Any

from analytics import tasks
from analytics.services import intervals
from analytics.services.intervals import Asked, Standing
from mldtrial.trial.models import Study


def ordered(study: Study, *, by: Any, asked: Asked) -> Standing:
    """Order what is lacking, tell a worker if none knows, and return where it stands."""
    if intervals.order(study=study, by=by, asked=asked):
        tasks.ring_intervals()
    found = intervals.standing(study=study, by=by, asked=asked)
    # Done since: the next look finds them.
    return found or Standing.WAITING


def asked_again(study: Study, *, by: Any, asked: Asked) -> Standing | None:
    """Return where an order stands, after a worker was told once more if nobody has begun it."""
    found = intervals.standing(study=study, by=by, asked=asked)
    if found == Standing.UNHEARD:
        intervals.note_ring(study=study, by=by, asked=asked)
        tasks.ring_intervals()
    return found
