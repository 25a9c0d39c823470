"""The doorbells of the review and of the reports."""

import socket

from celery import shared_task

from analytics.services import cohort_reports, review


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
