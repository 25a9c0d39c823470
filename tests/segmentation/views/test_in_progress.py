"""The work list's view of the images that are being checked or segmented."""

import pytest
from django.test import Client
from django.urls import reverse

from segmentation.models import JobState, Upload
from tests.support.world import World

pytestmark = pytest.mark.django_db


def fragment(world: World, key: str) -> str:
    client = Client()
    client.force_login(world.user(key))
    return client.get(reverse("uploads"), {"fragment": "1"}).content.decode()


@pytest.fixture
def waiting(world: World) -> Upload:
    return Upload.objects.create(
        visit=world.visit_a,
        site=world.site_a,
        state=JobState.QUEUED,
        sha256="0" * 64,
        size_bytes=1,
    )


def test_a_waiting_upload_is_shown_and_asked_for_again(world: World, waiting: Upload):
    text = fragment(world, "coordinator")
    assert "A-001" in text
    assert 'hx-trigger="every 2s"' in text


def test_another_site_is_not_told(world: World, waiting: Upload):
    assert fragment(world, "coordinator_b").strip() == ""
    assert fragment(world, "reader").strip() == ""


def test_when_all_is_done_nothing_is_asked_for_any_more(world: World, waiting: Upload):
    Upload.objects.filter(pk=waiting.pk).update(state=JobState.SUCCEEDED)
    assert fragment(world, "coordinator").strip() == ""
