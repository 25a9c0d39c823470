"""Where the images of a visit stand, while workers are at them."""

from datetime import date

import pytest
from django.db import transaction
from django.utils import timezone

from mldtrial.trial.models import Sequence
from segmentation.models import JobState, Upload
from segmentation.selectors import TAKEN_IN, visit_status, visits_in_progress
from tests.support.loads import make_load, make_model, make_scan, make_visit
from tests.support.locking import freeze
from tests.support.meanwhile import meanwhile
from tests.support.world import World

pytestmark = pytest.mark.django_db


def uploaded(world: World, **more: object) -> Upload:
    return Upload.objects.create(
        visit=world.visit_a, site=world.site_a, sha256="0" * 64, size_bytes=1, **more
    )


def test_a_visit_that_a_worker_finishes_meanwhile_is_moving_or_done(world: World):
    """Whatever statement of the question the worker is through at: the page never stands still."""
    user = world.user("sponsor")
    make_model()
    number, seen = 0, 0
    while number <= seen:
        with transaction.atomic():
            upload = uploaded(world)

            def work(upload: Upload = upload) -> None:
                Upload.objects.filter(pk=upload.pk).update(state=JobState.SUCCEEDED)
                make_load(world.patient_a, world.visit_a.date, 21.0)

            with meanwhile(number, work) as sent:
                status = visit_status(world.visit_a, user=user)
            seen = sent.count
            shown = (status.code, status.load_ml, len(status.scans))
            assert status.is_moving or shown == ("done", 21.0, 1), number
            transaction.set_rollback(True)
        number += 1
    assert seen > 5


def test_between_the_upload_and_its_run_a_visit_is_moving(world: World):
    """The worker commits the images first, and asks for the run after that."""
    user = world.user("coordinator")
    make_model()
    for sequence in (Sequence.T1W, Sequence.T2W):
        make_scan(world.visit_a, sequence)
    upload = uploaded(world, state=JobState.SUCCEEDED, finished_at=timezone.now())
    assert visit_status(world.visit_a, user=user).is_moving
    assert [visit for visit, _ in visits_in_progress(user=user, at_most=9)] == [world.visit_a]
    Upload.objects.filter(pk=upload.pk).update(finished_at=timezone.now() - TAKEN_IN)
    assert not visit_status(world.visit_a, user=user).is_moving
    assert visits_in_progress(user=user, at_most=9) == []


def test_visits_that_have_just_come_to_an_end_take_no_place_from_those_at_work(world: World):
    """The list is short: who waits for an image must be on it."""
    make_model()
    uploaded(world, state=JobState.SUCCEEDED, finished_at=timezone.now())
    make_load(world.patient_a, world.visit_a.date, 21.0)
    later = make_visit(world.patient_a, date(2024, 11, 10))
    waiting = Upload.objects.create(visit=later, site=world.site_a, sha256="1" * 64, size_bytes=1)
    user = world.user("coordinator")
    assert [visit for visit, _ in visits_in_progress(user=user, at_most=1)] == [waiting.visit]


@pytest.mark.parametrize("why", ["no model counts", "the visit is frozen"])
def test_where_no_run_will_be_asked_for_nothing_is_awaited(world: World, why: str):
    make_scan(world.visit_a)
    uploaded(world, state=JobState.SUCCEEDED, finished_at=timezone.now())
    if why == "the visit is frozen":
        make_model()
        freeze(world, world.visit_a)
    assert not visit_status(world.visit_a, user=world.user("coordinator")).is_moving


def test_with_its_run_ended_a_visit_stands_still_at_once(world: World):
    uploaded(world, state=JobState.SUCCEEDED, finished_at=timezone.now())
    make_load(world.patient_a, world.visit_a.date, 21.0)
    assert not visit_status(world.visit_a, user=world.user("coordinator")).is_moving
