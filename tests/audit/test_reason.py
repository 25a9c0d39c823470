"""From the second save on a change says why, whichever way it comes."""

from collections.abc import Callable

import psycopg
import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from mldtrial.audit.context import AUTOMATIC, acting
from mldtrial.embedded.postgres import APP
from mldtrial.trial.models import Patient
from mldtrial.trial.services.saving import store
from tests.audit.test_history import events
from tests.support.chain import application_role
from tests.support.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("ICH-E6R3-4.2.2")]

NEEDS_REASON = "needs a reason"


def save(patient: Patient) -> None:
    patient.sex = "M"
    patient.save()


def update(patient: Patient) -> None:
    Patient.objects.filter(pk=patient.pk).update(sex="M")


def bulk_update(patient: Patient) -> None:
    patient.sex = "M"
    Patient.objects.bulk_update([patient], ["sex"])


def raw_sql(patient: Patient) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE trial_patient SET sex = 'M' WHERE id = %s", [patient.pk])


WAYS = [save, update, bulk_update, raw_sql]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.requirement("ICH-E6R3-4.2.4")
def test_a_change_by_a_person_without_a_reason_is_refused(
    world: World, way: Callable[[Patient], None]
):
    with (
        acting(user=world.user("coordinator"), origin="web"),
        pytest.raises(IntegrityError, match=NEEDS_REASON),
        transaction.atomic(),
    ):
        way(world.patient_a)
    assert Patient.objects.get(pk=world.patient_a.pk).sex == "F"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.requirement("ICH-E6R3-4.2.4")
def test_a_change_with_a_reason_is_recorded(world: World, way: Callable[[Patient], None]):
    with acting(user=world.user("coordinator"), origin="web", reason="Source checked"):
        way(world.patient_a)
    last = events(world.patient_a)[-1]
    assert (last.pgh_label, last.sex) == ("update", "M")
    assert last.pgh_context["user"] == str(world.user("coordinator").pk)
    assert last.pgh_context["reason"] == "Source checked"


def test_a_service_says_at_which_field_the_reason_is_missing(world: World):
    world.patient_a.sex = "M"
    with (
        acting(user=world.user("coordinator"), origin="web"),
        pytest.raises(ValidationError) as refused,
    ):
        store(world.patient_a)
    assert refused.value.message_dict == {"reason": ["Give the reason for the change."]}


def test_blanks_are_no_reason(world: World):
    with (
        acting(user=world.user("coordinator"), origin="web", reason="  "),
        pytest.raises(IntegrityError, match=NEEDS_REASON),
        transaction.atomic(),
    ):
        update(world.patient_a)


def test_a_first_entry_needs_no_reason(world: World):
    with acting(user=world.user("coordinator"), origin="web"):
        made = Patient.objects.create(
            study=world.study,
            site=world.site_a,
            subject_code="A-099",
            sex="F",
            birth_month=world.patient_a.birth_month,
        )
    assert events(made)[-1].pgh_context["reason"] == ""


def test_a_save_that_changes_nothing_needs_no_reason(world: World):
    with acting(user=world.user("coordinator"), origin="web"):
        world.patient_a.save()
    assert len(events(world.patient_a)) == 1


def test_a_step_of_the_system_is_called_one(world: World):
    with acting(origin="worker:imaging"):
        update(world.patient_a)
    assert events(world.patient_a)[-1].pgh_context["reason"] == AUTOMATIC


@pytest.mark.django_db(transaction=True)
def test_a_session_of_the_application_role_writes_nothing_unseen(world: World):
    with application_role():  # for its grants
        pass
    settings = connection.settings_dict
    change = ("UPDATE trial_patient SET sex = 'M' WHERE id = %s", [world.patient_a.pk])
    said = "SELECT set_config('pghistory.context_id', gen_random_uuid()::text, false), "
    said += "set_config('pghistory.context_metadata', %s, false)"
    with psycopg.connect(
        dbname=settings["NAME"], user=APP, host=settings["HOST"], autocommit=True
    ) as psql:
        with pytest.raises(psycopg.errors.NotNullViolation, match="pgh_context"):
            psql.execute(*change)
        psql.execute(said, ['{"user": "anonymous", "origin": "psql", "reason": ""}'])
        with pytest.raises(psycopg.errors.CheckViolation, match=NEEDS_REASON):
            psql.execute(*change)
        psql.execute(said, ['{"user": "anonymous", "origin": "psql", "reason": "Repair 17"}'])
        psql.execute(*change)
    last = events(world.patient_a)[-1]
    assert (last.sex, last.pgh_context["origin"]) == ("M", "psql")
    assert last.pgh_context["reason"] == "Repair 17"
