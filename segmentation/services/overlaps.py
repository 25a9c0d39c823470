"""Measure how far the masks of two methods at one image agree."""

import logging
from collections.abc import Callable

from django.db import OperationalError

from mldtrial.audit.context import acting
from segmentation.imaging.geometry import voxel_size_mm
from segmentation.imaging.nifti import read_label_map
from segmentation.imaging.overlap import OVERLAP_VERSION, overlap_of
from segmentation.models import MaskOverlap, SegmentationResult
from segmentation.selectors.overlaps import unmeasured
from segmentation.services import runs

log = logging.getLogger(__name__)


def measure_missing(*, worker: str, goes_on: Callable[[], bool] = lambda: True) -> int:
    """Compare the masks that are not compared yet, pair by pair; returns how many were.

    Two masks that cannot be compared, since a file is missing or has changed, are left out and
    told to the log; they keep no other pair waiting.

    Parameters
    ----------
    goes_on : callable
        Asked before each pair; False ends the work, which the next call takes up.
    """
    measured = 0
    for pk, partner in list(unmeasured().values_list("pk", "partner")):
        if not goes_on():
            break
        results = SegmentationResult.objects.select_related("run__t1w_scan")
        first, second = results.get(pk=pk), results.get(pk=partner)
        try:
            with acting(origin=f"worker:{worker}"):
                measured += _measure(first, second)
        except OperationalError:
            raise
        except Exception as error:  # noqa: BLE001 - the next pair has nothing to do with it
            why = getattr(error, "code", type(error).__name__)
            log.warning("Two masks cannot be compared (%s).", why)
    return measured


def _measure(first: SegmentationResult, second: SegmentationResult) -> bool:
    masks = [read_label_map(runs.checked_mask(result)) for result in (first, second)]
    found = overlap_of(
        masks[0].data,
        masks[1].data,
        voxel_size_mm(masks[0].affine),
        first.run.t1w_scan.acq_stratum,
    )
    _, is_new = MaskOverlap.objects.get_or_create(
        run_id=first.pk,
        reference_run_id=second.pk,
        method_version=OVERLAP_VERSION,
        defaults={
            "dice": found.dice,
            "hausdorff95_mm": found.hausdorff95_mm,
            "surface_dice": found.surface_dice,
        },
    )
    return is_new
