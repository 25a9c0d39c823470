"""Doorbells: each says "look in the queue", and works until nothing waits."""

import logging
import socket

from celery import Task, shared_task
from django.db import transaction
from kombu.exceptions import OperationalError

from mldtrial.audit.context import acting
from segmentation.models import JobState, Upload
from segmentation.selectors import needs
from segmentation.selectors.overlaps import unmeasured
from segmentation.services import (
    batches,
    compliance,
    image_orders,
    intake,
    mask_reviews,
    overlaps,
    quality,
    run_pictures,
    runs,
    tissue,
    trainings,
)

log = logging.getLogger(__name__)
REVIEW_TASK = "analytics.tasks.review_queued"
REPORTS_TASK = "analytics.tasks.make_reports"


@shared_task
def intake_queued() -> None:
    """Take in uploads until none waits, and ask for the segmentations they make possible."""
    worker = f"imaging@{socket.gethostname()}"
    while (upload := intake.execute_next(worker=worker)) is not None:
        if upload.state == JobState.SUCCEEDED:
            with acting(origin=f"worker:{worker}"):
                runs.queue_run(visit=upload.visit)
            ring_segmentation()
            ring_quality()


@shared_task
def measure_queued() -> None:
    """Measure the quality of images until none waits; an upload that waits goes first."""
    worker = f"imaging@{socket.gethostname()}"
    with acting(origin=f"worker:{worker}"):
        quality.queue_missing()
    while not Upload.objects.filter(state=JobState.QUEUED).exists():
        if quality.execute_next(worker=worker) is None:
            return


@shared_task
def prepare_batches() -> None:
    """Queue the runs of ordered cohorts until no order is unprepared."""
    while batches.prepare_next(worker=f"imaging@{socket.gethostname()}") is not None:
        ring_segmentation()


@shared_task(bind=True)
def segment_queued(self: Task) -> None:
    """Segment until nothing waits for this queue, and ask for a review of what changed."""
    worker = f"segmentation@{socket.gethostname()}"
    queue = (self.request.delivery_info or {}).get("routing_key")
    while (run := runs.execute_next(worker=worker, queue=queue)) is not None:
        if run.state == JobState.SUCCEEDED:
            ring_review()
            ring_tissue()
            ring_overlaps()


@shared_task
def measure_tissue_queued() -> None:
    """Measure the denominators of loads until none waits; an upload that waits goes first."""
    worker = f"imaging@{socket.gethostname()}"
    with acting(origin=f"worker:{worker}"):
        tissue.queue_missing()
    while not Upload.objects.filter(state=JobState.QUEUED).exists():
        measured = tissue.execute_next(worker=worker)
        if measured is None:
            return
        if measured.state == JobState.SUCCEEDED:
            ring_review()


@shared_task
def compare_masks() -> None:
    """Compare the masks of methods until none is left; an upload that waits goes first."""
    overlaps.measure_missing(
        worker=f"imaging@{socket.gethostname()}",
        goes_on=lambda: not Upload.objects.filter(state=JobState.QUEUED).exists(),
    )


@shared_task
def draw_masks_queued() -> None:
    """Draw masks that were given out until none waits; an upload that waits goes first."""
    worker = f"imaging@{socket.gethostname()}"
    while not Upload.objects.filter(state=JobState.QUEUED).exists():
        if mask_reviews.execute_next(worker=worker) is None:
            return


@shared_task
def draw_runs_queued() -> None:
    """Draw what runs measured for who waits for it; an upload that waits goes first."""
    worker = f"imaging@{socket.gethostname()}"
    while not Upload.objects.filter(state=JobState.QUEUED).exists():
        if run_pictures.execute_next(worker=worker) is None:
            return


@shared_task
def train_queued() -> None:
    """Train until no training waits; the worker does nothing else meanwhile."""
    worker = f"training@{socket.gethostname()}"
    while trainings.execute_next(worker=worker) is not None:
        pass


@shared_task
def check_queued() -> None:
    """Ask visits the protocol rules until none is left, and look at what that changed."""
    asked = 0
    with acting(origin=f"worker:imaging@{socket.gethostname()}"):
        while (batch := compliance.check_outstanding()) > 0:
            asked += batch
    if asked:
        ring_review()


@shared_task
def export_images_queued() -> None:
    """Put ordered images together until no order waits."""
    worker = f"exports@{socket.gethostname()}"
    while image_orders.execute_next(worker=worker) is not None:
        pass


def ring_intake() -> None:
    """Ring for uploads once the transaction has committed; a dead broker fails nothing."""
    transaction.on_commit(lambda: _send(intake_queued.name, "imaging"), robust=True)


def ring_segmentation() -> None:
    """Ring for segmentations once the transaction has committed."""
    transaction.on_commit(_ring_for_segmentations, robust=True)


def _ring_for_segmentations() -> None:
    for queue in needs.waited_for():
        _send(segment_queued.name, queue)


def ring_quality() -> None:
    """Ring for images whose quality is not measured once the transaction has committed."""
    transaction.on_commit(lambda: _send(measure_queued.name, "imaging"), robust=True)


def ring_tissue() -> None:
    """Ring for loads whose denominators are not measured once the transaction has committed."""
    transaction.on_commit(lambda: _send(measure_tissue_queued.name, "imaging"), robust=True)


def ring_overlaps() -> None:
    """Ring for masks that are not compared once the transaction has committed."""
    if unmeasured().exists():
        transaction.on_commit(lambda: _send(compare_masks.name, "imaging"), robust=True)


def ring_masks() -> None:
    """Ring for masks whose pictures are not drawn once the transaction has committed."""
    transaction.on_commit(lambda: _send(draw_masks_queued.name, "imaging"), robust=True)


def ring_run_pictures() -> None:
    """Ring for pictures of runs that somebody waits for once the transaction has committed."""
    transaction.on_commit(lambda: _send(draw_runs_queued.name, "imaging"), robust=True)


def ring_trainings() -> None:
    """Ring for trainings once the transaction has committed; visits to segment are rung first."""
    transaction.on_commit(lambda: _send(train_queued.name, needs.device_queue()), robust=True)


def ring_checks() -> None:
    """Ring for visits that the protocol rules were not asked of, once all is committed."""
    transaction.on_commit(lambda: _send(check_queued.name, "imaging"), robust=True)


def ring_image_exports() -> None:
    """Ring for ordered images once the transaction has committed."""
    transaction.on_commit(lambda: _send(export_images_queued.name, "exports"), robust=True)


def ring_batches() -> None:
    """Ring for ordered cohorts once the transaction has committed."""
    transaction.on_commit(lambda: _send(prepare_batches.name, "imaging"), robust=True)


def ring_review() -> None:
    """Ring for a review of changed series once the transaction has committed."""
    transaction.on_commit(lambda: _send(REVIEW_TASK, "imaging"), robust=True)


def ring_reports() -> None:
    """Ring for cohort reports that wait or are due once the transaction has committed."""
    transaction.on_commit(lambda: _send(REPORTS_TASK, "exports"), robust=True)


def _send(task: str, queue: str) -> None:
    """Send a message; the sweep rings again for whatever this loses."""
    try:
        segment_queued.app.send_task(task, queue=queue)
    except (OSError, OperationalError):
        log.warning("The broker did not answer; the sweep will ring again.")
