"""The page of a run shows what its load is divided by, to those who see the load."""

from datetime import date

import pytest
from django.urls import reverse

from segmentation.models import JobState, TissueMeasurement
from tests.support.loads import make_load, make_scan, make_tissue
from tests.support.world import World

pytestmark = pytest.mark.django_db

DAY = date(2024, 5, 10)


def page(client, world: World, run, role: str = "data_manager") -> str:
    client.force_login(world.user(role))
    answer = client.get(reverse("run", args=[world.study.code, run.pk]))
    return " ".join(answer.content.decode().split())


def test_each_denominator_has_its_volume_and_the_share_of_the_load(client, world: World):
    run = make_load(world.patient_a, DAY, 10.5)
    make_tissue(run, WMVOL=420.04, BRNVOL=1050.0, GMVOL=629.96, ICVOL=1300.0)
    shown = page(client, world, run)
    assert "420.0" in shown
    assert "2.50" in shown
    assert "1.00" in shown
    assert "Method tissue-1, separability of gray and white matter 4.2" in shown


def test_what_cannot_be_told_says_why_and_is_no_zero(client, world: World):
    run = make_load(world.patient_a, DAY, 10.5)
    make_tissue(run, BRNVOL=1050.0, ICVOL=1300.0)
    shown = page(client, world, run)
    assert shown.count("Cannot be told.") == 2
    assert "1050.0" in shown


def test_a_measurement_that_was_refused_says_why(client, world: World):
    run = make_load(world.patient_a, DAY, 10.5)
    make_tissue(run)
    TissueMeasurement.objects.update(
        state=JobState.REJECTED, failure_code="MISSING_SEQUENCE", message="Used no T2w image."
    )
    assert "Used no T2w image." in page(client, world, run)


def test_before_the_measurement_the_page_says_so(client, world: World):
    assert "Not measured yet." in page(client, world, make_load(world.patient_a, DAY, 10.5))


def test_who_does_not_see_loads_sees_no_volume(client, world: World):
    run = make_load(world.patient_a, DAY, 10.5)
    make_tissue(run, WMVOL=420.04, BRNVOL=1050.0)
    shown = page(client, world, run, role="coordinator")
    assert "420.0" not in shown
    assert "Denominators" not in shown


def test_a_t2w_that_the_visit_lent_is_named(client, world: World):
    run = make_load(world.patient_a, DAY, 10.5)
    make_tissue(run, BRNVOL=1050.0)
    words = "The mask names no T2w image"
    assert words not in page(client, world, run)
    t2w = make_scan(run.visit, "T2w")
    TissueMeasurement.objects.update(t2w_scan=t2w)
    shown = page(client, world, run)
    assert words in shown
    assert f"sha256 <code>{t2w.image_sha256[:16]}…" in shown
