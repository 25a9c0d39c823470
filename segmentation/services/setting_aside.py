"""Set a scan aside, so that it is used for no load, and take it back."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from mldtrial.audit.context import because
from mldtrial.trial import policies
from mldtrial.trial.models import Scan, ScanState, Visit
from mldtrial.trial.services import locking
from mldtrial.trial.services.saving import store
from segmentation.models import ScanSetAside
from segmentation.selectors.set_aside import is_load_known
from segmentation.services import choosing, compliance, deciding, not_begun, runs

TAKEN_BACK = "Somebody has taken this scan back already; open the page again."


@transaction.atomic
def set_aside(*, scan: Scan, cause: str, reason: str, by: Any) -> ScanSetAside:
    """Use a scan for no load any more; the best of the other scans of its visit counts.

    The scan stays with its results, which are not void: taken back, it counts as before. What
    waits to be made from it is cancelled, and begins once it counts again.

    Parameters
    ----------
    cause : str
        One of `SetAsideCause`.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the reason is missing, the visit is held, the scan is set aside
        already, or it was moved or discarded meanwhile.
    """
    visit, locked = _begin(scan, reason, by)
    row = ScanSetAside(
        scan=locked,
        cause=cause,
        reason=reason.strip(),
        set_aside_by=by,
        is_load_known=is_load_known(locked),
        is_by_who_sees_loads=policies.may(by, "view_loads", visit),
    )
    with because(reason.strip()):
        store(row)
        deciding.ask_about_reads(visit)
        not_begun.cancel_waiting(locked)
        compliance.check_visit(visit)
        _choose_again(visit)
    return row


@transaction.atomic
def take_back(*, row: ScanSetAside, reason: str, by: Any) -> ScanSetAside:
    """Use a scan again that was set aside: it counts where it is the best of its visit.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the reason is missing, the visit is held, the scan was taken back
        already, or it was moved or discarded meanwhile.
    """
    visit, _ = _begin(row.scan, reason, by)
    locked = ScanSetAside.objects.select_for_update(of=("self",)).get(pk=row.pk)
    if locked.taken_back_at is not None:
        raise ValidationError(TAKEN_BACK)
    locked.taken_back_by, locked.taken_back_at = by, timezone.now()
    locked.taken_back_reason = reason.strip()
    with because(reason.strip()):
        store(locked)
        compliance.check_visit(visit)
        _choose_again(visit)
    return locked


def _begin(scan: Scan, reason: str, by: Any) -> tuple[Visit, Scan]:
    policies.require(by, "set_scan_aside", scan.visit)
    locking.require_open(scan.visit)
    if not reason.strip():
        raise ValidationError({"reason": "Give the reason."})
    # Whoever moves the scan, asks the rules or publishes a load holds the visit first as well.
    (visit,) = deciding.hold_visits(scan.visit)
    (locked,) = deciding.locked([scan], ScanState.IMPORTED)
    return visit, locked


def _choose_again(visit: Visit) -> None:
    choosing.choose_again(visit)
    runs.queue_run(visit=visit)
    not_begun.begin_again(Q(visit=visit))
