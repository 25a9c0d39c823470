"""An image that may be somebody else's, or another visit's, waits; it is used for nothing."""

import csv
import logging
from datetime import date, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from pydicom import Dataset

from analytics.selectors import overview
from mldtrial.audit import canonical
from mldtrial.trial.models import Conflict, Patient, Scan, ScanState, Visit
from mldtrial.trial.selectors.reads import UNASSIGNED, cases
from mldtrial.trial.services import patients
from segmentation import selectors
from segmentation.models import JobState, SegmentationRun
from segmentation.services import models, placing, runs, upkeep
from tests.support import residue
from tests.support.dicom import T2W
from tests.support.intake import send_dicom, series_of, zipped
from tests.support.locking import lock
from tests.support.world import World

pytestmark = pytest.mark.django_db
DAY = "2023-05-10"
"""Of the first visit of everybody in the world."""


def conflicts(visit: Visit) -> list[list[str]]:
    return [scan.conflicts for scan in visit.scans.order_by("created_at")]


def send(world: World, **options: Any) -> Scan:
    """Send a series of the patient at site A whose header is changed in one point."""
    day = options.pop("day", DAY)
    send_dicom(world.visit_a, series_of(world.patient_a, day, **options))
    return world.visit_a.scans.get()


def test_a_fitting_series_is_taken_in_and_says_what_was_compared(world: World):
    scan = send(world)
    assert (scan.state, scan.conflicts) == (ScanState.IMPORTED, [])
    assert "Compared with the record: date, sex, month of birth." in scan.reason


@pytest.mark.parametrize(
    ("options", "conflict"),
    [
        ({"day": "2023-05-25"}, Conflict.DATE_FAR),
        ({"day": "2023-04-25"}, Conflict.DATE_FAR),
        ({"sex": "M"}, Conflict.SEX),
        ({"birth": "20200401"}, Conflict.BIRTH_MONTH),
        ({"attributes": {"PatientAge": "012Y"}}, Conflict.AGE),
        ({"attributes": {"ClinicalTrialSubjectID": "B-001"}}, Conflict.TRIAL_SUBJECT),
        ({"patient_id": "B-001"}, Conflict.TRIAL_SUBJECT),
    ],
)
def test_what_does_not_fit_waits_under_its_name(world: World, options, conflict):
    scan = send(world, **options)
    assert (scan.state, scan.conflicts) == (ScanState.QUARANTINED, [conflict])


@pytest.mark.parametrize(
    "options",
    [
        {"day": "2023-05-24"},
        {"day": "2023-04-26"},
        {"sex": "O", "birth": ""},
        {"patient": "ANON", "patient_id": "", "birth": "19000101"},
    ],
)
def test_what_fits_or_says_nothing_does_not_wait(world: World, options):
    assert send(world, **options).state == ScanState.IMPORTED


def test_how_far_a_scan_may_lie_is_a_setting_of_the_study(world: World):
    type(world.study).objects.filter(pk=world.study.pk).update(scan_days_from_visit=30)
    assert send(world, day="2023-06-09").state == ScanState.IMPORTED


def test_a_series_without_a_date_is_not_far_from_anything(world: World):
    def undated(images: list[Dataset]) -> list[Dataset]:
        for image in images:
            for name in ("StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate"):
                del image[name]
        return images

    send_dicom(world.visit_a, undated(series_of(world.patient_a, DAY)))
    scan = world.visit_a.scans.get()
    assert (scan.state, scan.days_from_visit) == (ScanState.IMPORTED, None)


def sibling(world: World, code: str = "A-002") -> Visit:
    """Another patient of site A whose record is like that of the first, with a visit."""
    other = patients.create_patient(
        site=world.site_a, subject_code=code, sex="F",
        birth_month=world.patient_a.birth_month, enrolled_on=date(2023, 5, 10), by=None,
    )  # fmt: skip
    return patients.create_visit(
        patient=other,
        definition=world.study.visit_definitions.get(code="M00"),
        visit_date=date(2023, 5, 10),
        by=None,
    )


def test_a_person_known_under_another_patient_waits(world: World):
    send(world)
    other = sibling(world)
    send_dicom(other, series_of(world.patient_a, "2023-05-11"))
    assert conflicts(other) == [[Conflict.OTHER_PERSON]]


def test_a_dummy_that_stands_for_two_patients_stands_for_nobody(world: World):
    dummy = {"patient": "CASE", "patient_id": "0815", "birth": ""}
    first, second, third = world.visit_a, sibling(world), sibling(world, "A-003")
    send_dicom(first, series_of(first.patient, DAY, **dummy))
    send_dicom(second, series_of(second.patient, DAY, **dummy))
    assert conflicts(second) == [[Conflict.OTHER_PERSON]]
    second.scans.update(state=ScanState.IMPORTED)
    send_dicom(third, series_of(third.patient, DAY, **dummy))
    assert conflicts(third) == [[]]


def test_whoever_removed_the_identity_before_raises_no_alarm(world: World):
    removed = {
        "patient": "CASE", "patient_id": "0815", "birth": "",
        "attributes": {"PatientIdentityRemoved": "YES"},
    }  # fmt: skip
    first, second = world.visit_a, sibling(world)
    for visit in (first, second):
        send_dicom(visit, series_of(visit.patient, DAY, **removed))
    assert conflicts(first) == conflicts(second) == [[]]
    assert set(Scan.objects.values_list("person", flat=True)) == {""}


def test_a_person_of_another_study_is_another_hash(world: World):
    visit = world.other_patient.visits.get()
    for where in (world.visit_a, visit):
        send_dicom(where, series_of(world.patient_a, DAY))
    assert conflicts(visit) == [[]]
    assert Scan.objects.values("person").distinct().count() == 2


def test_two_sessions_of_one_upload_go_apart(world: World):
    sent = send_dicom(
        world.visit_a, series_of(world.patient_a, DAY), series_of(world.patient_a, "2023-11-10")
    )
    assert sorted(conflicts(world.visit_a)) == [[], [Conflict.DATE_FAR]]
    assert "1 of 2 images wait in quarantine" in sent.message


def test_a_second_person_waits_while_the_first_proves_to_be_the_patient(world: World):
    stranger = series_of(world.patient_b, DAY, birth="20180304", sex="M", seed=1)
    send_dicom(world.visit_a, series_of(world.patient_a, DAY), stranger)
    assert sorted(conflicts(world.visit_a)) == [
        [],
        [Conflict.SEX, Conflict.BIRTH_MONTH, Conflict.MANY_PERSONS],
    ]


def test_all_wait_where_nothing_tells_who_is_right(world: World):
    silent = {"birth": "", "sex": ""}
    send_dicom(
        world.visit_a,
        series_of(world.patient_a, DAY, **silent),
        series_of(world.patient_b, DAY, **silent),
    )
    assert conflicts(world.visit_a) == [[Conflict.MANY_PERSONS]] * 2


def test_a_person_known_by_earlier_scans_is_right_without_other_facts(world: World):
    silent = {"birth": "", "sex": ""}
    send(world, **silent)
    later = patients.create_visit(
        patient=world.patient_a, definition=None, visit_date=date(2023, 11, 10), by=None
    )
    send_dicom(
        later,
        series_of(world.patient_a, "2023-11-10", **silent),
        series_of(world.patient_b, "2023-11-10", **silent),
    )
    assert sorted(conflicts(later)) == [[], [Conflict.PERSON_CHANGED, Conflict.MANY_PERSONS]]


RENAMED = {"patient": "Renamed^Elsewhere", "patient_id": "NEW-4711"}


def month_later(world: World, month: int) -> Visit:
    return patients.create_visit(
        patient=world.patient_a, definition=None, visit_date=date(2023, month, 10), by=None
    )


def test_another_person_than_at_the_earlier_visits_waits_and_is_asked_about_once(world: World):
    send(world)
    second, third = month_later(world, 8), month_later(world, 11)
    send_dicom(second, series_of(world.patient_a, "2023-08-10", **RENAMED))
    assert conflicts(second) == [[Conflict.PERSON_CHANGED]]
    placing.keep(scans=list(second.scans.all()), reason="New number", by=world.user("coordinator"))
    send_dicom(third, series_of(world.patient_a, "2023-11-10", **RENAMED))
    assert conflicts(third) == [[]]


def test_names_that_nobody_was_asked_about_are_no_habit(world: World):
    send(world)
    for month in (6, 7):
        new_name = {
            "patient": f"Renamed^{month}",
            "patient_id": f"NEW-{month}",
            "attributes": {"ClinicalTrialSubjectID": "A-001"},
        }
        visit = month_later(world, month)
        send_dicom(visit, series_of(world.patient_a, f"2023-{month:02}-10", **new_name))
        assert conflicts(visit) == [[]]
    last = month_later(world, 11)
    send_dicom(last, series_of(world.patient_a, "2023-11-10", **RENAMED))
    assert conflicts(last) == [[Conflict.PERSON_CHANGED]]


def test_who_was_discarded_is_not_known_and_is_asked_about_again(world: World):
    send(world)
    second, third = month_later(world, 8), month_later(world, 11)
    send_dicom(second, series_of(world.patient_a, "2023-08-10", **RENAMED))
    placing.discard(
        scans=list(second.scans.all()), reason="A stranger", by=world.user("coordinator")
    )
    send_dicom(third, series_of(world.patient_a, "2023-11-10", **RENAMED))
    assert conflicts(third) == [[Conflict.PERSON_CHANGED]]


def test_another_person_at_the_same_visit_waits_too(world: World):
    send(world)
    t2w = {**T2W, "InversionTime": None}
    send_dicom(world.visit_a, series_of(world.patient_a, DAY, attributes=t2w, seed=1, **RENAMED))
    assert conflicts(world.visit_a) == [[], [Conflict.PERSON_CHANGED]]


@pytest.mark.parametrize(
    "header",
    [
        {"patient": "ANON", "patient_id": ""},
        {**RENAMED, "patient_id": "A-001"},
        {**RENAMED, "attributes": {"ClinicalTrialSubjectID": "A-001"}},
        {**RENAMED, "attributes": {"PatientIdentityRemoved": "YES"}},
    ],
)
def test_a_header_that_names_nobody_or_the_subject_itself_is_no_other_person(
    world: World, header: dict[str, Any]
):
    send(world)
    later = month_later(world, 8)
    send_dicom(later, series_of(world.patient_a, "2023-08-10", **header))
    assert conflicts(later) == [[]]


def test_a_first_name_after_a_dummy_is_no_other_person(world: World):
    dummy = {"patient": "CASE", "patient_id": "0815"}
    send(world, **dummy)
    other = sibling(world)
    send_dicom(other, series_of(other.patient, DAY, **dummy))
    other.scans.update(state=ScanState.IMPORTED)
    later = month_later(world, 8)
    send_dicom(later, series_of(world.patient_a, "2023-08-10"))
    assert conflicts(later) == [[]]


def test_a_header_without_a_person_before_leaves_nothing_to_differ_from(world: World):
    send(world, patient="ANON", patient_id="")
    later = month_later(world, 8)
    send_dicom(later, series_of(world.patient_a, "2023-08-10"))
    assert conflicts(later) == [[]]


def test_the_same_image_under_another_patient_waits(world: World):
    """It is not refused: the earlier record may be the wrong one."""
    images = series_of(world.patient_a, DAY)
    send_dicom(world.visit_a, images)
    send_dicom(world.visit_b, images)
    assert conflicts(world.visit_b) == [[Conflict.OTHER_PERSON, Conflict.SAME_IMAGE_ELSEWHERE]]


def test_the_same_series_with_other_pixels_elsewhere_waits(world: World):
    uid = "1.2.826.0.1.4711"
    send(world, series_uid=uid)
    later = patients.create_visit(
        patient=world.patient_a, definition=None, visit_date=date(2023, 5, 20), by=None
    )
    send_dicom(later, series_of(world.patient_a, DAY, series_uid=uid, seed=1))
    assert conflicts(later) == [[Conflict.SAME_SERIES_ELSEWHERE]]


def test_what_the_visit_has_already_is_left_out_beside_what_is_new(world: World):
    first = series_of(world.patient_a, DAY)
    send_dicom(world.visit_a, first)
    second = series_of(world.patient_a, DAY, attributes={**T2W, "InversionTime": None}, seed=1)
    sent = send_dicom(world.visit_a, first, second)
    assert sent.state == JobState.SUCCEEDED
    assert "left out" in sent.message
    assert sorted(world.visit_a.scans.values_list("sequence", flat=True)) == ["T1w", "T2w"]


def test_a_declared_date_far_from_the_visit_waits_as_well(world: World, tmp_path):
    from segmentation.services import intake, receiving
    from tests.support.images import write_visit

    images = write_visit(tmp_path)
    receiving.receive_upload(
        visit=world.visit_a, chunks=[images["T1w"].read_bytes()], declared_sequence="T1w",
        declared_acquired_on=world.visit_a.date + timedelta(days=15), by=None,
    )  # fmt: skip
    intake.execute_next(worker="test")
    assert conflicts(world.visit_a) == [[Conflict.DATE_FAR]]


@pytest.fixture
def waiting(world: World) -> World:
    """Both sequences of a visit in quarantine, with a model that would segment them."""
    models.activate(model=models.register_threshold(), reason="test")
    send_dicom(
        world.visit_a,
        series_of(world.patient_a, "2024-05-10"),
        series_of(world.patient_a, "2024-05-10", attributes={**T2W, "InversionTime": None}, seed=1),
    )
    assert conflicts(world.visit_a) == [[Conflict.DATE_FAR]] * 2
    return world


def test_what_waits_is_segmented_by_nothing(waiting: World):
    assert runs.queue_run(visit=waiting.visit_a) is None
    assert upkeep.queue_missing_runs() == 0
    with pytest.raises(CommandError, match="no scan in use"):
        call_command("segment", "--scan", str(Scan.objects.first().pk))
    assert not SegmentationRun.objects.exists()


def test_what_waits_counts_as_missing_wherever_images_are_counted(waiting: World):
    visit, user = waiting.visit_a, waiting.user("data_manager")
    assert selectors.sequences_missing(visit) == ["T1w", "T2w"]
    status = selectors.visit_status(visit, user=user)
    assert (status.code, status.scans, len(status.in_quarantine)) == ("empty", (), 2)
    assert not cases(waiting.study, user=user, state=UNASSIGNED).exists()
    months = overview.activity(overview.scope_of(waiting.study, user=user))
    assert sum(month.scans for month in months) == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("dataset", "expected"), [("scans", []), ("visits", ["0", "0"])])
def test_what_waits_is_in_no_export(waiting: World, tmp_path, dataset, expected):
    path = tmp_path / "rows.csv"
    call_command("export", dataset, str(path), "--study", "MLD-1")
    with path.open(newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    assert [row.get("scan_count") for row in rows] == expected


def test_what_waits_does_not_void_a_signature(world: World):
    before = canonical.digests("visit", [world.visit_a.pk])
    send(world, day="2024-05-10")
    assert canonical.digests("visit", [world.visit_a.pk]) == before
    Scan.objects.update(state=ScanState.IMPORTED)
    assert canonical.digests("visit", [world.visit_a.pk]) != before


@pytest.mark.parametrize("record", ["visit_a", "patient_a", "study"])
def test_nothing_is_locked_while_a_scan_of_it_waits(waiting: World, record):
    with pytest.raises(ValidationError, match="2 scans wait in quarantine"):
        lock(waiting, getattr(waiting, record))


WRONG = {"patient": "Quixote^Dulcinea", "patient_id": "QX-778899", "birth": "20110923"}


def test_nothing_of_a_wrong_person_is_kept_or_shown(
    world: World, settings: Any, caplog: pytest.LogCaptureFixture, client: Client
):
    caplog.set_level(logging.DEBUG)
    stranger: Patient = world.patient_b
    wrong = series_of(
        stranger, DAY, **WRONG, attributes={"PatientAge": "011Y", "InstitutionName": "La Mancha"}
    )
    send_dicom(world.visit_a, series_of(world.patient_a, DAY), wrong)
    scan = Scan.objects.get(state=ScanState.QUARANTINED)
    assert set(scan.conflicts) >= {Conflict.BIRTH_MONTH, Conflict.AGE, Conflict.MANY_PERSONS}
    values = [
        "quixote", "dulcinea", "qx-778899", "20110923", "2011-09", "011y", "la mancha",
        str(wrong[0].StudyInstanceUID), str(wrong[0].SeriesInstanceUID),
    ]  # fmt: skip
    kept = [(name, text.encode()) for name, text in residue.rows()]
    kept += residue.contents(settings.DATA_DIR)
    kept.append(("log", caplog.text.encode()))
    client.force_login(world.user("coordinator"))
    for name in ("uploads", "home", "audit"):
        kept.append((name, client.get(reverse(name)).content))
    assert len(kept) > 100
    assert [
        (value, name)
        for name, content in kept
        for value in values
        if value.encode() in content.lower()
    ] == []


def test_the_command_says_that_an_image_waits(world: World, tmp_path):
    folder = tmp_path / "scan"
    folder.mkdir()
    for index, image in enumerate(series_of(world.patient_a, "2024-05-10")):
        image.save_as(folder / f"{index}", enforce_file_format=True)
    out = StringIO()
    call_command(
        "import_scan", str(folder), "--study", "MLD-1", "--patient", "A-001", "--visit", "M00",
        "--inline", stdout=out,
    )  # fmt: skip
    assert "1 of 1 image waits in quarantine" in out.getvalue()


def test_an_operator_may_say_beforehand_that_what_conflicts_belongs(world: World, tmp_path):
    path = tmp_path / "scan.zip"
    path.write_bytes(zipped(series_of(world.patient_a, "2024-05-10")))
    command = [
        "import_scan", str(path), "--study", "MLD-1", "--patient", "A-001", "--visit", "M00",
        "--keep-despite", "Historical scan",
    ]  # fmt: skip
    with pytest.raises(CommandError, match="--wait or --inline"):
        call_command(*command)
    call_command(*command, "--inline", stdout=StringIO())
    assert conflicts(world.visit_a) == [[Conflict.DATE_FAR]]
    assert world.visit_a.scans.get().state == ScanState.IMPORTED


@pytest.mark.parametrize("day", ["1900-01-01", "9999-12-31"])
def test_a_date_that_stands_for_an_unknown_one_is_absent(world: World, day: str):
    upload = send_dicom(world.visit_a, series_of(world.patient_a, day))
    upload.refresh_from_db()
    assert upload.state == JobState.SUCCEEDED, upload.message
    assert Scan.objects.get().days_from_visit is None
