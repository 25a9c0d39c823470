"""A GPU is for the networks: what needs none waits for another worker."""

from pathlib import Path

import pytest
from django.conf import LazySettings

from segmentation.models import JobState, Method, SegmentationRun
from segmentation.selectors import needs, progress
from segmentation.services import jobs, models, runs
from tests.support.images import write_visit
from tests.support.intake import take_in_visit
from tests.support.loads import make_model
from tests.support.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(world: World, tmp_path: Path) -> dict[str, SegmentationRun]:
    """A run of a network and one of the conventional method, of one visit."""
    take_in_visit(world.visit_a, write_visit(tmp_path, seed=1))
    network = make_model("network", method=Method.CNN)
    conventional = models.register_conventional()
    queued = [runs.queue_run(visit=world.visit_a, model=m) for m in (network, conventional)]
    assert all(run is not None for run in queued)
    return {run.model_version.method: run for run in queued if run is not None}


@pytest.fixture
def beside_a_gpu(settings: LazySettings) -> None:
    settings.SEGMENTATION_DEVICE = "cuda"


def taken(queue: str | None) -> list[str]:
    """Return the methods of what a worker of a queue claims, one after the other."""
    found = []
    while True:
        run = jobs.claim_next(SegmentationRun, worker="test", only=needs.taken_by(queue))
        if run is None:
            return sorted(found)
        found.append(run.model_version.method)


@pytest.mark.usefixtures("beside_a_gpu")
def test_each_worker_takes_what_needs_it(waiting: dict[str, SegmentationRun]):
    assert taken("gpu") == [Method.CNN]
    assert taken("cpu") == [Method.CONVENTIONAL]


def test_one_processor_does_everything(waiting: dict[str, SegmentationRun]):
    assert taken("cpu") == [Method.CNN, Method.CONVENTIONAL]


@pytest.mark.usefixtures("beside_a_gpu")
def test_a_command_takes_everything(waiting: dict[str, SegmentationRun]):
    assert taken(None) == [Method.CNN, Method.CONVENTIONAL]


@pytest.mark.usefixtures("beside_a_gpu")
def test_a_run_waits_behind_those_alone_that_wait_for_the_same_worker(
    waiting: dict[str, SegmentationRun],
):
    later = waiting[Method.CONVENTIONAL]
    SegmentationRun.objects.filter(pk=later.pk).update(turn=7)
    later.refresh_from_db()
    assert progress.place_of(later) == "next"


def test_behind_one_processor_all_wait_in_one_row(waiting: dict[str, SegmentationRun]):
    later = waiting[Method.CONVENTIONAL]
    SegmentationRun.objects.filter(pk=later.pk).update(turn=7)
    later.refresh_from_db()
    assert progress.place_of(later) == "2. of your site"


@pytest.mark.usefixtures("beside_a_gpu")
def test_nobody_is_rung_for_without_need(waiting: dict[str, SegmentationRun]):
    assert needs.waited_for() == ["gpu", "cpu"]
    SegmentationRun.objects.filter(pk=waiting[Method.CONVENTIONAL].pk).update(
        state=JobState.CANCELLED, failure_code=jobs.CANCELLED
    )
    assert needs.waited_for() == ["gpu"]


def test_one_processor_has_one_bell(waiting: dict[str, SegmentationRun]):
    assert needs.waited_for() == ["cpu"]
