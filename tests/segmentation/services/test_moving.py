"""A scan segmented under the wrong patient goes to the right one, with all that follows."""

import signal
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pydicom import dcmread

from analytics.selectors.loads import counting_results
from mldtrial.audit import canonical
from mldtrial.trial.models import Query, Scan, ScanState, Visit
from mldtrial.trial.services import participation, patients
from segmentation.imaging.errors import ImageError
from segmentation.models import JobState, SegmentationRun
from segmentation.services import jobs, models, moving, run_requests, runs, store, upkeep
from segmentation.services.dicom import study_key
from tests.segmentation.services.test_placing import DAY, REASON, files, needed, pair
from tests.support.intake import send_dicom
from tests.support.locking import lock
from tests.support.reads import give, sign
from tests.support.workers import worker_environment
from tests.support.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def right(world: World) -> Visit:
    """The visit of the other patient of the site, whose record is like that of the first."""
    models.activate(model=models.register_threshold(), reason="test")
    other = patients.create_patient(
        site=world.site_a, subject_code="A-002", sex="F", birth_month=world.patient_a.birth_month,
        enrolled_on=date(2023, 5, 10), by=None,
    )  # fmt: skip
    return patients.create_visit(
        patient=other,
        definition=world.study.visit_definitions.get(code="M00"),
        visit_date=date(2023, 5, 12),
        by=None,
    )


@pytest.fixture
def segmented(world: World, right: Visit) -> SegmentationRun:
    """A visit that went the whole way with the images of another patient."""
    send_dicom(world.visit_a, *pair(world, DAY))
    runs.queue_run(visit=world.visit_a)
    run = runs.execute_next(worker="test")
    assert run.state == JobState.SUCCEEDED, run.message
    return run


def scans_of(visit: Visit) -> list[Scan]:
    return list(visit.scans.filter(state=ScanState.IMPORTED))


def move(world: World, to: Visit, by: str = "coordinator", scans: Any = None) -> None:
    moving.move(scans=scans or scans_of(world.visit_a), to=to, reason=REASON, by=world.user(by))


def test_results_are_voided_and_made_again_where_the_scans_belong(world: World, segmented, right):
    load_ml = segmented.result.demyelination_load_ml
    move(world, right)
    segmented.refresh_from_db()
    assert (segmented.is_voided, segmented.analysis_flag) == (True, False)
    assert not counting_results().exists()
    again = runs.execute_next(worker="test")
    assert (again.visit, again.state) == (right, JobState.SUCCEEDED)
    (counting,) = counting_results()
    assert (counting.run, counting.demyelination_load_ml) == (again, load_ml)


def test_the_kept_dicom_is_that_of_the_right_patient(world: World, segmented, right):
    move(world, right)
    key = study_key("MLD-1")
    for scan in scans_of(right):
        assert scan.days_from_visit == -2
        with ZipFile(store.dicom_path(scan.acquisition["dicom_sha256"])) as archive:
            for name in archive.namelist():
                with archive.open(name) as file:
                    kept = dcmread(file)
                assert kept.PatientID == kept.ClinicalTrialSubjectID == "A-002"
                day = date(2023, 5, 10) + key.shift("A-002")
                assert f"{day:%Y%m%d}" == kept.AcquisitionDate
    assert files() == needed()


def test_what_intake_compared_with_another_patient_is_said_to_be_of_that_one(
    world: World, segmented, right
):
    before = {scan.pk: scan.reason for scan in scans_of(world.visit_a)}
    assert all("Compared with the record" in reason for reason in before.values())
    move(world, right)
    there = scans_of(right)
    for scan in there:
        assert scan.reason == f"Before it was moved from another patient: {before[scan.pk]}"
    move(world, world.visit_a, scans=there)
    for scan in scans_of(world.visit_a):
        assert scan.reason == f"Before it was moved from another patient: {before[scan.pk]}"


def test_a_visit_that_keeps_an_older_image_counts_with_that(world: World, segmented, right):
    newer = pair(world, DAY, seed=500)
    send_dicom(world.visit_a, *newer)
    runs.queue_run(visit=world.visit_a)
    second = runs.execute_next(worker="test")
    segmented.refresh_from_db()
    assert (segmented.analysis_flag, second.analysis_flag) == (False, True)
    move(world, right, scans=[second.t1w_scan, second.t2w_scan])
    segmented.refresh_from_db()
    assert segmented.analysis_flag


def test_there_and_back_again_is_segmented_again(world: World, segmented, right):
    move(world, right)
    moving.move(
        scans=scans_of(right), to=world.visit_a, reason="Was right", by=world.user("coordinator")
    )
    made = SegmentationRun.objects.filter(visit=world.visit_a).order_by("queued_at")
    assert list(made.values_list("is_voided", flat=True)) == [True, False]
    while runs.execute_next(worker="test") is not None:
        pass
    assert [result.run.visit for result in counting_results()] == [world.visit_a]
    assert files() == needed()


def test_a_run_under_way_writes_nothing_after_the_move(world: World, right):
    send_dicom(world.visit_a, *pair(world, DAY))
    runs.queue_run(visit=world.visit_a)
    running = jobs.claim_next(SegmentationRun, worker="test")
    move(world, right)
    with pytest.raises(jobs.LeaseLostError):
        jobs.succeed(running)
    running.refresh_from_db()
    assert (running.state, running.is_voided) == (JobState.CANCELLED, True)


def test_what_signatures_cover_changes_at_both_visits(world: World, segmented, right):
    keys = [world.visit_a.pk, right.pk]
    before = canonical.digests("visit", keys)
    move(world, right)
    after = canonical.digests("visit", keys)
    assert all(before[key] != after[key] for key in keys)


@pytest.mark.parametrize("which", ["source", "target"])
def test_the_lock_of_either_visit_holds(world: World, segmented, right, which):
    lock(world, world.visit_a if which == "source" else right)
    with pytest.raises(ValidationError, match="locked"):
        move(world, right)
    assert len(scans_of(world.visit_a)) == 2
    segmented.refresh_from_db()
    assert not segmented.is_voided


@pytest.mark.parametrize("role", ["coordinator", "investigator"])
def test_a_site_moves_nothing_to_another_site(world: World, segmented, role):
    with pytest.raises(PermissionDenied):
        move(world, world.visit_b, by=role)


def test_the_data_manager_moves_across_sites(world: World, segmented):
    move(world, world.visit_b, by="data_manager")
    assert len(scans_of(world.visit_b)) == 2


def test_nothing_is_moved_to_another_study(world: World, segmented):
    with pytest.raises((ValidationError, PermissionDenied)):
        move(world, world.other_patient.visits.get(), by="data_manager")


def test_an_image_that_the_other_visit_has_already_is_not_moved_there(world: World, right):
    send_dicom(world.visit_a, *pair(world, DAY))
    Scan.objects.update(state=ScanState.VOIDED)
    send_dicom(right, *pair(world, DAY))
    Scan.objects.filter(visit=right).update(state=ScanState.IMPORTED)
    send_dicom(world.visit_a, *pair(world, DAY, patient="Somebody^Else"))
    waiting = list(world.visit_a.scans.filter(state=ScanState.QUARANTINED))
    assert waiting
    with pytest.raises(ValidationError, match="has this very image already"):
        move(world, right, scans=waiting)


MOVE = """
import sys, django
django.setup()
from mldtrial.audit.context import acting
from mldtrial.trial.models import Scan, Visit
from segmentation.services import moving
to, *scans = sys.argv[1:]
with acting(origin="test suite"):
    moving.move(
        scans=list(Scan.objects.filter(pk__in=scans)),
        to=Visit.objects.get(pk=to), reason="Killed", by=None,
    )
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("place", "is_moved"),
    [("move_after_rename", False), ("move_before_commit", False), ("move_after_commit", True)],
)
@pytest.mark.faults
def test_a_kill_leaves_the_old_place_or_the_new_one(
    world: World, right, monkeypatch, place, is_moved
):
    send_dicom(world.visit_a, *pair(world, DAY))
    scans = [str(scan.pk) for scan in scans_of(world.visit_a)]
    died = subprocess.run(
        [sys.executable, "-c", MOVE, str(right.pk), *scans],
        env=worker_environment(FAILPOINT=place),
        cwd=settings.BASE_DIR,
        check=False,
    )
    assert died.returncode == -signal.SIGKILL
    where = right if is_moved else world.visit_a
    assert {str(scan.pk) for scan in scans_of(where)} == set(scans)
    assert needed() < files()  # what the kill left behind
    monkeypatch.setattr(upkeep, "UNREFERENCED_SECONDS", -1)
    upkeep.clean_store()
    assert files() == needed()
    for scan in scans_of(where):
        store.verified(
            store.dicom_path(scan.acquisition["dicom_sha256"]), scan.acquisition["dicom_sha256"]
        )


@pytest.mark.parametrize("point", ["move_after_rename", "move_before_commit"])
def test_a_fault_on_the_way_leaves_the_old_place_whole(
    world: World, segmented, right, monkeypatch, point
):
    class FaultError(Exception):
        pass

    def fail(reached: str) -> None:
        if reached == point:
            raise FaultError

    before, rows = files(), list(Scan.objects.order_by("pk").values_list())
    monkeypatch.setattr(moving, "reach", fail)
    with pytest.raises(FaultError):
        move(world, right)
    assert list(Scan.objects.order_by("pk").values_list()) == rows
    assert files() == before == needed()
    segmented.refresh_from_db()
    assert segmented.analysis_flag


def test_a_damaged_kept_file_is_not_moved(world: World, segmented, right):
    scan = scans_of(world.visit_a)[0]
    path: Path = store.dicom_path(scan.acquisition["dicom_sha256"])
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ImageError):
        move(world, right)
    assert len(scans_of(world.visit_a)) == 2


def test_a_visit_that_was_read_is_asked_about(world: World, segmented, right):
    for assignment in give(world, world.visit_a):
        sign(assignment, 10)
    move(world, right)
    (asked,) = Query.objects.filter(rule="IMAGE-CHANGED-AFTER-READ")
    assert (asked.visit, asked.audience) == (world.visit_a, "IMAGING")


def test_the_images_of_a_run_are_chosen_while_the_visit_is_held(world: World, right):
    send_dicom(world.visit_a, *pair(world, DAY))
    with CaptureQueriesContext(connection) as seen:
        runs.queue_run(visit=world.visit_a)
    said = [query["sql"] for query in seen]
    held = next(
        n for n, sql in enumerate(said) if 'FROM "trial_visit"' in sql and "FOR UPDATE" in sql
    )
    chosen = next(n for n, sql in enumerate(said) if 'FROM "trial_scan"' in sql)
    assert held < chosen


def test_a_failed_segmentation_of_an_image_that_was_moved_is_not_tried_again(world: World, right):
    send_dicom(world.visit_a, *pair(world, DAY))
    run = runs.queue_run(visit=world.visit_a)
    SegmentationRun.objects.filter(pk=run.pk).update(
        state=JobState.FAILED, failure_code="UNEXPECTED"
    )
    move(world, right)
    with pytest.raises(ValidationError, match="void"):
        run_requests.retry_run(run=run, by=world.user("coordinator"))
    run.refresh_from_db()
    assert (run.state, run.is_voided) == (JobState.FAILED, True)


def test_an_undated_image_counts_as_of_the_day_of_the_visit_it_goes_to(world: World, right):
    late = patients.create_visit(
        patient=world.patient_a,
        definition=world.study.visit_definitions.get(code="M06"),
        visit_date=date(2023, 11, 10),
        by=None,
    )
    send_dicom(late, *pair(world, "2023-11-10"))
    Scan.objects.filter(visit=late).update(days_from_visit=None)
    participation.record_step(
        patient=right.patient, step="DIED", happened_on=date(2023, 6, 1), by=None
    )
    move(world, right, scans=scans_of(late))
    assert len(scans_of(right)) == 2
