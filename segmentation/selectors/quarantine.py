"""What waits in quarantine, and where it could belong: narrowed to what the person may see."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404

from mldtrial.trial import policies as trial_policies
from mldtrial.trial.models import Conflict, Patient, Scan, ScanState, Visit
from mldtrial.trial.models import Sequence as Contrast
from mldtrial.trial.policies import visible_to
from segmentation.conflict_words import days_apart, describe
from segmentation.models import Upload
from segmentation.policies import visible_to as visible_uploads

ELSEWHERE = (
    Conflict.OTHER_PERSON,
    Conflict.SAME_SERIES_ELSEWHERE,
    Conflict.SAME_IMAGE_ELSEWHERE,
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """The images of one session that were sent together and wait for one decision.

    Attributes
    ----------
    acquired_on : date or None
        The day of the session; None where no header said it.
    sentences : list of str
        Why they wait.
    known_under : list of str
        Visits in the person's reach under which person, series or image are known.
    earlier : list of Visit
        Visits whose scans those conflict with.
    """

    visit: Visit
    scans: tuple[Scan, ...]
    sent_at: datetime
    sent_by: str
    acquired_on: date | None
    sentences: list[str]
    known_under: list[str]
    earlier: list[Visit]
    may_place: bool

    @property
    def first(self) -> Scan:
        """The image by which the group is addressed."""
        return self.scans[0]

    @property
    def is_person_new(self) -> bool:
        """Whether the person in the header becomes known as the patient when these are kept."""
        return any(Conflict.PERSON_CHANGED in scan.conflicts for scan in self.scans)

    @property
    def apart(self) -> str:
        """How far the session lies from the visit."""
        return days_apart(self.first.days_from_visit)


@dataclass(frozen=True, slots=True)
class Place:
    """A visit to which a session could be moved."""

    visit: Visit
    label: str
    is_suggested: bool


def waiting(*, user: Any) -> list[Waiting]:
    """Return what waits at the sites in reach, the oldest first, one entry a session."""
    groups: dict[tuple[Any, ...], list[Scan]] = {}
    for scan in _in_quarantine(user).order_by("created_at", "sequence", "pk"):
        groups.setdefault(_together(scan), []).append(scan)
    return [_waiting(group, user) for group in groups.values()]


def waiting_count(*, user: Any) -> int:
    """Return how many images wait at the sites in reach."""
    return _in_quarantine(user).count()


def waiting_with(scan_id: UUID, *, user: Any, alone: bool = False) -> Waiting:
    """Return the session in quarantine to which an image belongs, or the image alone.

    Raises
    ------
    Http404
        If it does not wait in this person's reach.
    """
    scan = _in_quarantine(user).filter(pk=scan_id).first()
    if scan is None:
        raise Http404("No such scan in quarantine.")
    if alone:
        return _waiting([scan], user)
    group = (
        _in_quarantine(user).filter(visit=scan.visit_id).order_by("created_at", "sequence", "pk")
    )
    return _waiting([one for one in group if _together(one) == _together(scan)], user)


def of_visit(visit: Visit, *, user: Any) -> tuple[Scan, ...]:
    """Return the images of a visit that wait, in the order of the list; none out of reach."""
    return tuple(_in_quarantine(user).filter(visit=visit).order_by("created_at", "sequence", "pk"))


def visits_waiting(uploads: Iterable[Upload], *, user: Any) -> dict[UUID, UUID]:
    """Return the first image in quarantine of each visit of some uploads, by visit."""
    found = _in_quarantine(user).filter(visit__in={one.visit_id for one in uploads})
    latest_first = found.order_by("-created_at", "-sequence", "-pk")
    return dict(latest_first.values_list("visit", "pk"))


def scan_in_use(scan_id: UUID, *, user: Any) -> Scan:
    """Return an image that is in use.

    Raises
    ------
    Http404
        If there is none in this person's reach.
    """
    in_use = Scan.objects.filter(pk=scan_id, state=ScanState.IMPORTED)
    found = _with_visit(visible_to(user, in_use)).first()
    if found is None:
        raise Http404("No such scan.")
    return found


def same_session(scan: Scan) -> tuple[Scan, ...]:
    """Return the images in use of one session at one visit, the given one first."""
    beside = _with_visit(Scan.objects.filter(visit=scan.visit_id, state=ScanState.IMPORTED))
    group = [one for one in beside if one.pk != scan.pk and _session(one) == _session(scan)]
    return (scan, *group)


def repeated(found: Waiting) -> list[Scan]:
    """Return the images of the visit of which those in quarantine may be a repeat."""
    kinds = {(scan.sequence, scan.acq_stratum) for scan in found.scans}
    in_use = found.visit.scans.filter(state=ScanState.IMPORTED).exclude(sequence=Contrast.OTHER)
    return [scan for scan in in_use if (scan.sequence, scan.acq_stratum) in kinds]


def places(
    visit: Visit,
    acquired_on: date | None,
    *,
    user: Any,
    person: str = "",
    is_far_shown: bool = False,
) -> list[tuple[Patient, list[Place]]]:
    """Return where a session of a visit could go: by patient, those of its own first.

    Of other patients only visits near the day of the session are returned, unless asked.

    Parameters
    ----------
    person : str
        Keyed hash of whom the session names; each label says whether the patient's scans do.
    """
    study = visit.patient.study
    near = timedelta(days=study.scan_days_from_visit)
    found = (
        visible_to(user, Visit.objects.filter(patient__study=study))
        .filter(trial_policies.patients_of(user, PLACING, "patient__"))
        .exclude(pk=visit.pk)
        .select_related("patient__site")
        .order_by("patient__subject_code", "date")
    )
    suggested = nearest(visit.patient, acquired_on)
    named = _persons_named(study.pk) if person else {}
    groups: dict[UUID, tuple[Patient, list[Place]]] = {}
    for place in found:
        is_own = place.patient_id == visit.patient_id
        is_near = acquired_on is None or abs(acquired_on - place.date) <= near
        if is_own or is_near or is_far_shown:
            label = (
                f"{place.name} · {place.date}{_distance(acquired_on, place.date)}"
                f"{_same_person(person, named.get(place.patient_id, set()))}"
            )
            made = Place(place, label, suggested is not None and place.pk == suggested.pk)
            groups.setdefault(place.patient_id, (place.patient, []))[1].append(made)
    return sorted(groups.values(), key=lambda group: group[0].pk != visit.patient_id)


PLACING = trial_policies.ACTIONS["place_scan"]


def nearest(patient: Patient, day: date | None) -> Visit | None:
    """Return the visit of a patient that lies nearest to a day, within what the study allows."""
    if day is None:
        return None
    allowed = patient.study.scan_days_from_visit
    near = [v for v in patient.visits.all() if abs((day - v.date).days) <= allowed]
    return min(near, key=lambda v: (abs((day - v.date).days), v.date), default=None)


def acquired_on(scan: Scan) -> date | None:
    """Return the day of an image; None where its header did not say it."""
    if scan.days_from_visit is None:
        return None
    return scan.visit.date + timedelta(days=scan.days_from_visit)


def _distance(day: date | None, visit_day: date) -> str:
    if day is None:
        return ""
    days = (day - visit_day).days
    if days == 0:
        return " · the day of the scan"
    return f" · {abs(days)} day{'' if abs(days) == 1 else 's'} from the scan"


def _persons_named(study_id: Any) -> dict[UUID, set[str]]:
    """Return whom the scans in use of each patient of a study name."""
    in_use = Scan.objects.filter(visit__patient__study=study_id, state=ScanState.IMPORTED)
    named: dict[UUID, set[str]] = {}
    for patient_id, person in in_use.exclude(person="").values_list("visit__patient", "person"):
        named.setdefault(patient_id, set()).add(person)
    return named


def _same_person(person: str, named: set[str]) -> str:
    if not named:
        return ""
    is_same = person in named
    return f" · its scans name {'the same' if is_same else 'another'} person"


def _in_quarantine(user: Any) -> QuerySet[Scan]:
    reach = trial_policies.patients_of(
        user, trial_policies.ACTIONS["view_quarantine"], "visit__patient__"
    )
    found = visible_to(user, Scan.objects.filter(state=ScanState.QUARANTINED))
    return _with_visit(found.filter(reach))


def _with_visit(found: QuerySet[Scan]) -> QuerySet[Scan]:
    return found.select_related("visit__patient__study", "visit__patient__site")


def _together(scan: Scan) -> tuple[Any, ...]:
    """Return what images of one session and person share.

    Where no header names the session, only those of one upload are taken for one.
    """
    sent = "" if scan.acquisition.get("session_uid") else scan.source_sha256
    return scan.visit_id, sent, *_session(scan)


def _session(scan: Scan) -> tuple[Any, ...]:
    return scan.acquisition.get("session_uid") or scan.days_from_visit, scan.person


def _waiting(scans: Sequence[Scan], user: Any) -> Waiting:
    visit = scans[0].visit
    sent = (
        visible_uploads(user, Upload.objects.filter(visit=visit, sha256=scans[0].source_sha256))
        .select_related("uploaded_by")
        .order_by("-queued_at")
        .first()
    )
    by = None if sent is None else sent.uploaded_by
    # Image by image: that one is known within reach says nothing of where another is.
    sentences = [describe(one, is_other_seen=bool(_known_under([one], user))) for one in scans]
    return Waiting(
        visit=visit,
        scans=tuple(scans),
        sent_at=scans[0].created_at if sent is None else sent.queued_at,
        sent_by="" if by is None else str(by),
        acquired_on=acquired_on(scans[0]),
        sentences=_once(chain.from_iterable(sentences)),
        known_under=_known_under(scans, user),
        earlier=_earlier(scans),
        may_place=trial_policies.may(user, "place_scan", visit),
    )


def _once(sentences: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(sentences))


def _earlier(scans: Sequence[Scan]) -> list[Visit]:
    """Return the visits of the patient with whose scans some in quarantine conflict."""
    found: set[Visit] = set()
    in_use = Scan.objects.filter(
        visit__patient=scans[0].visit.patient_id, state=ScanState.IMPORTED
    ).select_related("visit__definition")
    for scan in scans:
        if Conflict.PERSON_CHANGED in scan.conflicts:
            named = in_use.exclude(person__in=["", scan.person])
            found |= {one.visit for one in named}
        if Conflict.OTHER_HEAD in scan.conflicts:
            found |= {one.visit for one in in_use.filter(sequence=Contrast.T1W)}
    return sorted(found, key=lambda visit: visit.date)


def _known_under(scans: Sequence[Scan], user: Any) -> list[str]:
    """Return where person, series or image are known, only where the person may see it."""
    asked = [scan for scan in scans if set(scan.conflicts) & set(ELSEWHERE)]
    if not asked:
        return []
    study = asked[0].visit.patient.study_id
    in_use = visible_to(
        user, Scan.objects.filter(visit__patient__study=study, state=ScanState.IMPORTED)
    )
    known: QuerySet[Scan] = in_use.none()
    for scan in asked:
        if Conflict.OTHER_PERSON in scan.conflicts:
            known |= in_use.filter(person=scan.person)
        if Conflict.SAME_SERIES_ELSEWHERE in scan.conflicts:
            known |= in_use.filter(acquisition__series_uid=scan.acquisition.get("series_uid"))
        if Conflict.SAME_IMAGE_ELSEWHERE in scan.conflicts:
            known |= in_use.filter(voxels_sha256=scan.voxels_sha256)
    found = known.exclude(visit=asked[0].visit).select_related("visit__patient")
    return sorted({f"{scan.visit.patient.subject_code}, {scan.visit.name}" for scan in found})
