"""Measure how far the mask that counts agrees with those of other methods."""

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
    for reference in list(unmeasured().select_related("run__t1w_scan")):
        if not goes_on():
            break
        counted = SegmentationResult.objects.get(pk=reference.counted_run)
        try:
            with acting(origin=f"worker:{worker}"):
                measured += _measure(counted, reference)
        except OperationalError:
            raise
        except Exception as error:  # noqa: BLE001 - the next pair has nothing to do with it
            why = getattr(error, "code", type(error).__name__)
            log.warning("Two masks cannot be compared (%s).", why)
    return measured


def _measure(counted: SegmentationResult, reference: SegmentationResult) -> bool:
    masks = [read_label_map(runs.checked_mask(result)) for result in (counted, reference)]
    found = overlap_of(
        masks[0].data,
        masks[1].data,
        voxel_size_mm(masks[0].affine),
        reference.run.t1w_scan.acq_stratum,
    )
    _, is_new = MaskOverlap.objects.get_or_create(
        run_id=counted.pk,
        reference_run_id=reference.pk,
        method_version=OVERLAP_VERSION,
        defaults={
            "dice": found.dice,
            "hausdorff95_mm": found.hausdorff95_mm,
            "surface_dice": found.surface_dice,
        },
    )
    return is_new
