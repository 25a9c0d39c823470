"""A cohort is ordered, queued once, counted, stopped, and never at the cost of a visit's turn."""

from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from segmentation.models import (
    JobState,
    ModelVersion,
    Priority,
    ReleaseState,
    SegmentationBatch,
    SegmentationRun,
)
from segmentation.selectors import segmentations
from segmentation.services import batches, jobs, models, runs
from tests.support.images import write_visit
from tests.support.intake import take_in_visit
from tests.support.locking import freeze, thaw
from tests.support.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def model(world: World, tmp_path: Path) -> ModelVersion:
    """A candidate; visits of both sites have their images, and no run by it."""
    for seed, visit in enumerate((world.visit_a, world.visit_b), start=1):
        folder = tmp_path / str(seed)
        folder.mkdir()
        take_in_visit(visit, write_visit(folder, seed=seed))
    return models.register_threshold()


def ordered(world: World, model: ModelVersion) -> SegmentationBatch:
    batches.order(study=world.study, model=model, by=world.user("data_manager"))
    batch = batches.prepare_next(worker="test")
    assert batch is not None
    return batch


def test_every_visit_with_its_images_is_queued_once(world: World, model: ModelVersion):
    batch = ordered(world, model)
    assert (batch.visits_seen, batch.queued, batch.known, batch.held) == (2, 2, 0, 0)
    assert batch.prepared_at is not None
    waiting = SegmentationRun.objects.all()
    assert {run.visit for run in waiting} == {world.visit_a, world.visit_b}
    assert {(run.batch, run.priority) for run in waiting} == {(batch, Priority.BATCH)}
    again = ordered(world, model)
    assert (again.queued, again.known) == (0, 2)
    assert SegmentationRun.objects.count() == 2


def test_a_worker_that_was_killed_begins_again_and_doubles_nothing(
    world: World, model: ModelVersion, monkeypatch: pytest.MonkeyPatch
):
    batches.order(study=world.study, model=model, by=world.user("data_manager"))
    queue_run, calls = runs.queue_run, []

    def dies_at_the_second(**given: object) -> SegmentationRun | None:
        calls.append(given)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return queue_run(**given)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(runs, "queue_run", dies_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            batches.prepare_next(worker="doomed")
    assert SegmentationRun.objects.count() == 1
    batch = batches.prepare_next(worker="heir")
    assert batch is not None
    assert (batch.visits_seen, batch.queued, batch.known) == (2, 2, 0)
    assert SegmentationRun.objects.count() == 2
    assert batches.prepare_next(worker="heir") is None


def test_a_frozen_visit_is_left_as_it_is_by_the_method_that_counts_and_counted(
    world: World, model: ModelVersion
):
    models.activate(model=model, reason="test")
    freeze(world, world.visit_a)
    batch = ordered(world, model)
    assert (batch.queued, batch.held) == (1, 1)


def test_the_runs_of_a_cohort_keep_apart_from_the_method_that_counts(
    world: World, model: ModelVersion
):
    batch = ordered(world, model)
    while runs.execute_next(worker="test") is not None:
        pass
    (standing,) = segmentations.batches(world.study, user=world.user("auditor"), at_most=5)
    assert (standing.batch, standing.tally.done, standing.tally.total) == (batch, 2, 2)
    assert not standing.is_open
    (method,) = segmentations.methods(world.study, user=world.user("auditor"))
    assert (method.model.state, method.tally.done) == (ReleaseState.CANDIDATE, 2)
    assert segmentations.mean_seconds(model) is not None


def test_stopping_an_order_cancels_what_has_not_finished(world: World, model: ModelVersion):
    batch = ordered(world, model)
    assert runs.execute_next(worker="test") is not None
    assert batches.cancel(batch=batch, by=world.user("data_manager")) == 1
    states = sorted(SegmentationRun.objects.values_list("state", flat=True))
    assert states == [JobState.CANCELLED, JobState.SUCCEEDED]
    assert jobs.claim_next(SegmentationRun, worker="test") is None


def test_what_an_order_did_not_get_to_is_done_by_the_next(world: World, model: ModelVersion):
    first = ordered(world, model)
    assert runs.execute_next(worker="test") is not None
    batches.cancel(batch=first, by=world.user("data_manager"))
    second = ordered(world, model)
    assert (second.queued, second.known) == (1, 1)
    again = runs.execute_next(worker="test")
    assert again is not None
    assert (again.batch, again.state) == (second, JobState.SUCCEEDED)


def test_a_single_visits_run_that_an_order_takes_over_has_its_turn_among_orders(
    world: World, model: ModelVersion
):
    run = runs.queue_run(visit=world.visit_a, model=model)
    assert run is not None
    SegmentationRun.objects.filter(pk=run.pk).update(turn=500)
    jobs.cancel(run, message="test")
    batch = ordered(world, model)
    run.refresh_from_db()
    assert (run.batch, run.priority, run.turn) == (batch, Priority.BATCH, 0)
    assert jobs.next_turn(SegmentationRun, world.site_a, Priority.BATCH) == 1


def test_an_order_that_is_stopped_while_it_is_prepared_queues_nothing_more(
    world: World, model: ModelVersion
):
    order = batches.order(study=world.study, model=model, by=world.user("data_manager"))
    batches.cancel(batch=order, by=world.user("data_manager"))
    assert batches.prepare_next(worker="test") is None
    assert not SegmentationRun.objects.exists()


def test_the_same_order_is_not_given_twice_at_once(world: World, model: ModelVersion):
    batches.order(study=world.study, model=model, by=world.user("data_manager"))
    with pytest.raises(ValidationError, match="already"):
        batches.order(study=world.study, model=model, by=world.user("data_manager"))


def test_a_retired_method_segments_nothing(world: World, model: ModelVersion):
    ModelVersion.objects.filter(pk=model.pk).update(state=ReleaseState.RETIRED)
    model.refresh_from_db()
    with pytest.raises(ValidationError, match="retired"):
        batches.order(study=world.study, model=model, by=world.user("data_manager"))


@pytest.mark.parametrize("who", ["coordinator", "sponsor", "auditor", "administrator"])
def test_only_the_data_manager_orders(world: World, model: ModelVersion, who: str):
    with pytest.raises(PermissionDenied):
        batches.order(study=world.study, model=model, by=world.user(who))


def test_failed_runs_are_tried_again_and_refused_ones_are_not(world: World, model: ModelVersion):
    ordered(world, model)
    first, second = SegmentationRun.objects.all()
    ended = {"lease_token": None, "lease_until": None}
    SegmentationRun.objects.filter(pk=first.pk).update(
        state=JobState.FAILED, failure_code="UNEXPECTED", **ended
    )
    SegmentationRun.objects.filter(pk=second.pk).update(
        state=JobState.REJECTED, failure_code="NO_BRAIN", **ended
    )
    assert batches.retry_failed(study=world.study, by=world.user("data_manager")) == 1
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == (JobState.QUEUED, JobState.REJECTED)


def test_what_a_freeze_refused_is_tried_again_with_the_failed(world: World, model: ModelVersion):
    models.activate(model=model, reason="test")
    ordered(world, model)
    freeze(world, world.visit_a)
    while runs.execute_next(worker="test") is not None:
        pass
    thaw(world, world.visit_a)
    assert batches.retry_failed(study=world.study, by=world.user("data_manager")) == 1


def test_two_workers_at_one_order_count_each_visit_once(
    world: World, model: ModelVersion, monkeypatch: pytest.MonkeyPatch
):
    order = batches.order(study=world.study, model=model, by=world.user("data_manager"))
    queue_run, beside = runs.queue_run, []

    def with_another(**given: object) -> SegmentationRun | None:
        if not beside:
            beside.append(1)
            batches.prepare_next(worker="other")
        return queue_run(**given)  # type: ignore[arg-type]

    monkeypatch.setattr(runs, "queue_run", with_another)
    batches.prepare_next(worker="test")
    order.refresh_from_db()
    assert (order.visits_seen, order.queued, order.known) == (2, 2, 0)


def test_an_order_stopped_between_two_visits_leaves_nothing_waiting(
    world: World, model: ModelVersion, monkeypatch: pytest.MonkeyPatch
):
    order = batches.order(study=world.study, model=model, by=world.user("data_manager"))
    queue_run = runs.queue_run

    def stopped_just_before(**given: object) -> SegmentationRun | None:
        batches.cancel(batch=order, by=world.user("data_manager"))
        return queue_run(**given)  # type: ignore[arg-type]

    monkeypatch.setattr(runs, "queue_run", stopped_just_before)
    batches.prepare_next(worker="test")
    states = SegmentationRun.objects.values_list("state", flat=True)
    assert list(states) == [JobState.CANCELLED]


def test_an_order_that_has_ended_is_not_stopped(world: World, model: ModelVersion):
    batch = ordered(world, model)
    while runs.execute_next(worker="test") is not None:
        pass
    assert batches.cancel(batch=batch, by=world.user("data_manager")) == 0
    batch.refresh_from_db()
    assert batch.cancelled_at is None
