"""Whether the head in a new T1w image is that of the patient's earlier scans.

It takes seconds of a processor for each image, so intake asks it before it locks anything. A scan
that was moved is not asked again: whoever moved it looked at it.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from functools import cache

from mldtrial.trial.models import Scan, ScanState, Visit
from mldtrial.trial.models import Sequence as Contrast
from mldtrial.trial.rules.age import DAYS_PER_MONTH, age_months
from segmentation.imaging.errors import ImageError
from segmentation.imaging.nifti import read_volume
from segmentation.imaging.same_head import (
    Head,
    HeadComparison,
    Verdict,
    compare_heads,
    find_head,
    judge,
)
from segmentation.services import deciding, store
from segmentation.services.images import CheckedImage
from segmentation.services.jobs import Heartbeat

log = logging.getLogger(__name__)
FIRST_YEAR_MONTHS = 12
"""Until then myelin turns the contrast of white and gray matter round: no other head by that."""
COMPARED_WITH = 2
"""How many earlier scans are looked at: the second decides where the first leaves a doubt."""


class EarlierScansChangedError(Exception):
    """Another scan of the patient was taken in, moved or voided during the comparison."""


def compare(
    visit: Visit,
    images: Sequence[CheckedImage],
    heartbeat: Heartbeat,
    *,
    earlier: Sequence[Scan],
) -> list[CheckedImage]:
    """Return the images, each T1w with what comparing it with earlier scans said.

    Nothing is said where there is nothing to compare with, or no brain is found.

    Parameters
    ----------
    earlier : sequence of Scan
        What `earlier_of` returns.
    """
    if not earlier:
        return list(images)
    # Read when first needed, and once for all images of the upload.
    head_of = cache(_head_of)
    compared = []
    for image in images:
        if image.sequence == Contrast.T1W:
            compared.append(_compared(visit, image, earlier, head_of, heartbeat))
        else:
            compared.append(image)
    return compared


def earlier_of(visit: Visit, images: Sequence[CheckedImage]) -> list[Scan]:
    """Return the scans with which the images are compared."""
    return _nearest(visit) if any(image.sequence == Contrast.T1W for image in images) else []


def _nearest(visit: Visit) -> list[Scan]:
    in_use = Scan.objects.filter(
        visit__patient=visit.patient, sequence=Contrast.T1W, state=ScanState.IMPORTED
    ).select_related("visit__definition")
    # Images of the demonstration are drawn when somebody looks at them.
    there = [scan for scan in in_use if store.image_path(scan.image_sha256).exists()]
    there.sort(key=lambda scan: (abs((scan.visit.date - visit.date).days), scan.created_at))
    return there[:COMPARED_WITH]


def _compared(
    visit: Visit,
    image: CheckedImage,
    earlier: Sequence[Scan],
    head_of: Callable[[Scan], Head | None],
    heartbeat: Heartbeat,
) -> CheckedImage:
    try:
        head = find_head(read_volume(image.path))
    except (ImageError, RuntimeError):
        return image  # segmentation refuses it, with its reason
    day = image.acquired_on or visit.date
    found: list[HeadComparison] = []
    words: list[str] = []
    for scan in earlier:
        heartbeat.check()
        before = head_of(scan)
        if before is None:
            continue
        try:
            found.append(_comparison(head, day, before, scan, visit.patient.birth_month))
        except (ImageError, RuntimeError):
            log.warning("A new scan could not be compared with an earlier one.")
            continue
        words.append(f"Head compared with {scan.visit.name}: {found[-1].reason}")
        if found[-1].verdict is Verdict.SAME:
            break  # the second could only add a doubt, and a doubt is no conflict
    if not found:
        return image
    return replace(image, head=judge(found), reason=" ".join([image.reason, *words]).strip())


def _head_of(scan: Scan) -> Head | None:
    """Return the head of a stored scan; None where it shows none."""
    try:
        path = store.image_path(scan.image_sha256)
        return find_head(read_volume(path, expected_sha256=scan.image_sha256))
    except (ImageError, RuntimeError):
        log.warning("An earlier scan could not be compared with a new one.")
        return None


def _comparison(
    head: Head, day: date, before: Head, scan: Scan, birth_month: date
) -> HeadComparison:
    earlier_day = deciding.acquired_on(scan, scan.visit) or scan.visit.date
    age = age_months(birth_month, min(day, earlier_day))
    found = compare_heads(
        head,
        before,
        age_months=age,
        interval_months=(day - earlier_day).days / DAYS_PER_MONTH,
    )
    if age < FIRST_YEAR_MONTHS and found.verdict is Verdict.DIFFERENT:
        reason = "One of the two images is of the first year of life: the folds cannot be compared."
        return replace(found, verdict=Verdict.CANNOT_TELL, reason=reason)
    return found
