"""Workers are refused by a lock as people are, in words, and change nothing."""

import pytest
from django.core.exceptions import ValidationError

from analytics.models import TrajectoryFlag
from analytics.services import review
from mldtrial.trial.models import Query, Scan
from segmentation.models import JobState, SegmentationResult, SegmentationRun, Upload
from segmentation.services import intake, models, runs
from tests.support.images import write_visit
from tests.support.intake import take_in_visit
from tests.support.loads import make_load
from tests.support.locking import freeze, lock
from tests.support.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def images(tmp_path):
    return write_visit(tmp_path, seed=1)


def send(visit, images):
    return intake.receive_upload(
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
    run = SegmentationRun(visit=world.visit_a)
    with pytest.raises(ValidationError, match="locked"):
        runs.retry_run(run=run, by=world.user("data_manager"))


def test_a_review_leaves_a_locked_patient_and_goes_on_with_the_others(world: World):
    for patient in (world.patient_a, world.patient_b):
        make_load(patient, patient.visits.get().date, 160.0)
        make_load(patient, patient.visits.get().date.replace(year=2024), 100.0)
    lock(world, world.patient_a)
    assert review.review_queued(origin="test") == 1
    for made in (TrajectoryFlag, Query):
        assert set(made.objects.values_list("patient", flat=True)) == {world.patient_b.pk}
