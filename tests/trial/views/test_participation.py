from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from mldtrial.trial.models import Disposition, Visit
from mldtrial.trial.services import participation
from tests.support.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def coordinator(world: World) -> Client:
    client = Client()
    client.force_login(world.user("coordinator"))
    return client


def page_of(world: World) -> str:
    return reverse("patient", args=["MLD-1", world.patient_a.pk])


def record(world: World, coordinator: Client, step: str, on: str):
    return coordinator.post(
        reverse("participation_new", args=["MLD-1", world.patient_a.pk]),
        {"step": step, "happened_on": on, "form_version": "", "note": ""},
    )


def test_a_patient_page_says_how_the_patient_takes_part(world: World, coordinator: Client):
    assert "no consent recorded" in coordinator.get(page_of(world)).content.decode()
    answer = record(world, coordinator, "CONSENT", "2023-01-10")
    assert answer["Location"] == page_of(world)
    text = coordinator.get(page_of(world)).content.decode()
    assert "in follow-up" in text
    assert "Consent given" in text


def test_a_refused_step_keeps_what_was_typed(world: World, coordinator: Client):
    answer = record(world, coordinator, "CONSENT", "2199-01-10")
    assert answer.status_code == 422
    assert "lies in the future" in answer.content.decode()
    assert 'value="2199-01-10"' in answer.content.decode()


def test_an_entry_is_voided_from_its_page(world: World, coordinator: Client):
    record(world, coordinator, "LOST", "2024-01-10")
    entry = Disposition.objects.get()
    url = reverse("participation_edit", args=["MLD-1", entry.pk])
    form = coordinator.get(url).context["form"]
    values = {
        "seen": form.mark,
        "step": "LOST",
        "happened_on": "2024-01-10",
        "is_void": "on",
        "reason": "Wrong patient",
    }
    assert coordinator.post(url, values).status_code == 302
    text = coordinator.get(page_of(world)).content.decode()
    assert "entered in error" in text
    assert "no consent recorded" in text


def test_the_list_is_narrowed_to_who_is_followed(world: World, coordinator: Client):
    participation.record_step(
        patient=world.patient_a, step="LOST", happened_on=date(2024, 1, 10), by=None
    )
    url = reverse("patients", args=["MLD-1"])
    followed = coordinator.get(url, {"state": "followed"})
    ended = coordinator.get(url, {"state": "ended"})
    assert [row["patient"].subject_code for row in followed.context["rows"]] == []
    assert [row["patient"].subject_code for row in ended.context["rows"]] == ["A-001"]
    assert "lost to follow-up" in ended.content.decode()
    assert coordinator.get(url, {"state": "x"}).status_code == 404


def test_a_visit_after_the_end_asks_for_a_reason_on_its_form(world: World, coordinator: Client):
    participation.record_step(
        patient=world.patient_a, step="LOST", happened_on=date(2024, 1, 10), by=None
    )
    url = reverse("visit_new", args=["MLD-1", world.patient_a.pk])
    given = {"definition": "", "date": "2024-06-01", "after_end_reason": ""}
    refused = coordinator.post(url, given)
    assert refused.status_code == 422
    assert "dated after it" in refused.context["form"].errors["after_end_reason"][0]
    assert coordinator.post(url, {**given, "after_end_reason": "Came back"}).status_code == 302
    assert Visit.objects.filter(date="2024-06-01").exists()


def test_an_upload_is_refused_once_the_consent_for_images_is_withdrawn(
    world: World, coordinator: Client, tmp_path
):
    from django.core.files.uploadedfile import SimpleUploadedFile

    participation.record_step(
        patient=world.patient_a, step="IMAGES_WITHDRAWN", happened_on=date(2024, 1, 10), by=None
    )
    url = reverse("upload_new", args=["MLD-1", world.visit_a.pk])
    answer = coordinator.post(url, {"dicom": SimpleUploadedFile("scan.zip", b"PK")})
    assert answer.status_code == 422
    assert "The consent for images was withdrawn on 2024-01-10" in answer.content.decode()
    assert not world.visit_a.uploads.exists()
