"""Move images to the visit they belong to, with their kept DICOM, before or after segmentation."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.db import transaction

from mldtrial.accounts.holds import hold
from mldtrial.audit.context import because
from mldtrial.trial.models import Conflict, Scan, ScanState, Visit
from mldtrial.trial.services import locking, participation
from segmentation.imaging.dicom.kept import readdress
from segmentation.services import (
    compliance,
    deciding,
    demo_images,
    quality,
    removal,
    runs,
    store,
    voiding,
)
from segmentation.services.dicom import identity_at, study_key
from segmentation.services.failpoints import reach

OF_THE_PATIENT = frozenset(
    {
        Conflict.SEX,
        Conflict.BIRTH_MONTH,
        Conflict.AGE,
        Conflict.TRIAL_SUBJECT,
        Conflict.OTHER_PERSON,
        Conflict.PERSON_CHANGED,
        Conflict.MANY_PERSONS,
        Conflict.OTHER_HEAD,
    }
)
"""Conflicts with the patient: another visit of the same patient answers none of them."""

OF_ANOTHER = "Before it was moved from another patient: "
"""Begins what intake said of a scan, which compared it with the record and scans of that one."""


@dataclass(frozen=True, slots=True)
class _Readdressed:
    """The kept DICOM of a scan, written anew in a temporary folder."""

    path: Path
    sha256: str


def move(*, scans: Sequence[Scan], to: Visit, reason: str, by: Any) -> None:
    """Move images of one visit to another, of the same patient or of another one.

    The results made from them are voided, and both visits are segmented again. The kept DICOM is
    addressed anew under another hash; a kill leaves the old place or the new one, never half.

    Parameters
    ----------
    by : User or None
        Who decides; None for a command of the operator.

    Raises
    ------
    PermissionDenied, ValidationError, ImageError
        If the person may not act at both visits, the reason is missing, one of the visits is held,
        the other patient has withdrawn the consent for images, the image is known there or in use
        elsewhere, its kept DICOM cannot be addressed anew, or somebody was faster.
    """
    visit = deciding.one_visit(scans)
    for place in (visit, to):
        deciding.require(by, place, reason)
    if visit.pk == to.pk or visit.patient.study_id != to.patient.study_id:
        raise ValidationError({"to": "Choose another visit of this study."})
    participation.require_images_allowed(to.patient)
    for scan in scans:
        # Elsewhere nobody would know from which plan it is drawn.
        demo_images.ensure_image(scan)
    with store.temporary_folder(uuid4()) as folder:
        written = {
            scan.pk: _readdress(scan, visit, to, folder)
            for scan in scans
            if "dicom_sha256" in scan.acquisition
        }
        former = [path for scan in scans for path in store.paths_of(scan)]
        with because(reason.strip()):
            _publish(scans, visit, to, written, reason, by)
    reach("move_after_commit")
    # What a kill leaves behind here is found by the sweep.
    removal.remove_unreferenced(former)


def _readdress(scan: Scan, visit: Visit, to: Visit, folder: Path) -> _Readdressed:
    sha256 = scan.acquisition["dicom_sha256"]
    path = readdress(
        store.verified(store.dicom_path(sha256), sha256),
        folder / f"{scan.pk}.zip",
        key=study_key(to.patient.study.code),
        before=identity_at(visit),
        after=identity_at(to),
    )
    return _Readdressed(path, store.sha256_of(path))


@transaction.atomic
def _publish(
    scans: Sequence[Scan],
    visit: Visit,
    to: Visit,
    written: dict[UUID, _Readdressed],
    reason: str,
    by: Any,
) -> None:
    """Place the new files and record the move, or neither."""
    old, new = deciding.hold_visits(visit, to)
    for place in (old, new):
        locking.require_open(place)
    found = deciding.locked(scans, ScanState.QUARANTINED, ScanState.IMPORTED)
    participation.require_images_allowed(new.patient)
    _refuse_known_there(found, new)
    deciding.refuse_same_elsewhere(found, new, by)
    hold(f"{one.sha256}.zip" for one in written.values())
    placed: list[Path] = []
    try:
        for one in written.values():
            target = store.dicom_path(one.sha256)
            if not target.exists():
                store.publish(one.path, target)
                placed.append(target)
        reach("move_after_rename")
        _enter(found, old, new, written, reason)
        reach("move_before_commit")
    except BaseException:
        for path in placed:
            path.unlink(missing_ok=True)
        raise


def _enter(
    found: Sequence[Scan],
    old: Visit,
    new: Visit,
    written: dict[UUID, _Readdressed],
    reason: str,
) -> None:
    """Record images at their new visit, and do at both visits what that asks for."""
    was_in_use = any(scan.state == ScanState.IMPORTED for scan in found)
    day = deciding.latest(found, old, undated=new.date)
    with participation.entry(new.patient, day, reason):
        for scan in found:
            _record(scan, old, new, written.get(scan.pk))
    voiding.void_runs(found)
    quality.follow(found, visits=(old, new))
    # Nobody has read the old visit by images that were in quarantine.
    for place in (old, new) if was_in_use else (new,):
        deciding.ask_about_reads(place)
    for place in (old, new):
        compliance.look_at(place)
        runs.queue_run(visit=place)


def _record(scan: Scan, old: Visit, new: Visit, written: _Readdressed | None) -> None:
    day = deciding.acquired_on(scan, old)
    scan.visit = new
    scan.state = ScanState.IMPORTED
    scan.days_from_visit = None if day is None else (day - new.date).days
    allowed = new.patient.study.scan_days_from_visit
    is_far = scan.days_from_visit is not None and abs(scan.days_from_visit) > allowed
    # What conflicted with the former patient says nothing about another one.
    is_same = old.patient_id == new.patient_id
    still = [one for one in scan.conflicts if is_same and one in OF_THE_PATIENT]
    scan.conflicts = [*([Conflict.DATE_FAR] if is_far else []), *still]
    if not is_same and scan.reason and not scan.reason.startswith(OF_ANOTHER):
        scan.reason = OF_ANOTHER + scan.reason
    if written is not None:
        scan.acquisition = {**scan.acquisition, "dicom_sha256": written.sha256}
    scan.full_clean()
    scan.save()


def _refuse_known_there(scans: Sequence[Scan], visit: Visit) -> None:
    there = Scan.objects.filter(
        visit=visit,
        voxels_sha256__in=[scan.voxels_sha256 for scan in scans],
        state__in=[ScanState.IMPORTED, ScanState.QUARANTINED],
    )
    if there.exists():
        raise ValidationError(
            {"to": "That visit has this very image already. Discard this one instead."}
        )
