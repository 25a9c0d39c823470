"""The page of segmentations: order a cohort, watch, put first, cancel, try again."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from mldtrial.trial.services import patients
from segmentation.models import JobState, Priority, SegmentationBatch, SegmentationRun
from segmentation.services import batches, models, runs
from tests.support.images import write_visit
from tests.support.intake import take_in_visit
from tests.support.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(world: World, tmp_path: Path) -> Client:
    take_in_visit(world.visit_a, write_visit(tmp_path, seed=1))
    return signed_in(world, "data_manager")


def signed_in(world: World, key: str) -> Client:
    client = Client()
    client.force_login(world.user(key))
    return client


@pytest.fixture
def address(world: World) -> str:
    return reverse("segmentations", args=[world.study.code])


def ask_for(manager: Client, address: str) -> SegmentationRun:
    manager.post(address, {"model": models.register_threshold().pk})
    assert batches.prepare_next(worker="test") is not None
    return SegmentationRun.objects.get()


def test_without_a_method_the_page_says_what_to_do(manager: Client, address: str):
    text = manager.get(address).content.decode()
    assert "No method is registered." in text
    assert "Nothing waits." in text
    assert "hx-trigger" not in text


def test_a_cohort_is_ordered_watched_and_finished(manager: Client, address: str):
    model = models.register_threshold()
    text = manager.post(address, {"model": model.pk}, follow=True).content.decode()
    assert "looking through the visits" in text
    assert 'hx-trigger="every 2s"' in text
    batches.prepare_next(worker="test")
    text = manager.get(f"{address}?fragment=1").content.decode()
    assert "1 to segment" in text
    assert "0 of 1" in text
    assert "in the background" in text
    runs.execute_next(worker="test")
    text = manager.get(f"{address}?fragment=1").content.decode()
    assert "1 done" in text
    assert "hx-trigger" not in text
    assert '<td data-label="Done" class="number">1</td>' in text


def test_a_method_that_nobody_offered_is_refused_at_the_form(manager: Client, address: str):
    models.register_threshold()
    answer = manager.post(address, {"model": "0b7c3b0e-1f1c-4e7a-9a52-0d7a7a3e8c11"})
    assert answer.status_code == 422
    assert not SegmentationBatch.objects.exists()


def test_a_waiting_run_is_put_first_and_cancelled(manager: Client, address: str):
    run = ask_for(manager, address)
    text = manager.post(reverse("run_first", args=[run.pk]), follow=True).content.decode()
    assert "It goes before all that was not put first." in text
    run.refresh_from_db()
    assert run.priority == Priority.URGENT
    text = manager.post(reverse("run_cancel", args=[run.pk]), follow=True).content.decode()
    assert "The segmentation was cancelled." in text
    text = manager.get(address).content.decode()
    assert "Cancelled by a person before it was done." in text


def test_what_can_be_pressed_keeps_the_focus_while_the_page_asks_again(
    manager: Client, address: str
):
    ask_for(manager, address)
    text = manager.get(f"{address}?fragment=1").content.decode()
    pressed = re.findall(r"<(?:button|a) [^>]*>", text)
    assert len(pressed) >= 5
    assert all(" id=" in tag for tag in pressed)


def test_stopping_an_order_says_how_many_were_cancelled(
    manager: Client, world: World, address: str
):
    run = ask_for(manager, address)
    url = reverse("batch_cancel", args=[world.study.code, run.batch_id])
    assert "1 segmentation was cancelled" in manager.post(url, follow=True).content.decode()
    run.refresh_from_db()
    assert run.state == JobState.CANCELLED


def test_all_that_failed_is_tried_again_with_one_click(manager: Client, world: World, address: str):
    run = ask_for(manager, address)
    SegmentationRun.objects.filter(pk=run.pk).update(
        state=JobState.FAILED, failure_code="UNEXPECTED", message="An unexpected error occurred."
    )
    assert "Try the 1 failed again" in manager.get(address).content.decode()
    url = reverse("runs_retry", args=[world.study.code])
    text = manager.post(url, follow=True).content.decode()
    assert "1 failed segmentation is tried again." in text
    run.refresh_from_db()
    assert run.state == JobState.QUEUED


def test_an_auditor_sees_it_and_changes_nothing(manager: Client, world: World, address: str):
    ask_for(manager, address)
    text = signed_in(world, "auditor").get(address).content.decode()
    assert "Waiting and running" in text
    for word in ("Segment the cohort</h2>", "Do first", "Cancel<", "Stop<"):
        assert word not in text


def test_the_site_cancels_and_asks_again_at_the_page_of_the_run(
    manager: Client, world: World, address: str
):
    run = ask_for(manager, address)
    client = signed_in(world, "coordinator")
    page = reverse("run", args=[world.study.code, run.pk])
    assert "Cancel this segmentation" in client.get(page).content.decode()
    client.post(reverse("run_cancel", args=[run.pk]))
    text = client.get(page).content.decode()
    assert "Segment again" in text
    assert "Cancel this segmentation" not in text


def test_the_visit_says_why_it_failed_with_a_way_to_the_details(
    manager: Client, world: World, address: str
):
    run = ask_for(manager, address)
    SegmentationRun.objects.filter(pk=run.pk).update(
        state=JobState.FAILED, failure_code="NO_ROOM", message="The storage of the server is full."
    )
    status = reverse("visit_status", args=[world.study.code, world.visit_a.pk])
    text = signed_in(world, "coordinator").get(status).content.decode()
    assert "The storage of the server is full." in text
    assert reverse("run", args=[world.study.code, run.pk]) in text


@pytest.mark.parametrize("visits", [1, 4])
def test_the_page_asks_the_database_as_often_for_many_as_for_one(
    manager: Client, world: World, address: str, tmp_path: Path, visits: int,
    django_assert_max_num_queries,
):  # fmt: skip
    definitions = world.study.visit_definitions.exclude(code="M00")[: visits - 1]
    for index, definition in enumerate(definitions, start=2):
        day = world.visit_a.date + timedelta(days=30 * index)
        visit = patients.create_visit(
            patient=world.patient_a, definition=definition, visit_date=day, by=None
        )
        folder = tmp_path / str(index)
        folder.mkdir()
        take_in_visit(visit, write_visit(folder, seed=index))
    model = models.register_threshold()
    manager.post(address, {"model": model.pk})
    batches.prepare_next(worker="test")
    assert SegmentationRun.objects.count() == visits
    with django_assert_max_num_queries(22):
        manager.get(address)
