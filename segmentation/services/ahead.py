"""Prepare the images of the runs that come next while the network has another visit."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from django.conf import settings
from django.db.models import Q

from mldtrial.trial.models import Disposition, Scan
from mldtrial.trial.selectors.consent import without_consent_for_images
from segmentation.inference.ahead import PreparesAhead, WaitingVisit
from segmentation.inference.base import Segmenter
from segmentation.models import SegmentationRun
from segmentation.services import jobs, store


def prepare_waiting(segmenter: Segmenter, run: SegmentationRun, *, only: Q) -> None:
    """Begin with the images of the next runs of the same model, as many as the settings say.

    The runs stay unclaimed: whichever worker claims one does it, with these images or without.
    Only on a first attempt, and only runs that had none: an image that ends the process it is
    prepared in ends that of the visit at hand once, and never again.

    Parameters
    ----------
    only : Q
        Which runs this worker takes.
    """
    wanted = settings.SEGMENTATION_AHEAD and run.attempt <= 1
    if not wanted or not isinstance(segmenter, PreparesAhead):
        return
    refused = without_consent_for_images(Disposition.objects.all())
    waiting = (
        jobs.waiting(SegmentationRun, only=only & Q(model_version=run.model_version, attempt=0))
        .exclude(visit__patient__in=refused)
        .select_related("t1w_scan", "t2w_scan")
    )
    chosen = [waits.scans for waits in waiting[: settings.SEGMENTATION_AHEAD]]
    segmenter.prepare_ahead(
        [
            WaitingVisit(_paths(scans), partial(verified_images, scans))
            for scans in chosen
            # An image of the demonstration is drawn by its own run, if it ever comes.
            if all(path.exists() for path in _paths(scans).values())
        ],
        beside=_paths(run.scans),
    )


def verified_images(scans: Mapping[str, Scan]) -> dict[str, Path]:
    """Return the files of a visit's images by sequence, after comparing their hashes.

    Raises
    ------
    ImageError
        HASH_MISMATCH if a file is missing or has changed.
    """
    return {
        name: store.verified(path, scans[name].image_sha256) for name, path in _paths(scans).items()
    }


def _paths(scans: Mapping[str, Scan]) -> dict[str, Path]:
    return {name: store.image_path(scan.image_sha256) for name, scan in scans.items()}
