from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from mldtrial.trial.models import Visit
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
