"""Decide about images in quarantine: they belong here after all, or nowhere in this trial."""

from collections.abc import Collection, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Now

from mldtrial.audit.context import because
from mldtrial.trial.models import Scan, ScanState, Visit
from mldtrial.trial.services import participation
from segmentation.models import JobState, Upload
from segmentation.services import (
    compliance,
    deciding,
    quality,
    relabelling,
    removal,
    runs,
    scanners,
    store,
    voiding,
)

DISCARDED = "DISCARDED"


@transaction.atomic
def keep(*, scans: Sequence[Scan], replaces: Collection[Scan] = (), reason: str, by: Any) -> None:
    """Take images out of quarantine: they belong to the visit they were sent for.

    Parameters
    ----------
    replaces : collection of Scan
        Images of the same visit of which these are a repeat; they and their results are voided.
    by : User or None
        Who decides; None for a command of the operator.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the reason is missing, the visit is held, the consent for images
        was withdrawn, the same image is in use elsewhere, or somebody was faster.
    """
    visit = deciding.one_visit(scans)
    deciding.require(by, visit, reason)
    (held,) = deciding.hold_visits(visit)
    locked = deciding.locked(scans, ScanState.QUARANTINED)
    participation.require_images_allowed(held.patient)
    deciding.refuse_same_elsewhere(locked, held, by)
    repeated = deciding.locked(replaces, ScanState.IMPORTED) if replaces else []
    if any(scan.visit_id != held.pk for scan in repeated):
        raise ValidationError("An image replaces only one of its own visit.")
    with (
        because(reason.strip()),
        participation.entry(held.patient, deciding.latest(locked, held, undated=held.date), reason),
    ):
        deciding.set_state(repeated, ScanState.VOIDED)
        deciding.set_state(locked, ScanState.IMPORTED)
        voiding.void_runs(repeated)
        quality.follow(repeated, visits=[held])
        scanners.review_scanners_of(repeated)
        if repeated:
            deciding.ask_about_reads(held)
        compliance.look_at(held)
    runs.queue_run(visit=held)


def discard(*, scans: Sequence[Scan], reason: str, by: Any) -> None:
    """Destroy images in quarantine: they belong to nobody of this trial. The rows stay.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the reason is missing, the visit is held, or somebody was faster.
    """
    visit = deciding.one_visit(scans)
    deciding.require(by, visit, reason)
    with transaction.atomic():
        (held,) = deciding.hold_visits(visit)
        locked = deciding.locked(scans, ScanState.QUARANTINED)
        with because(reason.strip()):
            deciding.set_state(locked, ScanState.DISCARDED)
            _let_send_again(locked, held)
    # After the commit: a file is gone only once its row says so. The sweep ends what a kill left.
    removal.remove_unreferenced([path for scan in locked for path in store.paths_of(scan)])


def _let_send_again(scans: Sequence[Scan], visit: Visit) -> None:
    """Cancel the uploads of which nothing is in use, so that the same file can be sent again.

    A scan that was void before, as under a label that another took the place of, is of no use.
    """
    for sha256 in {scan.source_sha256 for scan in scans}:
        left = Scan.objects.filter(source_sha256=sha256, state__in=relabelling.IN_USE)
        if left.filter(visit__patient__study=visit.patient.study_id).exists():
            continue
        Upload.objects.filter(visit=visit, sha256=sha256, state=JobState.SUCCEEDED).update(
            state=JobState.CANCELLED,
            failure_code=DISCARDED,
            message="Its images were discarded and destroyed. It may be sent again.",
            finished_at=Now(),
        )
