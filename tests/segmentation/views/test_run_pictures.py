"""The picture behind a number shows the outline to who may see the load, and a face to nobody."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from mldtrial.audit.models import AccessAction, AccessEvent
from mldtrial.trial.models import Blinding, Study
from mldtrial.trial.services import participation
from segmentation.models import (
    JobState,
    ReleaseState,
    RunPicture,
    SegmentationResult,
    SegmentationRun,
)
from segmentation.selectors import run_pictures as selectors
from tests.support.drawn import make_run_picture
from tests.support.loads import make_load, make_model
from tests.support.world import World

pytestmark = pytest.mark.django_db

SEES_LOADS = ("data_manager", "auditor", "sponsor")
AT_SITE = ("coordinator", "investigator")
MASK_PICTURES = ("marked-t1w", "marked-t2w", "outline")
PLAIN_PICTURES = ("plain-t1w", "plain-t2w")


@pytest.fixture
def run(world: World) -> SegmentationRun:
    return make_load(world.patient_a, world.visit_a.date, 12.34)


def ask(world: World, key: str, url: str) -> Any:
    client = Client()
    client.force_login(world.user(key))
    return client.get(url)


def page_of(run: SegmentationRun) -> str:
    return reverse("run_picture", args=["MLD-1", run.pk])


def part(world: World, run: SegmentationRun, key: str = "data_manager") -> str:
    answer = ask(world, key, f"{page_of(run)}?fragment=1")
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def answered(world: World, run: SegmentationRun, key: str, *names: str) -> list[int]:
    """Return how a person is answered who asks for pictures by their names."""
    urls = [reverse("run_picture_file", args=["MLD-1", run.pk, name]) for name in names]
    return [ask(world, key, url).status_code for url in urls]


@pytest.mark.requirement("21CFR11.10(d)")
def test_the_outline_is_for_who_may_see_the_load(world: World, run: SegmentationRun):
    make_run_picture(run)
    for key in SEES_LOADS:
        shown = part(world, run, key)
        assert "demyelinated white matter that was measured: 12.34 mL." in shown, key
        assert answered(world, run, key, *MASK_PICTURES, *PLAIN_PICTURES) == [200] * 5, key
    for key in AT_SITE:
        shown = part(world, run, key)
        assert "The image alone." in shown, key
        for hidden in ("12.34", "marked-", "outline.png", "show-outline"):
            assert hidden not in shown, key
        assert answered(world, run, key, *MASK_PICTURES) == [404] * 3, key
        assert answered(world, run, key, *PLAIN_PICTURES) == [200] * 2, key
    for key in ("statistician", "monitor"):
        assert ask(world, key, page_of(run)).status_code == 403
        assert answered(world, run, key, "plain-t1w", "outline") == [403] * 2
        assert (
            page_of(run)
            not in ask(world, key, reverse("run", args=["MLD-1", run.pk])).content.decode()
        )
    assert ask(world, "coordinator_b", page_of(run)).status_code == 404
    assert answered(world, run, "coordinator_b", "plain-t1w") == [404]


def test_where_the_study_opens_loads_its_site_sees_the_outline(world: World, run: SegmentationRun):
    make_run_picture(run)
    Study.objects.filter(pk=world.study.pk).update(site_roles_see_loads=True)
    assert "12.34 mL" in part(world, run, "investigator")
    assert answered(world, run, "investigator", *MASK_PICTURES) == [200] * 3


def test_the_mask_of_a_candidate_is_hidden_from_who_may_not_compare(world: World):
    candidate = make_model("next", state=ReleaseState.CANDIDATE)
    run = make_load(world.patient_a, world.visit_a.date, 12.34, model=candidate)
    make_run_picture(run)
    shown = part(world, run, "sponsor")
    assert "What a method marks that does not count yet is not shown" in shown
    assert "12.34" not in shown
    assert answered(world, run, "sponsor", *MASK_PICTURES) == [404] * 3
    assert "12.34 mL" in part(world, run, "data_manager")


@pytest.mark.requirement("ICH-E6R3-4.2.2")
def test_a_look_at_an_outline_of_a_blinded_study_is_logged(world: World, run: SegmentationRun):
    make_run_picture(run)
    Study.objects.filter(pk=world.study.pk).update(blinding=Blinding.BLINDED)
    part(world, run, "coordinator")
    answered(world, run, "coordinator", "plain-t1w")
    logged = AccessEvent.objects.filter(action=AccessAction.VIEW_SENSITIVE)
    assert not logged.exists()
    part(world, run, "sponsor")
    answered(world, run, "sponsor", "outline")
    assert [event.details["what"] for event in logged.order_by("pk")] == [
        "load",
        "outline of the load",
    ]


def test_a_load_of_zero_is_a_picture_with_words(world: World, run: SegmentationRun):
    make_run_picture(run, marked=None)
    SegmentationResult.objects.update(demyelination_load_ml=0.0, voxel_count=0)
    shown = part(world, run)
    assert f"<strong>{selectors.NOTHING_MARKED}</strong>" in shown
    assert "plain" not in shown
    # Whether anything was marked is a load as well.
    assert "No voxel" not in part(world, run, "coordinator")


def test_the_first_look_orders_the_picture_and_waits_for_it(world: World, run: SegmentationRun):
    shown = part(world, run)
    assert "The picture is being drawn" in shown
    assert 'hx-trigger="every 2s"' in shown
    assert RunPicture.objects.get().state == JobState.QUEUED
    RunPicture.objects.update(
        state=JobState.REJECTED, failure_code="NO_BRAIN_FOUND", message="No brain was found."
    )
    shown = part(world, run)
    assert "No brain was found." in shown
    assert "hx-trigger" not in shown


def test_a_run_that_has_nothing_to_show_says_why(world: World, run: SegmentationRun):
    make_run_picture(run)
    runs = SegmentationRun.objects.filter(pk=run.pk)
    runs.update(is_voided=True, analysis_flag=False)
    assert selectors.VOID in part(world, run)
    assert answered(world, run, "data_manager", "plain-t1w") == [404]
    other = SegmentationRun.objects.create(
        visit=run.visit,
        site=run.site,
        t1w_scan=run.t1w_scan,
        model_version=run.model_version,
        parameters_sha256="1" * 64,
        input_sha256="2" * 64,
    )
    assert selectors.UNFINISHED in part(world, other)
    SegmentationRun.objects.filter(pk=other.pk).update(
        state=JobState.FAILED, failure_code="INTERNAL", message="A fault."
    )
    assert selectors.NO_MASK in part(world, other)


def test_without_consent_for_images_none_is_shown(world: World, run: SegmentationRun):
    make_run_picture(run)
    participation.record_step(
        patient=world.patient_a, step="IMAGES_WITHDRAWN", happened_on=world.visit_a.date, by=None
    )
    assert selectors.NO_CONSENT in part(world, run)
    assert answered(world, run, "data_manager", "plain-t1w", "outline") == [404] * 2


def test_the_page_of_the_number_asks_for_its_picture_before_its_tables(
    world: World, run: SegmentationRun
):
    shown = ask(world, "data_manager", reverse("run", args=["MLD-1", run.pk])).content.decode()
    assert 0 < shown.index(f"{page_of(run)}?fragment=1") < shown.index("<table")
    make_run_picture(run)
    large = ask(world, "data_manager", page_of(run)).content.decode()
    assert "slices-large" in large
    assert large.count("<svg viewBox") == 24
