"""A write by nobody is refused."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DatabaseError, connection, transaction

from mldtrial.trial.models import Patient
from tests.support.world import World

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_write_without_a_context_is_refused(world: World):
    # A new thread has no audit context, as a script or a shell has none.
    def write() -> None:
        try:
            with transaction.atomic():
                Patient.objects.filter(pk=world.patient_a.pk).update(sex="M")
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as threads, pytest.raises(DatabaseError, match="pgh_context"):
        threads.submit(write).result()
    world.patient_a.refresh_from_db()
    assert world.patient_a.sex == "F"
