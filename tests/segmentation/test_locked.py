"""Workers are refused by a lock as people are, in words, and change nothing."""

import gzip
import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from analytics.models import TrajectoryFlag
from analytics.selectors import loads
from analytics.services import review
from mldtrial.trial.models import Query, Scan
from segmentation.demo.record import MODEL as PRETRAINED
from segmentation.models import (
    JobState,
    Method,
    ModelVersion,
    ReleaseState,
    SegmentationResult,
    SegmentationRun,
    Upload,
)
from segmentation.services import (
    intake,
    models,
    receiving,
    recording,
    run_requests,
    runs,
    store,
    upkeep,
)
from tests.support.images import write_visit
from tests.support.intake import take_in_visit
from tests.support.loads import make_load
from tests.support.locking import freeze, lock, thaw
from tests.support.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def images(tmp_path):
    return write_visit(tmp_path, seed=1)


def send(visit, images):
    return receiving.receive_upload(
        visit=visit,
        chunks=[images["T1w"].read_bytes()],
        declared_sequence="T1w",
        declared_acquired_on=visit.date,
        by=None,
    )


@pytest.mark.parametrize("hold", [freeze, lock])
def test_a_locked_visit_takes_no_upload(world: World, images, hold):
    hold(world, world.visit_a)
    with pytest.raises(ValidationError, match="This record is"):
        send(world.visit_a, images)
    assert not Upload.objects.exists()


def test_an_upload_that_waits_when_the_lock_comes_is_refused_in_words(world: World, images):
    send(world.visit_a, images)
    lock(world, world.visit_a)
    upload = intake.execute_next(worker="test")
    assert (upload.state, upload.failure_code) == (JobState.REJECTED, "RECORD_LOCKED")
    assert "Ask the data manager to open it" in upload.message
    assert not Scan.objects.exists()


def files_of_images() -> list[Path]:
    return [path for path in (store.root() / "images").rglob("*") if path.is_file()]


def test_an_image_that_a_lock_refuses_at_the_last_moment_leaves_no_file(
    world: World, images, monkeypatch
):
    send(world.visit_a, images)
    monkeypatch.setattr(recording, "reach", lambda _point: lock(world, world.visit_a))
    upload = intake.execute_next(worker="test")
    assert (upload.state, upload.failure_code) == (JobState.REJECTED, "RECORD_LOCKED")
    assert not Scan.objects.exists()
    assert files_of_images() == []


def test_an_image_that_is_refused_leaves_the_file_of_the_scan_that_has_it_already(
    world: World, images
):
    take_in_visit(world.visit_a, {"T1w": images["T1w"]})
    before = files_of_images()
    receiving.receive_upload(
        visit=world.visit_a,
        chunks=[gzip.decompress(images["T1w"].read_bytes())],
        declared_sequence="T1w",
        declared_acquired_on=world.visit_a.date,
        by=None,
    )
    upload = intake.execute_next(worker="test")
    assert (upload.state, upload.failure_code) == (JobState.REJECTED, "DUPLICATE_IMAGE")
    assert files_of_images() == before != []


def test_an_upload_that_met_a_freeze_is_tried_again_once_the_visit_is_open(
    world: World, images, client
):
    send(world.visit_a, images)
    freeze(world, world.visit_a)
    upload = intake.execute_next(worker="test")
    client.force_login(world.user("coordinator"))
    assert "Try again" in client.get(reverse("uploads")).content.decode()
    thaw(world, world.visit_a)
    client.post(reverse("job_retry", args=[upload.pk]))
    assert intake.execute_next(worker="test").state == JobState.SUCCEEDED
    assert Scan.objects.filter(visit=world.visit_a).count() == 1
    assert not store.quarantine_path(upload.pk).exists()


def test_the_raw_file_of_an_upload_that_met_a_lock_outlives_the_clean_up(world: World, images):
    send(world.visit_a, images)
    lock(world, world.visit_a)
    upload = intake.execute_next(worker="test")
    path = store.quarantine_path(upload.pk)
    os.utime(path, (0, 0))
    upkeep.clean_up()
    assert path.exists()


@pytest.mark.parametrize(
    ("days", "outlives"), [(upkeep.RAW_FILE_DAYS - 1, True), (upkeep.RAW_FILE_DAYS + 1, False)]
)
def test_a_raw_file_waits_a_month_for_another_try(world: World, images, days, outlives):
    send(world.visit_a, images)
    freeze(world, world.visit_a)
    upload = intake.execute_next(worker="test")
    thaw(world, world.visit_a)
    path = store.quarantine_path(upload.pk)
    os.utime(path, (0, 0))
    Upload.objects.filter(pk=upload.pk).update(finished_at=timezone.now() - timedelta(days=days))
    upkeep.clean_up()
    assert path.exists() == outlives
    if not outlives:
        with pytest.raises(ValidationError, match="Upload it again"):
            receiving.retry_upload(upload=upload, by=world.user("coordinator"))


def test_what_met_a_lock_and_was_sent_again_is_not_tried_again(world: World, images):
    send(world.visit_a, images)
    freeze(world, world.visit_a)
    upload = intake.execute_next(worker="test")
    thaw(world, world.visit_a)
    send(world.visit_a, images)
    with pytest.raises(ValidationError, match="uploaded for this visit already"):
        receiving.retry_upload(upload=upload, by=world.user("coordinator"))


@pytest.mark.parametrize("when", ["before the work", "during the work"])
def test_a_segmentation_publishes_nothing_into_a_locked_visit(
    world: World, images, monkeypatch, when
):
    models.activate(model=models.register_threshold(), reason="test")
    take_in_visit(world.visit_a, images)
    runs.queue_run(visit=world.visit_a)
    if when == "before the work":
        lock(world, world.visit_a)
    else:
        measured = runs._measured_twice
        monkeypatch.setattr(
            runs, "_measured_twice", lambda *a: (measured(*a), lock(world, world.visit_a))[0]
        )
    run = runs.execute_next(worker="test")
    assert (run.state, run.failure_code) == (JobState.REJECTED, "RECORD_LOCKED")
    assert not SegmentationResult.objects.exists()
    assert not SegmentationRun.objects.filter(analysis_flag=True).exists()
    assert list(runs.store.root().glob("masks/*")) == []


def test_no_run_is_queued_or_tried_again_for_a_locked_visit(world: World, images):
    models.activate(model=models.register_threshold(), reason="test")
    take_in_visit(world.visit_a, images)
    lock(world, world.visit_a)
    assert runs.queue_run(visit=world.visit_a) is None
    run = SegmentationRun(visit=world.visit_a, model_version=models.active_model())
    with pytest.raises(ValidationError, match="locked"):
        run_requests.retry_run(run=run, by=world.user("data_manager"))


def test_a_run_that_a_freeze_kept_back_is_queued_once_the_visit_is_open(world: World, images):
    models.activate(model=models.register_threshold(), reason="test")
    take_in_visit(world.visit_a, images)
    freeze(world, world.visit_a)
    assert runs.queue_run(visit=world.visit_a) is None
    assert upkeep.queue_missing_runs() == 0
    thaw(world, world.visit_a)
    assert upkeep.queue_missing_runs() == 1
    assert upkeep.queue_missing_runs() == 0
    assert SegmentationRun.objects.get().visit == world.visit_a


def test_a_missing_run_waits_for_every_image(world: World, images):
    models.activate(model=models.register_threshold(), reason="test")
    take_in_visit(world.visit_a, {"T1w": images["T1w"]})
    assert upkeep.queue_missing_runs() == 0


def test_images_that_only_a_retired_model_was_given_are_given_to_the_active_one_once(
    world: World, images
):
    models.activate(model=models.register_threshold(), reason="test")
    take_in_visit(world.visit_a, images)
    runs.queue_run(visit=world.visit_a)
    other = models.register_model(folder=PRETRAINED)
    other.method = Method.TEST
    other.save()
    models.activate(model=other, reason="test")
    assert upkeep.queue_missing_runs() == 1
    assert upkeep.queue_missing_runs() == 0


@pytest.mark.parametrize(
    ("hold", "who"),
    [(freeze, "until the data manager opens it"), (lock, "another person approves")],
)
def test_the_command_says_that_a_visit_is_held_and_who_opens_it(world: World, images, hold, who):
    models.activate(model=models.register_threshold(), reason="test")
    take_in_visit(world.visit_a, images)
    hold(world, world.visit_a)
    with pytest.raises(CommandError, match=who):
        call_command("segment", "--visit", str(world.visit_a.pk), "--inline")


def test_the_command_for_all_visits_says_how_many_it_left_out(world: World, images, capsys):
    models.activate(model=models.register_threshold(), reason="test")
    take_in_visit(world.visit_a, images)
    lock(world, world.visit_a)
    call_command("segment", "--all", "--inline")
    assert "1 frozen or locked visits were left out" in capsys.readouterr().err


def test_a_review_leaves_a_locked_patient_and_goes_on_with_the_others(world: World):
    for patient in (world.patient_a, world.patient_b):
        make_load(patient, patient.visits.get().date, 160.0)
        make_load(patient, patient.visits.get().date.replace(year=2024), 100.0)
    lock(world, world.patient_a)
    assert review.review_queued(origin="test") == 1
    for made in (TrajectoryFlag, Query):
        assert set(made.objects.values_list("patient", flat=True)) == {world.patient_b.pk}


@pytest.mark.parametrize("hold", [freeze, lock])
@pytest.mark.parametrize("which", ["the load that counts", "a load of the next method"])
def test_no_other_method_is_made_to_count_while_it_would_change_a_held_load(
    world: World, hold, which
):
    counting, following = models.register_threshold(), models.register_model(folder=PRETRAINED)
    models.activate(model=counting, reason="test")
    model = counting if which == "the load that counts" else following
    make_load(world.patient_a, world.visit_a.date, 40.0, model=model)
    hold(world, world.patient_a)
    before = list(loads.counting_results().values_list("pk", flat=True))
    with pytest.raises(ValidationError, match=r"1 frozen or locked visit would show another load"):
        models.activate(model=following, reason="a newer method")
    with pytest.raises(IntegrityError, match="This record is"), transaction.atomic():
        ModelVersion.objects.filter(pk=model.pk).update(
            state=ReleaseState.RETIRED if model == counting else ReleaseState.ACTIVE
        )
    assert list(loads.counting_results().values_list("pk", flat=True)) == before


def test_the_command_says_why_a_method_cannot_be_made_to_count(world: World):
    counting = models.register_threshold()
    models.activate(model=counting, reason="test")
    make_load(world.patient_a, world.visit_a.date, 40.0, model=counting)
    lock(world, world.visit_a)
    with pytest.raises(CommandError, match="keep the method that counts now"):
        call_command("register_model", str(PRETRAINED), "--activate")


def test_a_method_is_made_to_count_once_nothing_of_it_is_held(world: World):
    counting, following = models.register_threshold(), models.register_model(folder=PRETRAINED)
    models.activate(model=counting, reason="test")
    run = make_load(world.patient_a, world.visit_a.date, 40.0, model=following)
    lock(world, world.visit_b)
    models.activate(model=following, reason="a newer method")
    assert loads.active_model() == following
    assert [result.run for result in loads.counting_results()] == [run]
