"""What waits is prepared in the order of its claim, unclaimed, and never without a consent."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.db.models import Q

from mldtrial.trial.services import participation
from segmentation.imaging.errors import ImageError
from segmentation.inference.ahead import WaitingVisit
from segmentation.inference.base import Segmenter
from segmentation.inference.threshold import ThresholdSegmenter
from segmentation.models import JobState, ModelVersion, Priority, ReleaseState, SegmentationRun
from segmentation.services import ahead, jobs, models, runs, store
from tests.support.images import write_visit
from tests.support.intake import take_in_visit
from tests.support.loads import make_model
from tests.support.world import World

pytestmark = pytest.mark.django_db


class Noting(ThresholdSegmenter):
    """A method that notes what it is to prepare."""

    def __init__(self) -> None:
        super().__init__()
        self.visits: list[WaitingVisit] = []
        self.beside: Mapping[str, Path] = {}

    def prepare_ahead(self, visits: Sequence[WaitingVisit], *, beside: Mapping[str, Path]) -> None:
        self.visits, self.beside = list(visits), beside


@pytest.fixture
def model(world: World, tmp_path: Path, settings: LazySettings) -> ModelVersion:
    """The active model, with two visits of two sites that have their images."""
    settings.SEGMENTATION_AHEAD = 4
    for seed, visit in enumerate((world.visit_a, world.visit_b), start=1):
        folder = tmp_path / str(seed)
        folder.mkdir()
        take_in_visit(visit, write_visit(folder, seed=seed))
    registered = models.register_threshold()
    models.activate(model=registered, reason="test")
    return registered


@pytest.fixture
def queued(world: World, model: ModelVersion) -> list[SegmentationRun]:
    """A run of each visit; the first is at hand."""
    found = [runs.queue_run(visit=visit) for visit in (world.visit_a, world.visit_b)]
    claimed = jobs.claim_next(SegmentationRun, worker="test")
    assert claimed == found[0]
    return [run for run in found if run is not None]


def images_of(run: SegmentationRun) -> dict[str, Path]:
    return {name: store.image_path(scan.image_sha256) for name, scan in run.scans.items()}


def prepared_beside(run: SegmentationRun) -> list[Mapping[str, Path]]:
    segmenter = Noting()
    ahead.prepare_waiting(segmenter, run, only=Q())
    assert segmenter.beside == images_of(run)
    return [visit.images for visit in segmenter.visits]


def test_the_next_visit_is_prepared_and_stays_unclaimed(queued: list[SegmentationRun]):
    at_hand, later = queued
    assert prepared_beside(at_hand) == [images_of(later)]
    later.refresh_from_db()
    assert (later.state, later.attempt) == (JobState.QUEUED, 0)


def test_what_is_prepared_is_what_the_segmenter_is_given(
    queued: list[SegmentationRun], monkeypatch: pytest.MonkeyPatch
):
    given: list[Mapping[str, Path]] = []

    class Watched(Noting):
        def segment(self, images, *, progress):
            given.append(images)
            return super().segment(images, progress=progress)

    segmenter: Segmenter = Watched()
    monkeypatch.setattr(runs, "load_segmenter", lambda _model: segmenter)
    at_hand, later = queued
    asked = prepared_beside(at_hand)
    finished = runs.execute_next(worker="test")
    assert finished == later
    assert finished.state == JobState.SUCCEEDED
    assert given == asked


def test_as_many_are_prepared_as_the_settings_say(
    queued: list[SegmentationRun], settings: LazySettings
):
    at_hand, later = queued
    third = SegmentationRun.objects.get(pk=later.pk)
    third.pk, third.visit = uuid4(), at_hand.visit
    third.input_sha256, third.t1w_scan = "3" * 64, at_hand.t1w_scan
    third.priority = Priority.URGENT
    third.save(force_insert=True)
    assert prepared_beside(at_hand) == [images_of(third), images_of(later)]
    settings.SEGMENTATION_AHEAD = 1
    assert prepared_beside(at_hand) == [images_of(third)]
    settings.SEGMENTATION_AHEAD = 0
    segmenter = Noting()
    ahead.prepare_waiting(segmenter, queued[0], only=Q())
    # It was not even asked: what it has, it keeps.
    assert (segmenter.visits, segmenter.beside) == ([], {})


def test_a_method_that_prepares_nothing_ahead_is_left_alone(queued: list[SegmentationRun]):
    ahead.prepare_waiting(ThresholdSegmenter(), queued[0], only=Q())


def test_images_without_a_consent_are_not_read(world: World, queued: list[SegmentationRun]):
    participation.record_step(
        patient=world.patient_b, step="IMAGES_WITHDRAWN", happened_on=date(2024, 1, 10), by=None
    )
    SegmentationRun.objects.filter(pk=queued[1].pk).update(state=JobState.QUEUED)
    assert prepared_beside(queued[0]) == []


def test_what_waits_for_another_method_or_worker_is_not_prepared(
    world: World, queued: list[SegmentationRun]
):
    at_hand, later = queued
    assert prepared_beside(at_hand) == [images_of(later)]
    segmenter = Noting()
    ahead.prepare_waiting(segmenter, at_hand, only=~Q(visit=world.visit_b))
    assert segmenter.visits == []
    other = make_model("other", state=ReleaseState.CANDIDATE)
    SegmentationRun.objects.filter(pk=later.pk).update(model_version=other)
    assert prepared_beside(at_hand) == []


def test_an_image_that_changed_is_refused_before_it_is_read(queued: list[SegmentationRun]):
    at_hand, later = queued
    segmenter = Noting()
    ahead.prepare_waiting(segmenter, at_hand, only=Q())
    path = images_of(later)["T2w"]
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ImageError, match="stored file"):
        segmenter.visits[0].check()


def test_after_a_lost_attempt_nothing_is_prepared_beside_it_and_it_beside_nothing(
    queued: list[SegmentationRun],
):
    at_hand, later = queued
    at_hand.refresh_from_db()
    assert prepared_beside(at_hand) == [images_of(later)]
    # An image may have ended the process in which it was prepared, and the visit at hand with it.
    SegmentationRun.objects.filter(pk=later.pk).update(attempt=1)
    assert prepared_beside(at_hand) == []
    SegmentationRun.objects.filter(pk=later.pk).update(attempt=0)
    at_hand.attempt = 2
    segmenter = Noting()
    ahead.prepare_waiting(segmenter, at_hand, only=Q())
    assert (segmenter.visits, segmenter.beside) == ([], {})
