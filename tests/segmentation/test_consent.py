"""A consent for images that is withdrawn while an upload waits: nothing of it is used."""

import os
from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from mldtrial.trial.models import Scan
from mldtrial.trial.services import participation
from segmentation.models import JobState, SegmentationResult, SegmentationRun, Upload
from segmentation.services import intake, models, receiving, run_requests, runs, store, upkeep
from tests.support.images import write_visit
from tests.support.world import World

pytestmark = pytest.mark.django_db
WITHDRAWN = date(2024, 1, 10)


def withdraw(world: World) -> None:
    participation.record_step(
        patient=world.patient_a, step="IMAGES_WITHDRAWN", happened_on=WITHDRAWN, by=None
    )


@pytest.fixture
def queued(world: World, tmp_path) -> list[Upload]:
    """Both images of a visit, received while there was a consent for them."""
    models.activate(model=models.register_threshold(), reason="test")
    return [
        receiving.receive_upload(
            visit=world.visit_a,
            chunks=[path.read_bytes()],
            declared_sequence=sequence,
            declared_acquired_on=world.visit_a.date,
            by=None,
        )
        for sequence, path in write_visit(tmp_path, seed=1).items()
    ]


def work() -> None:
    while (upload := intake.execute_next(worker="test")) is not None:
        runs.queue_run(visit=upload.visit)
    upkeep.queue_missing_runs()


def test_nothing_is_taken_in_or_segmented_and_the_coordinator_sees_why(
    world: World, queued, client
):
    withdraw(world)
    work()
    ended = Upload.objects.values_list("state", "failure_code")
    assert set(ended) == {(JobState.REJECTED, "CONSENT_WITHDRAWN")}
    assert not Scan.objects.exists()
    assert not SegmentationRun.objects.exists()
    client.force_login(world.user("coordinator"))
    page = client.get(reverse("uploads")).content.decode()
    assert "The consent for images was withdrawn on 2024-01-10" in page
    assert "after a new consent, send it again" in page
    assert "Try again" not in page


def test_no_byte_of_the_refused_files_is_kept(world: World, queued):
    withdraw(world)
    work()
    assert [path for path in store.root().rglob("*") if path.is_file()] == []


def test_a_withdrawal_during_the_work_is_seen_before_anything_is_published(
    world: World, queued, monkeypatch
):
    read = intake._read_nifti

    def read_and_withdraw(*args):
        found = read(*args)
        if not world.patient_a.dispositions.filter(step="IMAGES_WITHDRAWN").exists():
            withdraw(world)
        return found

    monkeypatch.setattr(intake, "_read_nifti", read_and_withdraw)
    work()
    assert not Scan.objects.exists()
    assert [path for path in store.root().rglob("*") if path.is_file()] == []


def test_a_failed_upload_is_not_tried_again_after_the_withdrawal(world: World, queued):
    upload = queued[0]
    Upload.objects.filter(pk=upload.pk).update(state=JobState.FAILED, failure_code="UNEXPECTED")
    withdraw(world)
    with pytest.raises(ValidationError, match="consent for images was withdrawn on 2024-01-10"):
        receiving.retry_upload(upload=upload, by=world.user("coordinator"))


def test_a_new_consent_lets_the_images_in_again(world: World, queued):
    withdraw(world)
    participation.record_step(
        patient=world.patient_a, step="IMAGE_CONSENT", happened_on=date(2024, 2, 1), by=None
    )
    work()
    assert Scan.objects.count() == len(queued)
    assert SegmentationRun.objects.count() == 1


def test_the_raw_file_of_a_failed_upload_ends_with_the_consent(world: World, queued):
    failed, waiting = queued
    Upload.objects.filter(pk=failed.pk).update(
        state=JobState.FAILED, failure_code="INTERNAL", message="x", finished_at=timezone.now()
    )
    paths = [store.quarantine_path(upload.pk) for upload in (failed, waiting)]
    for path in paths:
        os.utime(path, (0, 0))
    upkeep.clean_up()
    assert [path.exists() for path in paths] == [True, True]
    withdraw(world)
    upkeep.clean_up()
    # What waits is destroyed when its turn comes, with a reason for the coordinator.
    assert [path.exists() for path in paths] == [False, True]


def test_a_run_that_a_freeze_kept_back_does_not_come_after_the_consent(world: World, queued):
    while intake.execute_next(worker="test") is not None:
        pass
    assert Scan.objects.count() == 2
    withdraw(world)
    assert upkeep.queue_missing_runs() == 0
    participation.record_step(
        patient=world.patient_a, step="IMAGE_CONSENT", happened_on=date(2024, 2, 1), by=None
    )
    assert upkeep.queue_missing_runs() == 1


def test_a_run_that_waited_is_not_made_after_the_withdrawal(world: World, queued):
    while (upload := intake.execute_next(worker="test")) is not None:
        runs.queue_run(visit=upload.visit)
    withdraw(world)
    run = runs.execute_next(worker="test")
    assert run is not None
    assert (run.state, run.failure_code) == (JobState.REJECTED, "CONSENT_WITHDRAWN")
    with pytest.raises(ValidationError, match="consent"):
        run_requests.retry_run(run=run, by=world.user("data_manager"))
    assert upkeep.queue_missing_runs() == 0
    participation.record_step(
        patient=world.patient_a, step="IMAGE_CONSENT", happened_on=date(2024, 2, 1), by=None
    )
    assert (upkeep.queue_missing_runs(), upkeep.queue_missing_runs()) == (1, 0)
    again = runs.execute_next(worker="test")
    assert again is not None
    assert (again.pk, again.state) == (run.pk, JobState.SUCCEEDED)


@pytest.mark.requirement("ICH-E6R3-4.2.6")
def test_a_consent_that_ends_during_the_work_keeps_its_load_out(
    world: World, queued, monkeypatch: pytest.MonkeyPatch
):
    while (upload := intake.execute_next(worker="test")) is not None:
        runs.queue_run(visit=upload.visit)
    measured = runs._measured_twice
    monkeypatch.setattr(runs, "_measured_twice", lambda *a: (measured(*a), withdraw(world))[0])
    run = runs.execute_next(worker="test")
    assert run is not None
    assert (run.state, run.failure_code) == (JobState.REJECTED, "CONSENT_WITHDRAWN")
    assert not SegmentationResult.objects.exists()
    assert list(store.root().glob("masks/*")) == []
