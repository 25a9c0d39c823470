"""The doorbells of the review, of the reports and of intervals that somebody waits for."""

import logging
import socket

from celery import shared_task
from django.db import transaction
from kombu.exceptions import OperationalError

from analytics.services import cohort_reports, intervals, review

log = logging.getLogger(__name__)


@shared_task
def review_queued() -> None:
    """Review the series whose flags are not what the data say."""
    review.review_queued(origin=f"worker:review@{socket.gethostname()}")


@shared_task
def make_reports() -> None:
    """Queue the cohort reports that are due, make what waits, and tell whose are ready."""
    cohort_reports.take_back_lost()
    cohort_reports.queue_due(on=cohort_reports.today())
    worker = f"exports@{socket.gethostname()}"
    while cohort_reports.execute_next(worker=worker) is not None:
        pass
    cohort_reports.tell_of_reports()


@shared_task
def compute_intervals() -> None:
    """Compute intervals until nobody waits for any."""
    while intervals.execute_next():
        pass


def ring_intervals() -> None:
    """Ring for intervals once the transaction has committed; the page that waits rings again."""
    transaction.on_commit(_ring_for_intervals, robust=True)


def _ring_for_intervals() -> None:
    try:
        compute_intervals.app.send_task(compute_intervals.name, queue="exports")
    except (OSError, OperationalError):
        log.warning("The broker did not answer; a page that waits will ring again.")
