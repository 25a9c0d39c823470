"""A world that is built once for a module and found unchanged by each of its tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction

from mldtrial.audit.context import acting
from mldtrial.trial.models import Patient, Site, Study, Visit
from tests.support.world import World, build_world


@contextmanager
def standing(django_db_blocker: Any) -> Iterator[World]:
    """Build the world in a transaction of its own and take it back at the end.

    Tests inside must not be transactional ones: each of them runs in a savepoint.
    """
    block = transaction.atomic()
    # What may not run inside a transaction may run inside this one, as in Django's own tests.
    block._from_testcase = True
    with django_db_blocker.unblock(), block:
        with acting(origin="test suite", reason="test"):
            built = build_world()
        yield built
        transaction.set_rollback(True)


def read_again(built: World) -> World:
    """Return the world with every object as the database has it."""
    patients = Patient.objects.select_related("study", "site")
    visits = Visit.objects.select_related("patient__study", "patient__site", "definition")
    return World(
        study=Study.objects.get(pk=built.study.pk),
        site_a=Site.objects.select_related("study").get(pk=built.site_a.pk),
        site_b=Site.objects.select_related("study").get(pk=built.site_b.pk),
        patient_a=patients.get(pk=built.patient_a.pk),
        patient_b=patients.get(pk=built.patient_b.pk),
        visit_a=visits.get(pk=built.visit_a.pk),
        visit_b=visits.get(pk=built.visit_b.pk),
        other_study=Study.objects.get(pk=built.other_study.pk),
        other_patient=patients.get(pk=built.other_patient.pk),
        users={user.username: user for user in get_user_model().objects.all()},
    )
