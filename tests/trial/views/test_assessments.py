import pytest
from django.test import Client
from django.urls import reverse

from mldtrial.trial.models import ElfcMldAssessment, GmfcMldAssessment
from tests.support.forms import send
from tests.support.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def coordinator(world: World) -> Client:
    client = Client()
    client.force_login(world.user("coordinator"))
    return client


def score(world: World, client: Client, **changes):
    values = {
        "status": "DONE",
        "level": "3",
        "source": "EXAMINATION",
        "assessed_on": "2023-05-10",
        "reason": "",
    }
    url = reverse("gmfc_record", args=["MLD-1", world.visit_a.pk])
    return send(client, url, **{**values, **changes})


def test_a_level_leads_to_the_patients_page(world: World, coordinator: Client):
    answer = score(world, coordinator)
    assert answer["Location"] == f"/studies/MLD-1/patients/{world.patient_a.pk}/"
    assert GmfcMldAssessment.objects.get().level == 3


def test_4a_is_level_4_with_its_sublevel(world: World, coordinator: Client):
    score(world, coordinator, level="4a")
    stored = GmfcMldAssessment.objects.get()
    assert (stored.level, stored.sublevel) == (4, "a")


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"level": "7"}, "level", "GMFC-MLD has levels 0 to 6; 7 is not one of them."),
        ({"level": "-1"}, "level", "GMFC-MLD has levels 0 to 6"),
        ({"level": "3a"}, "level", "GMFC-MLD has levels 0 to 6"),
        ({"level": "three"}, "level", "GMFC-MLD has levels 0 to 6"),
        ({"level": ""}, "level", "Choose a level, or say why there is none."),
        ({"status": "NOT_DONE"}, "level", "Leave the level empty"),
        ({"status": "NOT_DONE", "level": ""}, "reason", "why there is no level"),
        ({"assessed_on": "2019-01-01"}, "assessed_on", "before the patient's birth"),
        ({"assessed_on": "2199-01-01"}, "assessed_on", "in the future"),
        ({"source": "RUMOUR"}, "source", "Choose one of the listed sources."),
    ],
)
def test_a_wrong_level_is_refused_at_its_field(
    world: World, coordinator: Client, changes, field, sentence
):
    answer = score(world, coordinator, **changes)
    assert answer.status_code == 422
    assert sentence in answer.context["form"].errors[field][0]
    assert not GmfcMldAssessment.objects.exists()


def test_a_second_level_needs_its_reason(world: World, coordinator: Client):
    score(world, coordinator)
    refused = score(world, coordinator, level="5")
    assert refused.status_code == 422
    assert "Give the reason for the change" in refused.content.decode()
    assert score(world, coordinator, level="5", change_reason="Video").status_code == 302
    assert GmfcMldAssessment.objects.get().level == 5


def test_the_page_names_who_assessed_and_who_entered(world: World, coordinator: Client):
    score(world, coordinator, assessor_role="PT", assessor_name="Ann Other")
    page = coordinator.get(reverse("gmfc_record", args=["MLD-1", world.visit_a.pk]))
    assert "by Ann Other (physiotherapist), entered by Coordinator" in page.content.decode()


def test_an_unknown_role_of_the_assessor_is_refused(world: World, coordinator: Client):
    answer = score(world, coordinator, assessor_role="COOK")
    assert "Choose one of the listed roles." in answer.context["form"].errors["assessor_role"][0]


def test_the_form_shows_each_level_with_its_text(world: World, coordinator: Client):
    page = coordinator.get(reverse("gmfc_record", args=["MLD-1", world.visit_a.pk]))
    text = page.content.decode()
    assert "Walks without support, quality normal for age" in text
    assert "Controls neither head nor trunk" in text


def test_a_visit_with_its_level_leaves_the_work_list(world: World, coordinator: Client):
    link = reverse("gmfc_record", args=["MLD-1", world.visit_a.pk])
    assert link in coordinator.get(reverse("home")).content.decode()
    score(world, coordinator)
    assert link not in coordinator.get(reverse("home")).content.decode()


def speak(world: World, client: Client, **changes):
    values = {"status": "DONE", "level": "E2", "source": "PARENT", "assessed_on": "2023-05-10"}
    url = reverse("elfc_record", args=["MLD-1", world.visit_a.pk])
    return send(client, url, **{**values, **changes})


def test_a_level_of_language_is_shown_beside_the_motor_level(world: World, coordinator: Client):
    answer = speak(world, coordinator)
    score(world, coordinator, level="4b")
    stored = ElfcMldAssessment.objects.get()
    assert (stored.level, stored.source) == (2, "PARENT")
    page = coordinator.get(answer["Location"]).content.decode()
    assert ">4b</td>" in page
    assert ">E2 <a" in page
    assert "Correct ELFC-MLD of Baseline" in page


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"level": "E5"}, "level", "ELFC-MLD has levels 0 to 4; E5 is not one of them."),
        ({"level": "2"}, "level", "ELFC-MLD has levels 0 to 4"),
        ({"level": ""}, "level", "Choose a level, or say why there is none."),
        ({"status": "NOT_DONE", "level": ""}, "reason", "why there is no level"),
    ],
)
def test_a_wrong_level_of_language_is_refused_at_its_field(
    world: World, coordinator: Client, changes, field, sentence
):
    answer = speak(world, coordinator, **changes)
    assert answer.status_code == 422
    assert sentence in answer.context["form"].errors[field][0]
    assert not ElfcMldAssessment.objects.exists()


def test_a_correction_starts_from_what_is_recorded(world: World, coordinator: Client):
    speak(world, coordinator, assessor_role="SLP")
    page = coordinator.get(reverse("elfc_record", args=["MLD-1", world.visit_a.pk]))
    assert page.context["form"].initial["level"] == "E2"
    assert speak(world, coordinator, level="E3").status_code == 422
    assert speak(world, coordinator, level="E3", change_reason="Video").status_code == 302
    assert ElfcMldAssessment.objects.get().level == 3


def test_the_form_shows_each_level_of_language_with_its_text(world: World, coordinator: Client):
    page = coordinator.get(reverse("elfc_record", args=["MLD-1", world.visit_a.pk]))
    assert "Two-word phrases, no complete sentences" in page.content.decode()
    assert "Orphanet J Rare Dis 9:18" in page.content.decode()
