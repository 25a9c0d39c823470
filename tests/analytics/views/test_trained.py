"""Every page of loads says whom their method has learned from, or that nobody can tell."""

from datetime import date

import pytest

from tests.support.loads import make_load, make_model, trained_on
from tests.support.world import World

pytestmark = pytest.mark.django_db
DAYS = (date(2024, 5, 10), date(2024, 11, 10))
PAGES = ("cohort", "longitudinal-models", "sample-size")
NOT_ON_RECORD = "The training set of small 1 is not on record"


def page(client, world: World, path: str) -> str:
    client.force_login(world.user("data_manager"))
    return " ".join(client.get(f"/studies/MLD-1/{path}/").content.decode().split())


@pytest.fixture
def scanned(world: World) -> World:
    for patient in (world.patient_a, world.patient_b):
        for number, day in enumerate(DAYS):
            make_load(patient, day, 20.0 + 5 * number)
    return world


@pytest.mark.parametrize("path", PAGES)
def test_not_on_record_is_not_nobody(client, scanned, path):
    assert f"{NOT_ON_RECORD}, so its patients cannot be told." in page(client, scanned, path)
    trained_on(make_model())
    said = page(client, scanned, path)
    assert NOT_ON_RECORD not in said
    assert "in the training set of small 1" not in said


@pytest.mark.parametrize("path", PAGES)
def test_patients_of_the_training_set_are_counted(client, scanned, path):
    trained_on(make_model(), scanned.patient_b)
    assert "1 of these 2 patients was in the training set of small 1." in page(
        client, scanned, path
    )


def test_of_milestones_it_is_said_where_a_load_is_asked_for(client, scanned):
    assert NOT_ON_RECORD not in page(client, scanned, "milestones")
