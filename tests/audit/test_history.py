"""The history cannot be gone around."""

import psycopg
import pytest
from django.db import InternalError, NotSupportedError, connection, transaction
from django.db.utils import DatabaseError, IntegrityError

from mldtrial.audit.context import acting, because
from mldtrial.trial.models import Patient
from tests.support.world import World

REFUSED = (InternalError, NotSupportedError, IntegrityError, DatabaseError, psycopg.Error)


def events(patient: Patient) -> list[dict[str, object]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pgh_label, pgh_context, onset_age_months FROM trial_patientevent "
            "WHERE pgh_obj_id = %s ORDER BY pgh_id",
            [patient.pk],
        )
        return [
            {"label": label, "context": context, "onset": onset}
            for label, context, onset in cursor.fetchall()
        ]


@pytest.mark.django_db
def test_every_write_path_leaves_an_event_with_who_and_why(world: World):
    with acting(user=world.user("data_manager"), origin="web", reason="new source"):
        Patient.objects.filter(pk=world.patient_a.pk).update(onset_age_months=31)
    with (
        acting(origin="command:mend", reason="typing error"),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "UPDATE trial_patient SET onset_age_months = 32 WHERE id = %s", [world.patient_a.pk]
        )
    found = events(world.patient_a)
    assert [event["onset"] for event in found] == [20, 31, 32]
    contexts = [event["context"] for event in found]
    assert '"new source"' in str(contexts[1]) or contexts[1]["reason"] == "new source"
    assert "typing error" in str(contexts[2])
    assert str(world.user("data_manager").pk) in str(contexts[1])


@pytest.mark.django_db
def test_a_later_reason_does_not_change_an_earlier_one(world: World):
    with acting(origin="test"):
        with because("first"):
            Patient.objects.filter(pk=world.patient_a.pk).update(onset_age_months=31)
        with because("second"):
            Patient.objects.filter(pk=world.patient_a.pk).update(onset_age_months=32)
    reasons = [str(event["context"]) for event in events(world.patient_a)]
    assert "first" in reasons[1]
    assert "second" not in reasons[1]
    assert "second" in reasons[2]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM trial_patient",
        "TRUNCATE trial_patient CASCADE",
        "TRUNCATE trial_patientevent",
        "DELETE FROM trial_patientevent",
        "UPDATE trial_patientevent SET onset_age_months = 1",
    ],
)
def test_history_and_records_cannot_be_removed(world: World, statement: str):
    with (
        pytest.raises(REFUSED),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


@pytest.mark.django_db
def test_a_write_by_nobody_is_refused(world: World):
    """COPY, a database function or another program carries no context."""
    cursor = connection.connection.cursor()  # below Django's wrappers, which add the context
    cursor.execute("SET LOCAL pghistory.context_id = ''")
    cursor.execute("SET LOCAL pghistory.context_metadata = ''")
    cursor.execute("SAVEPOINT before_the_write")
    with pytest.raises(psycopg.errors.NotNullViolation):
        cursor.execute(
            "UPDATE trial_patient SET onset_age_months = 33 WHERE id = %s", [world.patient_a.pk]
        )
    cursor.execute("ROLLBACK TO SAVEPOINT before_the_write")
