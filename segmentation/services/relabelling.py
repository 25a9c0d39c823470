"""The same image sent again under its right sequence, in place of the one that was mislabelled."""

from collections.abc import Collection, Sequence
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from mldtrial.audit.context import because
from mldtrial.trial.models import Scan, ScanState, Visit
from segmentation.conflict_words import WAITS
from segmentation.imaging.errors import FailureCode
from segmentation.models import JobState, SegmentationRun, Upload
from segmentation.selectors.left_out import set_aside
from segmentation.services import deciding, quality, scanners, voiding

NOT_AS_NAMED = (
    FailureCode.SEQUENCE_MISMATCH,
    FailureCode.NO_BRAIN_FOUND,
    FailureCode.NOT_A_HEAD,
)
"""How a run is refused whose images are exchanged: docs/suitability.md."""
RELABELLED = "RELABELLED"
IN_USE = (ScanState.IMPORTED, ScanState.QUARANTINED)


def standing(visit: Visit, voxels_sha256: str) -> list[Scan]:
    """Return the scans of a visit that show the very same voxels, as they stand now."""
    found = Scan.objects.filter(visit=visit, voxels_sha256=voxels_sha256, state__in=IN_USE)
    return list(found.order_by("created_at"))


def give_way(scans: Sequence[Scan], sequence: str) -> bool:
    """Return whether the same image under another sequence may take the place of all of them.

    It may where no load counts on the label they have: a person has set the scan aside, or a run
    was refused since an image is not what its name says, and none has measured a load from it.
    """
    return all(_gives_way(scan, sequence) for scan in scans)


def _gives_way(scan: Scan, sequence: str) -> bool:
    if scan.sequence == sequence or scan.state != ScanState.IMPORTED:
        return False
    if set_aside().filter(scan=scan).exists():
        return True
    # The mate of an image that was put right already has a refused run that is void by now.
    refused = _runs_of(scan).filter(state=JobState.REJECTED, failure_code__in=NOT_AS_NAMED)
    measured = _runs_of(scan).filter(is_voided=False, result__isnull=False)
    return refused.exists() and not measured.exists()


def _runs_of(scan: Scan) -> QuerySet[SegmentationRun]:
    return SegmentationRun.objects.filter(Q(t1w_scan=scan) | Q(t2w_scan=scan))


def replace(visit: Visit, scans: Collection[Scan], sequence: str) -> None:
    """Void mislabelled scans with what was made from them, before the same image is recorded.

    Call it in the transaction that records the image. The rows stay and can be read.
    """
    with because(f"The same image was sent again as {sequence}"):
        deciding.set_state(scans, ScanState.VOIDED)
        voiding.void_runs(scans)
        quality.follow(scans, visits=[visit])
        scanners.review_scanners_of(scans)
        deciding.ask_about_reads(visit)
        _let_send_as_before(scans, visit)


def _let_send_as_before(scans: Collection[Scan], visit: Visit) -> None:
    """Cancel the uploads of the former labels: who errs twice can send the file as at first."""
    used: Any = Scan.objects.filter(
        visit=visit,
        source_sha256=OuterRef("sha256"),
        sequence=OuterRef("declared_sequence"),
        state__in=IN_USE,
    )
    for scan in scans:
        uploads = Upload.objects.filter(
            ~Exists(used),
            visit=visit,
            sha256=scan.source_sha256,
            declared_sequence=scan.sequence,
            state=JobState.SUCCEEDED,
        )
        uploads.update(
            state=JobState.CANCELLED,
            failure_code=RELABELLED,
            message="The same image was sent again under another sequence, which counts.",
            finished_at=Now(),
        )


def refusal(scans: Sequence[Scan], sequence: str) -> str:
    """Return which scan an image equals that its visit has already, and what can be done."""
    scan = next((one for one in scans if one.sequence == sequence), scans[0])
    said = f"This visit has this very image already, as {scan}."
    if scan.state == ScanState.QUARANTINED:
        return f"{said} It {WAITS}"
    is_set_aside = set_aside().filter(scan=scan).exists()
    if scan.sequence == sequence:
        if not is_set_aside:
            return f"{said} It need not be sent again."
        return f"{said} It is set aside: take it back on the page of the patient to use it."
    return (
        f"{said} If that is the wrong sequence, set the scan aside on the page of the patient, and "
        f"send the file again as {sequence}."
    )
