"""Three decisions end a quarantine: the image moves, stays, or goes for good."""

from datetime import date
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied, ValidationError
from pydicom import Dataset

from mldtrial.trial.models import Conflict, Query, Scan, ScanState, Visit
from mldtrial.trial.services import participation, patients
from segmentation.models import JobState, SegmentationRun, Upload
from segmentation.selectors import quarantine
from segmentation.services import deciding, models, moving, placing, removal, runs, store, upkeep
from tests.support.dicom import T2W
from tests.support.intake import send_dicom, series_of
from tests.support.locking import freeze
from tests.support.reads import give, sign
from tests.support.world import World

pytestmark = pytest.mark.django_db
ScanEvent = apps.get_model("trial", "ScanEvent")
DAY, LATER = "2023-05-10", "2023-11-10"
REASON = "Sent with the folder of the first visit"


def pair(world: World, day: str, **options: Any) -> list[list[Dataset]]:
    """A T1w and a T2w of the patient at site A, of one session."""
    study_uid = f"1.2.826.0.1.{day.replace('-', '')}"
    seed = options.pop("seed", 100)
    t2w = {**T2W, "InversionTime": None}
    return [
        series_of(world.patient_a, day, study_uid=study_uid, seed=seed, **options),
        series_of(
            world.patient_a, day, study_uid=study_uid, seed=seed + 1, attributes=t2w, **options
        ),
    ]


@pytest.fixture
def later(world: World) -> Visit:
    models.activate(model=models.register_threshold(), reason="test")
    return patients.create_visit(
        patient=world.patient_a,
        definition=world.study.visit_definitions.get(code="M06"),
        visit_date=date(2023, 11, 10),
        by=None,
    )


@pytest.fixture
def waiting(world: World, later: Visit) -> list[Scan]:
    """Both images of a later session, sent for the first visit."""
    send_dicom(world.visit_a, *pair(world, LATER))
    scans = list(world.visit_a.scans.filter(state=ScanState.QUARANTINED))
    assert len(scans) == 2
    return scans


def move(world: World, scans: list[Scan], to: Visit, by: str = "coordinator") -> None:
    moving.move(scans=scans, to=to, reason=REASON, by=world.user(by))


def files() -> set[str]:
    return {
        path.name
        for folder in ("images", "dicom")
        for path in (store.root() / folder).rglob("*")
        if path.is_file()
    }


def needed() -> set[str]:
    return {
        path.name
        for scan in Scan.objects.exclude(state=ScanState.DISCARDED)
        for path in store.paths_of(scan)
    }


def test_the_list_holds_one_entry_a_session_with_its_reason(world: World, waiting):
    (found,) = quarantine.waiting(user=world.user("coordinator"))
    assert set(found.scans) == set(waiting)
    assert found.sentences == ["The scan was made 184 days after the visit."]
    assert found.acquired_on == date(2023, 11, 10)
    assert found.may_place


def test_nobody_of_another_site_sees_what_waits(world: World, waiting):
    assert quarantine.waiting(user=world.user("coordinator_b")) == []
    for role in ("monitor", "sponsor", "statistician", "reader", "stranger", "administrator"):
        assert quarantine.waiting_count(user=world.user(role)) == 0
    for role in ("data_manager", "auditor"):
        assert quarantine.waiting_count(user=world.user(role)) == 2


def test_the_nearest_visit_within_the_window_is_suggested(world: World, waiting, later):
    (found,) = quarantine.waiting(user=world.user("coordinator"))
    offered = quarantine.places(found.visit, found.acquired_on, user=world.user("coordinator"))
    assert [
        (patient.subject_code, [(p.visit, p.is_suggested) for p in places])
        for patient, places in offered
    ] == [("A-001", [(later, True)])]


def test_visits_of_other_sites_are_offered_to_the_data_manager_alone(world: World, waiting):
    for role, codes in (("coordinator", ["A-001"]), ("data_manager", ["A-001", "B-001"])):
        offered = quarantine.places(
            world.visit_a, date(2023, 11, 10), user=world.user(role), is_far_shown=True
        )
        assert [patient.subject_code for patient, _ in offered] == codes


def test_a_moved_session_is_taken_in_where_it_belongs_and_segmented(world: World, waiting, later):
    move(world, waiting, later)
    assert set(later.scans.values_list("state", "days_from_visit")) == {(ScanState.IMPORTED, 0)}
    assert set(later.scans.values_list("pk", flat=True)) == {scan.pk for scan in waiting}
    assert not world.visit_a.scans.exists()
    (run,) = SegmentationRun.objects.all()
    assert (run.visit, run.state) == (later, JobState.QUEUED)
    # The upload stays where it was sent: that is what happened.
    assert Upload.objects.get().visit == world.visit_a


def test_a_move_is_in_the_history_with_its_reason(world: World, waiting, later):
    move(world, waiting[:1], later)
    last = ScanEvent.objects.filter(pgh_obj_id=waiting[0].pk).order_by("-pgh_id").first()
    assert last.pgh_context["reason"] == REASON
    assert last.visit_id == later.pk


def test_what_stays_is_taken_in_and_keeps_what_did_not_fit(world: World, waiting):
    placing.keep(scans=waiting, reason="The visit was late", by=world.user("coordinator"))
    states = world.visit_a.scans.values_list("state", "conflicts")
    assert [tuple(row) for row in states] == [(ScanState.IMPORTED, [Conflict.DATE_FAR])] * 2
    assert SegmentationRun.objects.get().visit == world.visit_a


def test_a_repeat_voids_the_image_it_replaces_and_what_was_measured(world: World, later):
    send_dicom(world.visit_a, *pair(world, DAY))
    runs.queue_run(visit=world.visit_a)
    first = runs.execute_next(worker="test")
    assert first.state == JobState.SUCCEEDED, first.message
    send_dicom(world.visit_a, pair(world, "2023-06-01", seed=300)[0])
    (found,) = quarantine.waiting(user=world.user("coordinator"))
    repeated = quarantine.repeated(found)
    assert [scan.sequence for scan in repeated] == ["T1w"]
    placing.keep(
        scans=found.scans, replaces=repeated, reason="Motion", by=world.user("coordinator")
    )
    first.refresh_from_db()
    assert (first.is_voided, first.analysis_flag, first.state) == (True, False, JobState.SUCCEEDED)
    assert first.result.demyelination_load_ml is not None
    repeated[0].refresh_from_db()
    assert repeated[0].state == ScanState.VOIDED
    again = SegmentationRun.objects.get(is_voided=False)
    assert again.t1w_scan == found.scans[0]
    assert {path.name for path in store.paths_of(repeated[0])} <= files()


def test_a_discarded_image_is_destroyed_and_its_row_says_why(world: World, waiting):
    assert len(files()) == 4
    placing.discard(scans=waiting, reason="A control person", by=world.user("coordinator"))
    assert files() == set()
    assert set(Scan.objects.values_list("state", flat=True)) == {ScanState.DISCARDED}
    last = ScanEvent.objects.order_by("-pgh_id").first()
    assert last.pgh_context["reason"] == "A control person"


def test_what_was_discarded_by_mistake_can_be_sent_again(world: World, waiting):
    placing.discard(scans=waiting, reason="A mistake", by=world.user("coordinator"))
    assert Upload.objects.get().state == JobState.CANCELLED
    sent = send_dicom(world.visit_a, *pair(world, LATER))
    assert sent.state == JobState.SUCCEEDED
    assert world.visit_a.scans.filter(state=ScanState.QUARANTINED).count() == 2


def test_an_upload_of_which_but_a_void_scan_is_left_can_be_sent_again(world: World, waiting):
    Scan.objects.filter(pk=waiting[0].pk).update(state=ScanState.VOIDED)
    placing.discard(scans=waiting[1:], reason="A mistake", by=world.user("coordinator"))
    assert Upload.objects.get().state == JobState.CANCELLED


def test_an_upload_of_which_something_is_kept_stays_done(world: World, waiting, later):
    move(world, waiting[:1], later)
    placing.discard(scans=waiting[1:], reason="Damaged", by=world.user("coordinator"))
    assert Upload.objects.get().state == JobState.SUCCEEDED


def test_a_file_that_another_scan_needs_outlives_a_discard(world: World, waiting, later):
    send_dicom(later, *pair(world, LATER))
    placing.discard(scans=waiting, reason="Sent twice", by=world.user("coordinator"))
    assert files() == needed() != set()


def test_what_a_kill_left_of_a_discard_goes_with_the_next_cleaning(
    world: World, waiting, monkeypatch
):
    monkeypatch.setattr(removal, "remove_unreferenced", lambda _paths: [])
    placing.discard(scans=waiting, reason="A control person", by=world.user("coordinator"))
    monkeypatch.undo()
    assert len(files()) == 4
    assert upkeep.clean_store() == []  # too young
    monkeypatch.setattr(upkeep, "UNREFERENCED_SECONDS", -1)
    upkeep.clean_store()
    assert files() == set()


def test_the_cleaning_leaves_every_file_that_a_scan_needs(
    world: World, waiting, later, monkeypatch
):
    send_dicom(world.visit_a, *pair(world, DAY, seed=300))
    placing.discard(scans=waiting[:1], reason="Damaged", by=world.user("coordinator"))
    monkeypatch.setattr(upkeep, "UNREFERENCED_SECONDS", -1)
    upkeep.clean_store()
    assert files() == needed()
    assert len(files()) == 6


@pytest.mark.parametrize("decision", ["keep", "discard"])
def test_a_decision_is_taken_once(world: World, waiting, decision):
    act = getattr(placing, decision)
    act(scans=waiting, reason="First", by=world.user("coordinator"))
    with pytest.raises(ValidationError, match="meanwhile"):
        act(scans=waiting, reason="Second", by=world.user("investigator"))


ACTS = {
    "keep": lambda scans, _to, **more: placing.keep(scans=scans, **more),
    "discard": lambda scans, _to, **more: placing.discard(scans=scans, **more),
    "move": lambda scans, to, **more: moving.move(scans=scans, to=to, **more),
}


@pytest.mark.parametrize("decision", ACTS)
def test_a_decision_needs_a_reason_a_role_and_an_open_visit(world: World, waiting, later, decision):
    act = ACTS[decision]
    with pytest.raises(ValidationError, match="Give the reason"):
        act(waiting, later, reason=" ", by=world.user("coordinator"))
    for role in ("coordinator_b", "monitor", "auditor", "sponsor", "reader", "stranger"):
        with pytest.raises(PermissionDenied):
            act(waiting, later, reason=REASON, by=world.user(role))
    freeze(world, world.visit_a)
    with pytest.raises(ValidationError, match="frozen"):
        act(waiting, later, reason=REASON, by=world.user("data_manager"))
    assert world.visit_a.scans.filter(state=ScanState.QUARANTINED).count() == 2


def test_an_image_in_use_elsewhere_is_not_kept_as_well(world: World):
    images = series_of(world.patient_a, DAY)
    send_dicom(world.visit_a, images)
    send_dicom(world.visit_b, images)
    scans = list(world.visit_b.scans.all())
    # The other visit is of another site, of which one of the two may know nothing.
    for who, words in (
        ("coordinator_b", "^..The image does not match this visit; ask the data manager"),
        ("data_manager", "one of the two is wrong"),
    ):
        with pytest.raises(ValidationError, match=words):
            placing.keep(scans=scans, reason="Sure", by=world.user(who))


def test_another_visit_of_the_same_patient_answers_no_question_about_the_person(
    world: World, later
):
    send_dicom(world.visit_a, pair(world, DAY)[0])
    renamed = pair(world, LATER, patient="Renamed^Elsewhere", patient_id="NEW-1", seed=7)
    send_dicom(world.visit_a, renamed[0])
    (scan,) = world.visit_a.scans.filter(state=ScanState.QUARANTINED)
    assert scan.conflicts == [Conflict.DATE_FAR, Conflict.PERSON_CHANGED]
    move(world, [scan], later)
    scan.refresh_from_db()
    assert scan.conflicts == [Conflict.PERSON_CHANGED]


def test_where_a_person_is_known_is_told_only_to_who_may_see_it(world: World):
    images = series_of(world.patient_a, DAY)
    send_dicom(world.visit_a, images)
    send_dicom(world.visit_b, series_of(world.patient_a, DAY, seed=5))
    (told,) = quarantine.waiting(user=world.user("data_manager"))
    assert told.known_under == ["A-001, Baseline"]
    assert "under another patient of the study" in " ".join(told.sentences)
    (untold,) = quarantine.waiting(user=world.user("coordinator_b"))
    assert untold.known_under == []
    assert untold.sentences == ["The person in the header does not match this patient."]


def test_what_is_known_within_reach_uncovers_nothing_of_another_image(world: World):
    t1w, t2w = pair(world, DAY, patient="One^Session", patient_id="S-1")
    own = patients.create_visit(
        patient=world.patient_b, definition=None, visit_date=date(2023, 5, 12), by=None
    )
    send_dicom(world.visit_a, t1w)
    send_dicom(own, t2w)
    Scan.objects.update(person="", state=ScanState.IMPORTED, conflicts=[])
    send_dicom(world.visit_b, t1w, t2w)
    session = list(world.visit_b.scans.filter(state=ScanState.QUARANTINED))
    assert [scan.conflicts[-1] for scan in session] == [Conflict.SAME_IMAGE_ELSEWHERE] * 2
    (found,) = quarantine.waiting(user=world.user("coordinator_b"))
    assert [name.split(",")[0] for name in found.known_under] == [world.patient_b.subject_code]
    said = " ".join(found.sentences)
    assert "The very same image is in use under another visit or patient." in said
    assert "The image does not match this visit; ask the data manager." in said


def test_each_place_says_whether_its_scans_name_the_same_person(world: World, later):
    send_dicom(world.visit_a, series_of(world.patient_a, DAY))
    send_dicom(world.visit_b, series_of(world.patient_b, DAY))
    person = world.visit_a.scans.get().person
    offered = quarantine.places(
        later, None, user=world.user("data_manager"), person=person, is_far_shown=True
    )
    labels = {place.visit: place.label for _, places in offered for place in places}
    assert labels[world.visit_a].endswith("its scans name the same person")
    assert labels[world.visit_b].endswith("its scans name another person")
    (own, *_) = quarantine.places(later, None, user=world.user("coordinator"), is_far_shown=True)
    assert "person" not in own[1][0].label


def test_a_session_sent_in_two_uploads_waits_for_one_decision(world: World, later):
    send_dicom(world.visit_a, pair(world, DAY)[0])
    renamed = {"patient": "Renamed^Elsewhere", "patient_id": "NEW-4711"}
    for series in pair(world, LATER, **renamed):
        send_dicom(later, series)
    (found,) = quarantine.waiting(user=world.user("coordinator"))
    assert len(found.scans) == 2
    assert found.is_person_new
    assert found.earlier == [world.visit_a]
    same = quarantine.waiting_with(found.scans[1].pk, user=world.user("coordinator"))
    assert same.scans == found.scans


def test_a_withdrawn_consent_of_the_other_patient_lets_nothing_come(world: World, waiting):
    participation.record_step(
        patient=world.patient_b, step="IMAGES_WITHDRAWN", happened_on=date(2024, 1, 10), by=None
    )
    with pytest.raises(ValidationError, match="consent for images was withdrawn"):
        move(world, waiting, world.visit_b, by="data_manager")


def test_a_withdrawn_consent_leaves_only_the_discard(world: World, waiting):
    participation.record_step(
        patient=world.patient_a, step="IMAGES_WITHDRAWN", happened_on=date(2024, 1, 10), by=None
    )
    with pytest.raises(ValidationError, match="consent for images was withdrawn"):
        placing.keep(scans=waiting, reason=REASON, by=world.user("coordinator"))
    placing.discard(scans=waiting, reason="Withdrawn", by=world.user("coordinator"))
    assert files() == set()


def test_nothing_is_asked_about_reads_where_there_are_none(world: World, waiting, later):
    move(world, waiting, later)
    assert not Query.objects.exists()


def test_nothing_is_asked_about_the_reads_of_a_visit_that_never_used_the_image(
    world: World, waiting, later
):
    for assignment in give(world, world.visit_a):
        sign(assignment, 10)
    move(world, waiting, later)
    assert not Query.objects.filter(rule=deciding.READ_RULE).exists()


def test_days_without_an_identifier_of_the_session_are_decided_one_by_one(world: World, later):
    send_dicom(
        world.visit_a,
        series_of(world.patient_a, LATER, study_uid="", attributes={"StudyInstanceUID": ""}),
        series_of(world.patient_a, "2023-12-20", attributes={"StudyInstanceUID": ""}),
    )
    found = quarantine.waiting(user=world.user("coordinator"))
    assert [len(one.scans) for one in found] == [1, 1]
