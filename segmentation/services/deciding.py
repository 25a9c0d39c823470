"""What every decision about images asks first: who may, and whether all is still as it was."""

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError

from mldtrial.accounts.holds import hold
from mldtrial.trial import policies
from mldtrial.trial.models import Audience, Patient, ReadState, Scan, ScanState, Visit
from mldtrial.trial.services import locking, queries

DECIDED = "Somebody has decided about this scan meanwhile. Open the list again."
SAME_ELSEWHERE = (
    "The very same image is in use under another visit or patient: one of the two is wrong. Move "
    "or discard that one first, or ask the data manager."
)
SAME_OUT_OF_REACH = "The image does not match this visit; ask the data manager."
"""Where the other visit is out of reach: no site learns of another's data."""
READ_RULE = "IMAGE-CHANGED-AFTER-READ"


def one_visit(scans: Sequence[Scan]) -> Visit:
    """Return the visit of some images, or refuse those of several."""
    visits = {scan.visit_id: scan.visit for scan in scans}
    if len(visits) != 1:
        raise ValidationError("Decide about the scans of one visit at a time.")
    return next(iter(visits.values()))


def require(by: Any, visit: Visit, reason: str) -> None:
    """Refuse who may not decide at a visit, a visit that is held, and a decision without reason."""
    if by is not None:
        policies.require(by, "place_scan", visit)
    locking.require_open(visit)
    if not reason.strip():
        raise ValidationError({"reason": "Give the reason."})


def hold_visits(*visits: Visit) -> list[Visit]:
    """Lock visits with their patients, in one order for everybody, and return them as given.

    Before them the gate of locks and promotions, which whatever is recorded at them asks for: a
    promotion holds it and then locks the visits that it gives to the new method.
    """
    locking.keep_others_still()
    keys = sorted({visit.patient_id for visit in visits})
    list(Patient.objects.select_for_update(of=("self",)).filter(pk__in=keys).order_by("pk"))
    found = {
        visit.pk: visit
        for visit in Visit.objects.select_related("patient__study", "patient__site", "definition")
        .select_for_update(of=("self",))
        .filter(pk__in=[visit.pk for visit in visits])
        .order_by("pk")
    }
    return [found[visit.pk] for visit in visits]


def locked(scans: Collection[Scan], *states: str) -> list[Scan]:
    """Lock images that are still in one of some states, and where they were."""
    keys = {scan.pk: scan.visit_id for scan in scans}
    found = list(
        Scan.objects.select_for_update(of=("self",)).filter(pk__in=keys).order_by("created_at")
    )
    if any(scan.state not in states or scan.visit_id != keys[scan.pk] for scan in found):
        raise ValidationError(DECIDED)
    return found


def set_state(scans: Collection[Scan], state: str) -> None:
    """Give images a state; the reason is that of the context."""
    Scan.objects.filter(pk__in=[scan.pk for scan in scans]).update(state=state)


def refuse_same_elsewhere(scans: Collection[Scan], visit: Visit, by: Any) -> None:
    """Refuse an image that another visit uses: two visits cannot be the same minutes."""
    # Two decisions about one image, at two visits, come one after the other.
    hold({scan.voxels_sha256 for scan in scans})
    in_use = Scan.objects.filter(
        voxels_sha256__in=[scan.voxels_sha256 for scan in scans],
        visit__patient__study=visit.patient.study_id,
        state=ScanState.IMPORTED,
    )
    others = in_use.exclude(pk__in=[scan.pk for scan in scans])
    if others.exists():
        is_seen = by is None or policies.visible_to(by, others).exists()
        raise ValidationError(SAME_ELSEWHERE if is_seen else SAME_OUT_OF_REACH)


def acquired_on(scan: Scan, visit: Visit) -> date | None:
    """Return the day of an image; None where its header did not say it."""
    if scan.days_from_visit is None:
        return None
    return visit.date + timedelta(days=scan.days_from_visit)


def latest(scans: Collection[Scan], visit: Visit, *, undated: date) -> date:
    """Return the latest day of some images of a visit, or another where no header says one."""
    days = [acquired_on(scan, visit) for scan in scans]
    return max([day for day in days if day is not None], default=undated)


def ask_about_reads(visit: Visit) -> None:
    """Ask the data manager about a visit that was read before its images changed."""
    if visit.mri_severity_reads.exclude(state=ReadState.DRAFT).exists():
        queries.open_query(
            patient=visit.patient,
            visit=visit,
            audience=Audience.IMAGING,
            rule=READ_RULE,
            question="An image of this visit was moved, replaced or set aside after the visit had "
            "been read. Do its reads still stand?",
        )
