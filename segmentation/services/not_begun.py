"""Segmentations that wait for a scan which is set aside: not begun until the scan counts again."""

from django.db import transaction
from django.db.models import Q

from mldtrial.audit.context import because
from mldtrial.trial.models import Disposition, Scan
from mldtrial.trial.selectors.consent import without_consent_for_images
from segmentation.imaging.errors import FailureCode
from segmentation.models import JobState, ReleaseState, SegmentationRun
from segmentation.selectors.left_out import uses, uses_set_aside
from segmentation.selectors.usable import chosen_scans
from segmentation.services import deciding, jobs, shadowing, trying_again
from segmentation.services.heartbeat import held

ALL = Q()
SCAN_SET_ASIDE = FailureCode.SCAN_SET_ASIDE.value
MESSAGE = (
    "An image of this segmentation was set aside before it began. Once that image is taken back "
    "and counts, it begins by itself."
)


def cancel_waiting(scan: Scan) -> int:
    """Cancel what waits for a scan that is set aside now; returns how many runs that were.

    Call it in the transaction that sets the scan aside. A run that a worker claims at the same
    moment is under way: it may end, and its load counts nowhere.
    """
    waiting = SegmentationRun.objects.filter(uses(scan), state=JobState.QUEUED, is_voided=False)
    return jobs.cancel_all(waiting, message=MESSAGE, code=SCAN_SET_ASIDE)


def cancelled_before_it_began(run: SegmentationRun) -> bool:
    """Cancel a run that was just claimed, if a scan of it is set aside; returns whether it was.

    It waited again after its scan was set aside: put off, handed back, or left by a lost worker.
    """
    own = SegmentationRun.objects.filter(uses_set_aside(), held(run))
    if not own.exists():
        return False
    with transaction.atomic(), because("Its scan is set aside"):
        # Whoever sets a scan aside or takes it back holds the visit as well.
        deciding.hold_visits(run.visit)
        return bool(jobs.cancel_all(own, message=MESSAGE, code=SCAN_SET_ASIDE))


def begin_again(of: Q = ALL) -> list[SegmentationRun]:
    """Queue what was not begun for a scan that counts again, of some runs; returns which.

    Only runs of the images that would be chosen today, of methods that are not retired, where
    neither a lock nor the consent for images keeps them back.
    """
    ended = (
        SegmentationRun.objects.filter(of, failure_code=SCAN_SET_ASIDE, is_voided=False)
        .exclude(uses_set_aside())
        .exclude(model_version__state=ReleaseState.RETIRED)
        .exclude(visit__patient__in=without_consent_for_images(Disposition.objects.all()))
    )
    found = ended.select_related("visit", "model_version", "t1w_scan", "t2w_scan")
    return [run for run in found.order_by("queued_at") if _begins(run)]


def _begins(run: SegmentationRun) -> bool:
    is_open = shadowing.hold_of(run.visit, run.model_version) is None
    is_chosen = chosen_scans(run.visit, run.model_version) == run.scans
    return is_open and is_chosen and trying_again.ask_again(run)
