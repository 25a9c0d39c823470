"""What the patient page puts beside each other."""

from datetime import date, timedelta

import pytest

from analytics.selectors import patient_page
from mldtrial.trial.models import GmfcMldAssessment, Patient, Study
from mldtrial.trial.services import patients
from tests.support.loads import make_visit
from tests.support.world import World

pytestmark = pytest.mark.django_db

DAY = date(2024, 5, 10)


def level_beside_treatment(world: World, patient: Patient) -> int | None:
    user = world.user("data_manager")
    rows = patient_page.visit_rows(patient, user=user, series=[], flags=[])
    found = patient_page.treatments(patient, user=user)
    row = patient_page.treatment_rows(patient, found, rows)[0]
    return None if row.level is None else row.level.level


def treated(world: World, patient: Patient, days_after: int) -> Patient:
    patients.record_treatment(patient=patient, kind="HSCT", started_on=DAY, by=None)
    on = DAY + timedelta(days=days_after)
    GmfcMldAssessment.objects.create(
        visit=make_visit(patient, on),
        level=3,
        assessed_on=on,
        assessed_by=world.user("coordinator"),
    )
    return Patient.objects.get(pk=patient.pk)


def test_a_level_stands_beside_a_treatment_within_the_window_of_the_subtype(world: World):
    # Onset at 20 months: late infantile, 30 days. At 60 months: early juvenile, 90 days.
    assert level_beside_treatment(world, treated(world, world.patient_a, 40)) is None
    assert level_beside_treatment(world, treated(world, world.patient_b, 40)) == 3


@pytest.mark.parametrize("gap", [-5, 5])
def test_of_two_levels_on_one_day_none_stands_beside_a_treatment(client, world: World, gap: int):
    patient = treated(world, world.patient_b, gap)
    own = GmfcMldAssessment.objects.create(
        visit=make_visit(patient, DAY + timedelta(days=30)), level=5,
        assessed_on=DAY + timedelta(days=gap), assessed_by=world.user("coordinator"),
    )  # fmt: skip
    assert level_beside_treatment(world, patient) is None
    client.force_login(world.user("data_manager"))
    page = client.get(f"/studies/MLD-1/patients/{patient.pk}/").content.decode()
    assert f"two levels of GMFC-MLD on {own.assessed_on}, the day nearest to the start" in page


def test_the_window_beside_a_treatment_is_the_studys_own(world: World):
    Study.objects.filter(pk=world.study.pk).update(pairing_days_late_infantile=50)
    assert level_beside_treatment(world, treated(world, world.patient_a, 40)) == 3
