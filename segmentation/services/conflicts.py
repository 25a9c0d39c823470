"""Whether images belong to the patient and visit they were sent for: named conflicts, in words.

Nothing that a header says is stored but the keyed hash of its person: what differs is named by
the attribute alone, since the header may be that of somebody else.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from uuid import UUID

from mldtrial.trial.models import Conflict, Patient, Scan, ScanState, Study, Visit
from segmentation.imaging.dicom.matching import (
    Fact,
    Matching,
    Record,
    is_another,
    match,
    undisputed,
)
from segmentation.imaging.same_head import Verdict
from segmentation.services.dicom import study_key
from segmentation.services.images import CheckedImage

COMPARED = {
    Fact.SEX: "sex",
    Fact.BIRTH_MONTH: "month of birth",
    Fact.AGE: "age",
    Fact.TRIAL_SUBJECT: "subject of the trial",
}


def find(
    visit: Visit, images: Sequence[CheckedImage], voxels_sha256: Sequence[str]
) -> list[list[Conflict]]:
    """Return the conflicts of each image of one upload, in order; none where it fits.

    Parameters
    ----------
    voxels_sha256 : sequence of str
        Hash of the voxels of each image.
    """
    record = _record_of(visit.patient)
    matchings = [_matching(image, record) for image in images]
    strangers = _strangers(visit.patient, images, matchings)
    other_heads = _sessions_of_another_head(visit, images)
    return [
        [
            *([Conflict.DATE_FAR] if is_far(visit, image) else []),
            *[Conflict(fact) for fact in Fact if fact in matching.differs],
            *strangers[image.header.person if image.header else ""],
            *_known_elsewhere(visit, image, sha256),
            *([Conflict.OTHER_HEAD] if _session(image) in other_heads else []),
        ]
        for image, matching, sha256 in zip(images, matchings, voxels_sha256, strict=True)
    ]


def compared(visit: Visit, image: CheckedImage) -> str:
    """Return in words what could be compared with the record, for the reason of a scan."""
    matching = _matching(image, _record_of(visit.patient))
    facts = [COMPARED[fact] for fact in Fact if fact in matching.agrees | matching.differs]
    if image.acquired_on is not None:
        facts.insert(0, "date")
    if not facts:
        return "The header held nothing to compare with the record."
    return f"Compared with the record: {', '.join(facts)}."


def is_far(visit: Visit, image: CheckedImage) -> bool:
    """Tell whether an image was acquired further from a visit than the study allows."""
    if image.acquired_on is None:
        return False
    allowed = visit.patient.study.scan_days_from_visit
    return abs((image.acquired_on - visit.date).days) > allowed


def _sessions_of_another_head(visit: Visit, images: Sequence[CheckedImage]) -> set[Hashable]:
    """Return the sessions of which a T1w shows another head, and none the head of before.

    A T1w that was sent before, and waits for that or was discarded, speaks for its session too.
    """
    found: dict[Verdict | None, set[Hashable]] = defaultdict(set)
    for image in images:
        found[image.head].add(_session(image))
    before = Scan.objects.filter(
        visit=visit,
        state__in=[ScanState.QUARANTINED, ScanState.DISCARDED],
        conflicts__contains=[Conflict.OTHER_HEAD],
    )
    sent_before = {(scan.acquisition.get("session_uid"), scan.person) for scan in before}
    return (found[Verdict.DIFFERENT] | sent_before) - found[Verdict.SAME]


def _session(image: CheckedImage) -> Hashable:
    """Return what images of one session share; an image that does not say it stands alone."""
    if image.header is None or not image.header.session:
        return image.path
    return image.header.session, "" if image.header.is_deidentified else image.header.person


def _record_of(patient: Patient) -> Record:
    key = study_key(patient.study.code)
    others = Patient.objects.filter(study=patient.study).exclude(pk=patient.pk)
    return Record(
        sex=patient.sex,
        birth_month=patient.birth_month,
        subject=key.subject(patient.subject_code),
        other_subjects=frozenset(
            key.subject(code) for code in others.values_list("subject_code", flat=True)
        ),
    )


def _matching(image: CheckedImage, record: Record) -> Matching:
    if image.header is None:
        return Matching()
    return match(image.header, image.acquired_on, record)


def _strangers(
    patient: Patient, images: Sequence[CheckedImage], matchings: Sequence[Matching]
) -> Mapping[str, list[Conflict]]:
    """Return the conflicts of each person that an upload names.

    Where it names several, those wait of whom anything differs; the one of whom nothing does
    is taken in only if something proves that it is the patient, and else all wait.
    """
    persons = _by_person(images, matchings)
    removed = {
        image.header.person for image in images if image.header and image.header.is_deidentified
    }
    known = {
        person: _patients_of(patient.study, person)
        for person in persons
        if person not in {"", *removed}
    }
    found: dict[str, list[Conflict]] = {person: [] for person in persons}
    for person, patients in known.items():
        # A name that several confirmed patients share stands for nobody: a dummy.
        if len(patients) == 1 and patient.pk not in patients:
            found[person].append(Conflict.OTHER_PERSON)
    for person in _changed(patient, persons, known):
        found[person].append(Conflict.PERSON_CHANGED)
    if len(persons) > 1:
        right = _right_person(patient, persons, known, found)
        for person in persons:
            if person != right:
                found[person].append(Conflict.MANY_PERSONS)
    return {"": [], **found}


def _changed(
    patient: Patient, persons: Mapping[str, Matching], known: Mapping[str, set[UUID]]
) -> list[str]:
    """Return the persons known nowhere, where earlier images of the patient name another one.

    The subject code of the patient in a header says who it is, whatever else it says.
    """
    unknown = [
        person
        for person, patients in known.items()
        if not patients and Fact.TRIAL_SUBJECT not in persons[person].agrees
    ]
    if not unknown:
        return []
    visits = _persons_by_visit(patient)
    kept = Scan.objects.filter(
        visit__patient=patient,
        state=ScanState.IMPORTED,
        conflicts__contains=[Conflict.PERSON_CHANGED],
    )
    changes_kept = len(set(kept.values_list("person", flat=True)))
    return [person for person in unknown if is_another(person, visits, changes_kept)]


def _persons_by_visit(patient: Patient) -> list[frozenset[str]]:
    """Return whom the images in use of each visit name; a name that patients share is a dummy."""
    in_use = Scan.objects.filter(
        visit__patient__study=patient.study, state=ScanState.IMPORTED
    ).exclude(person="")
    own = in_use.filter(visit__patient=patient).values_list("visit_id", "person").distinct()
    others = in_use.exclude(visit__patient=patient)
    shared = set(
        others.filter(person__in=[person for _, person in own]).values_list("person", flat=True)
    )
    visits: dict[UUID, set[str]] = defaultdict(set)
    for visit_id, person in own:
        if person not in shared:
            visits[visit_id].add(person)
    return [frozenset(persons) for persons in visits.values()]


def _by_person(
    images: Iterable[CheckedImage], matchings: Iterable[Matching]
) -> dict[str, Matching]:
    """Return how each person of an upload compares, all images of the person together."""
    persons: dict[str, Matching] = {}
    for image, matching in zip(images, matchings, strict=True):
        if image.header is not None:
            before = persons.get(image.header.person, Matching())
            persons[image.header.person] = Matching(
                before.differs | matching.differs, before.agrees | matching.agrees
            )
    return persons


def _right_person(
    patient: Patient,
    persons: Mapping[str, Matching],
    known: Mapping[str, set[UUID]],
    found: Mapping[str, list[Conflict]],
) -> str | None:
    """Return the person of an upload who is the patient, or None where nothing tells."""
    own = [person for person, patients in known.items() if patients == {patient.pk}]
    if len(own) == 1 and not persons[own[0]].differs:
        return own[0]
    names = [person for person in persons if not found[person]]
    index = undisputed([persons[person] for person in names])
    return None if index is None else names[index]


def _patients_of(study: Study, person: str) -> set[UUID]:
    """Return under whom a person is known by images that are in use."""
    scans = Scan.objects.filter(
        person=person, visit__patient__study=study, state=ScanState.IMPORTED
    )
    return set(scans.values_list("visit__patient_id", flat=True).distinct())


def _known_elsewhere(visit: Visit, image: CheckedImage, voxels_sha256: str) -> list[Conflict]:
    elsewhere = Scan.objects.filter(
        visit__patient__study=visit.patient.study, state=ScanState.IMPORTED
    ).exclude(visit=visit)
    if elsewhere.filter(voxels_sha256=voxels_sha256).exists():
        return [Conflict.SAME_IMAGE_ELSEWHERE]
    uid = image.acquisition.get("series_uid")
    if uid and elsewhere.filter(acquisition__series_uid=uid).exists():
        return [Conflict.SAME_SERIES_ELSEWHERE]
    return []
