"""The doorbell of the review."""

import socket

from celery import shared_task

from analytics.services import review


@shared_task
def review_queued() -> None:
    """Review the series whose flags are not what the data say."""
    review.review_queued(origin=f"worker:review@{socket.gethostname()}")
