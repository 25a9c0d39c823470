from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from mldtrial.trial.models import GmfcMldAssessment, Visit
from tests.support.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def coordinator(world: World) -> Client:
    client = Client()
    client.force_login(world.user("coordinator"))
    return client


def new_visit(world: World, client: Client, code: str | None, day: str):
    definition = world.study.visit_definitions.get(code=code).pk if code else ""
    url = reverse("visit_new", args=["MLD-1", world.patient_a.pk])
    return client.post(url, {"definition": definition, "date": day})


def test_a_planned_visit_leads_to_the_patients_page(world: World, coordinator: Client):
    answer = new_visit(world, coordinator, "M06", "2023-11-09")
    assert answer["Location"] == f"/studies/MLD-1/patients/{world.patient_a.pk}/"
    assert Visit.objects.get(patient=world.patient_a, number=2).date == date(2023, 11, 9)


def test_a_visit_outside_its_window_is_kept_with_a_warning(world: World, coordinator: Client):
    # Month 6 is day 183 after 2023-05-10, 14 days on either side: until 2023-11-23.
    new_visit(world, coordinator, "M06", "2023-11-25")
    page = coordinator.get(reverse("home")).content.decode()
    assert "2 days after the window of Month 6" in page
    assert Visit.objects.filter(patient=world.patient_a).count() == 2


def test_an_unscheduled_visit_has_a_number_between(world: World, coordinator: Client):
    new_visit(world, coordinator, None, "2023-06-01")
    assert Visit.objects.filter(patient=world.patient_a, name="Unscheduled 1.1").exists()


@pytest.mark.parametrize(
    ("day", "sentence"),
    [
        ("2019-12-31", "before the patient's birth"),
        ("2199-01-01", "future"),
        ("2023-05-10", "a visit on this date already"),
        ("10.05.2023", "YYYY-MM-DD"),
        ("2023-02-30", "YYYY-MM-DD"),
        ("", "required"),
    ],
)
def test_a_wrong_date_is_refused_at_its_field(world: World, coordinator: Client, day, sentence):
    answer = new_visit(world, coordinator, "M06", day)
    assert answer.status_code == 422
    assert sentence in answer.context["form"].errors["date"][0]
    assert Visit.objects.filter(patient=world.patient_a).count() == 1


def test_a_planned_visit_that_took_place_is_not_offered_again(world: World, coordinator: Client):
    page = coordinator.get(reverse("visit_new", args=["MLD-1", world.patient_a.pk]))
    offered = {d.code for d in page.context["form"].fields["definition"].queryset}
    assert offered == {"M06", "M12", "M18", "M24", "M36"}
    answer = new_visit(world, coordinator, "M00", "2023-06-01")
    assert "definition" in answer.context["form"].errors


def test_a_planned_visit_is_offered_with_its_window(world: World, coordinator: Client):
    page = coordinator.get(reverse("visit_new", args=["MLD-1", world.patient_a.pk]))
    assert "Month 6: 2023-10-26 to 2023-11-23" in page.content.decode()


def score(world: World, client: Client, **changes):
    values = {
        "status": "DONE",
        "level": "3",
        "source": "EXAMINATION",
        "assessed_on": "2023-05-10",
        "reason": "",
    }
    url = reverse("gmfc_record", args=["MLD-1", world.visit_a.pk])
    return client.post(url, {**values, **changes})


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
