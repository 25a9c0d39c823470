"""The page of ordered images: order, watch, take; what cannot be taken says why."""

from pathlib import Path

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client
from django.urls import reverse

from segmentation.models import ImageExport, JobState
from segmentation.services import image_orders, store
from tests.support.images import write_visit
from tests.support.intake import take_in_visit
from tests.support.world import World, build_world

pytestmark = pytest.mark.django_db
ORDER = {"visit_code": "", "faces": "kept", "reason": "Second reading"}


@pytest.fixture
def manager(world: World, tmp_path) -> Client:
    take_in_visit(world.visit_a, write_visit(tmp_path, seed=1))
    client = Client()
    client.force_login(world.user("data_manager"))
    return client


@pytest.fixture
def address(world: World) -> str:
    return reverse("image_exports", args=[world.study.code])


def test_images_are_ordered_watched_and_taken(manager: Client, world: World, address: str):
    assert "No images have been ordered yet." in manager.get(address).content.decode()
    text = manager.post(address, ORDER, follow=True).content.decode()
    assert "They appear below." in text
    assert 'hx-trigger="every 2s"' in text
    image_orders.execute_next(worker="test")
    shown = manager.get(f"{address}?fragment=1").content.decode()
    assert "2 in it" in shown
    assert "hx-trigger" not in shown
    export = ImageExport.objects.get()
    url = reverse("image_export_file", args=[world.study.code, export.pk])
    taken = manager.get(url)
    assert not taken.is_async  # type: ignore[attr-defined]
    content = b"".join(taken.streaming_content)  # type: ignore[attr-defined]
    assert content == store.image_export_path(export.sha256).read_bytes()
    assert taken["Content-Length"] == str(len(content)) == str(export.size_bytes)
    assert taken["Content-Disposition"] == 'attachment; filename="MLD-1_images.zip"'


def test_faces_leave_only_with_a_reason(manager: Client, address: str):
    answer = manager.post(address, {**ORDER, "reason": " "})
    assert answer.status_code == 422
    assert "Say why the images are given out with their faces." in answer.content.decode()
    assert not ImageExport.objects.exists()


def test_a_reason_that_was_typed_for_removed_faces_keeps_no_face(manager: Client, address: str):
    manager.post(address, {**ORDER, "faces": "removed"})
    assert ImageExport.objects.get().reason_for_faces == ""


def test_a_refused_order_says_why(manager: Client, address: str):
    answer = manager.post(address, {**ORDER, "visit_code": "M06"})
    assert "No visit that you chose has an image that may leave." in answer.content.decode()


def test_an_archive_that_is_gone_says_so(manager: Client, world: World, address: str):
    manager.post(address, ORDER)
    export = image_orders.execute_next(worker="test")
    assert export is not None
    store.image_export_path(export.sha256).unlink()
    url = reverse("image_export_file", args=[world.study.code, export.pk])
    answer = manager.get(url, follow=True)
    assert "no longer there" in answer.content.decode()


def test_what_is_not_made_yet_cannot_be_taken(manager: Client, world: World, address: str):
    manager.post(address, ORDER)
    export = ImageExport.objects.get(state=JobState.QUEUED)
    url = reverse("image_export_file", args=[world.study.code, export.pk])
    assert manager.get(url).status_code == 302


def test_the_page_of_exports_leads_to_the_images_only_who_may(world: World, address: str):
    for key, leads in (("data_manager", True), ("statistician", False)):
        client = Client()
        client.force_login(world.user(key))
        assert (address in client.get(reverse("exports")).content.decode()) is leads


@pytest.mark.django_db(transaction=True)
def test_an_archive_is_streamed_by_the_asynchronous_server_as_well(tmp_path: Path):
    world = build_world()
    take_in_visit(world.visit_a, write_visit(tmp_path, seed=1))
    image_orders.order(
        study=world.study,
        visit_code="",
        reason_for_faces="Second reading",
        by=world.user("data_manager"),
    )
    export = image_orders.execute_next(worker="test")
    assert export is not None
    url = reverse("image_export_file", args=[world.study.code, export.pk])

    async def taken() -> bytes:
        client = AsyncClient()
        await client.aforce_login(world.user("data_manager"))
        answer = await client.get(url)
        assert answer.is_async  # type: ignore[attr-defined]
        return b"".join([piece async for piece in answer.streaming_content])  # type: ignore[attr-defined]

    assert async_to_sync(taken)() == store.image_export_path(export.sha256).read_bytes()
