"""The page of trainings: what could be learnt from, an order, how far it is."""

import pytest
from django.test import Client
from django.urls import reverse

from segmentation.models import JobState, TrainingRun
from tests.support.approved import approved_masks
from tests.support.world import World

pytestmark = pytest.mark.django_db
PAGE = "/models/trainings/"
ORDER = {
    "name": "ours",
    "version": "1",
    "network": "small",
    "epochs": 300,
    "patience": 50,
    "held_out_percent": 20,
}


@pytest.fixture
def client(world: World) -> Client:
    client = Client()
    client.force_login(world.user("administrator"))
    return client


def test_an_administrator_orders_a_training_and_watches_it(world: World, client: Client):
    approved_masks(world)
    page = client.get(PAGE).content.decode()
    assert "MLD-1: 5 approved masks of 5 patients" in page
    assert "Nothing has been trained here" in page
    answer = client.post(PAGE, {**ORDER, "study": world.study.pk}, follow=True)
    assert "ours 1 will be trained." in answer.content.decode()
    TrainingRun.objects.update(
        state=JobState.RUNNING,
        lease_token="00000000-0000-0000-0000-000000000001",
        progress=0.4,
        progress_step="epoch 31 of 300, pseudo-Dice 0.81, 3 h left",
        epochs_done=30,
    )
    rows = client.get(f"{PAGE}?fragment=1").content.decode()
    assert "epoch 31 of 300, pseudo-Dice 0.81, 3 h left" in rows
    assert "30 of 300" in rows
    assert 'hx-trigger="every 2s"' in rows
    training = TrainingRun.objects.get()
    answer = client.post(reverse("training_cancel", args=[training.pk]), follow=True)
    assert "The training of ours 1 is cancelled." in answer.content.decode()
    assert "every 2s" not in client.get(f"{PAGE}?fragment=1").content.decode()


def test_a_study_without_approved_masks_is_refused_in_words(world: World, client: Client):
    answer = client.post(PAGE, {**ORDER, "study": world.study.pk})
    assert answer.status_code == 422
    assert "approved mask of a visit with T1w and T2w" in answer.content.decode()


def test_a_training_that_failed_goes_on(world: World, client: Client):
    approved_masks(world)
    client.post(PAGE, {**ORDER, "study": world.study.pk})
    TrainingRun.objects.update(state=JobState.FAILED, failure_code="WORKER_LOST", message="Lost.")
    assert "Go on" in client.get(PAGE).content.decode()
    training = TrainingRun.objects.get()
    client.post(reverse("training_retry", args=[training.pk]))
    training.refresh_from_db()
    assert training.state == JobState.QUEUED


def test_the_study_of_others_is_not_offered(world: World, client: Client):
    assert world.other_study.code not in client.get(PAGE).content.decode()
    answer = client.post(PAGE, {**ORDER, "study": world.other_study.pk})
    assert answer.status_code == 422


def test_no_subject_stands_on_the_page(world: World, client: Client):
    approved_masks(world)
    client.post(PAGE, {**ORDER, "study": world.study.pk})
    assert "A-10" not in client.get(PAGE).content.decode()
