"""The page of a run says what is unusual about its images, to those who see the load."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from segmentation.models import SegmentationResult
from tests.support.loads import make_load
from tests.support.world import World

pytestmark = pytest.mark.django_db

WARNING = "Measured, but to be looked at."


def page(client, world: World, run, role: str = "data_manager") -> str:
    client.force_login(world.user(role))
    return client.get(reverse("run", args=[world.study.code, run.pk])).content.decode()


def test_a_caution_stands_beside_the_load_in_words(client, world: World):
    run = make_load(world.patient_a, date(2024, 5, 10), 10.5)
    assert WARNING not in page(client, world, run)
    SegmentationResult.objects.update(cautions=["BRAIN_AT_EDGE", "T2W_UNUSUAL"])
    shown = page(client, world, run)
    assert WARNING in shown
    assert "A little of the brain lies outside of the T1w image." in shown
    assert "The T2w image agrees less with a brain" in shown
    assert WARNING not in page(client, world, run, role="coordinator")


def test_a_caution_that_is_not_on_the_list_is_none(world: World):
    make_load(world.patient_a, date(2024, 5, 10), 10.5)
    with pytest.raises(IntegrityError, match="result_cautions_known"), transaction.atomic():
        SegmentationResult.objects.update(cautions=["LOOKS_ODD"])
