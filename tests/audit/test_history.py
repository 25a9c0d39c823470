"""No write goes around the history, and nobody rewrites it."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, models, transaction

from analytics.models import IntervalEstimate, IntervalOrder
from mldtrial.audit.context import acting, because
from mldtrial.trial.models import Patient, Visit
from mldtrial.trial.services import patients
from segmentation.models import RunPicture
from tests.support.world import World

pytestmark = pytest.mark.django_db

APPS = ("trial", "segmentation", "analytics")
EVENTS = [
    m
    for app in APPS
    for m in apps.get_app_config(app).get_models()
    if "pgh_label" in {f.name for f in m._meta.fields}
]
TRACKED = [event.pgh_tracked_model for event in EVENTS]


def events(record: models.Model) -> list[Any]:
    model = apps.get_model(record._meta.app_label, f"{type(record).__name__}Event")
    return list(model.objects.filter(pgh_obj_id=record.pk).order_by("pgh_id"))


DERIVED = {IntervalEstimate, IntervalOrder, RunPicture}
"""What can be computed again from the records, and who waits for it: no records themselves."""


def test_every_clinical_table_keeps_a_history():
    clinical = {
        model
        for app in APPS
        for model in apps.get_app_config(app).get_models()
        if model not in EVENTS
    }
    assert clinical == set(TRACKED) | DERIVED


def test_an_insert_is_kept_with_who_and_why(world: World):
    with acting(user=world.user("coordinator"), origin="web", reason="Screening"):
        made = patients.create_patient(
            site=world.site_a,
            subject_code="A-002",
            sex="F",
            birth_month=world.patient_a.birth_month,
            by=None,
        )
    event = events(made)[-1]
    assert event.pgh_label == "insert"
    assert event.subject_code == "A-002"
    assert event.pgh_context["user"] == str(world.user("coordinator").pk)
    assert event.pgh_context["reason"] == "Screening"
    assert event.pgh_context["origin"] == "web"


def test_an_update_by_queryset_is_kept(world: World):
    Patient.objects.filter(pk=world.patient_a.pk).update(sex="M")
    assert [(e.pgh_label, e.sex) for e in events(world.patient_a)] == [
        ("insert", "F"),
        ("update", "M"),
    ]


def test_a_bulk_insert_is_kept(world: World):
    made = Visit.objects.bulk_create(
        [Visit(patient=world.patient_a, number=n, name="V", date=f"2024-01-0{n}") for n in (7, 8)]
    )
    assert [[e.pgh_label for e in events(visit)] for visit in made] == [["insert"], ["insert"]]


def test_a_change_in_raw_sql_is_kept(world: World):
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE trial_patient SET onset_age_months = 44 WHERE id = %s", [world.patient_a.pk]
        )
    last = events(world.patient_a)[-1]
    assert (last.pgh_label, last.onset_age_months) == ("update", 44)
    assert last.pgh_context["origin"] == "test suite"


def test_two_reasons_in_one_request_stay_apart(world: World):
    with because("First reason"):
        Patient.objects.filter(pk=world.patient_a.pk).update(sex="M")
    with because("Second reason"):
        Patient.objects.filter(pk=world.patient_a.pk).update(sex="U")
    reasons = [e.pgh_context["reason"] for e in events(world.patient_a)[-2:]]
    assert reasons == ["First reason", "Second reason"]


def test_a_person_inside_another_ones_context_leaves_it_as_it_was(world: World):
    with acting(user=world.user("sponsor"), origin="outer", reason="outer"):
        with acting(user=world.user("coordinator"), origin="inner", reason="inner"):
            Patient.objects.filter(pk=world.patient_a.pk).update(sex="M")
        Patient.objects.filter(pk=world.patient_a.pk).update(sex="U")
    inner, outer = events(world.patient_a)[-2:]
    assert (inner.pgh_context["origin"], outer.pgh_context["origin"]) == ("inner", "outer")
    assert outer.pgh_context["user"] == str(world.user("sponsor").pk)


def test_a_reason_needs_somebody_who_gives_it():
    def give() -> None:
        with because("why"):
            pass

    # A new thread acts for nobody yet.
    with ThreadPoolExecutor(1) as threads, pytest.raises(RuntimeError, match="needs an actor"):
        threads.submit(give).result()


def test_an_unchanged_row_writes_no_history(world: World):
    before = len(events(world.patient_a))
    world.patient_a.save()
    assert len(events(world.patient_a)) == before


@pytest.mark.parametrize("model", TRACKED, ids=lambda m: m.__name__)
def test_truncate_is_refused_for_the_table_and_its_history(model):
    table = model._meta.db_table
    for name in (table, f"{table}event"):
        with (
            pytest.raises(DatabaseError, match=r"TRUNCATE of .* is refused"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f'TRUNCATE "{name}" CASCADE')


@pytest.mark.parametrize("model", TRACKED, ids=lambda m: m.__name__)
def test_every_tracked_table_refuses_to_delete(model):
    assert "refuse_delete" in {trigger.name for trigger in model._meta.triggers}


def test_a_row_is_not_deleted(world: World):
    with pytest.raises(DatabaseError, match="Cannot delete"), transaction.atomic():
        Visit.objects.filter(pk=world.visit_a.pk).delete()
    with (
        pytest.raises(DatabaseError, match="Cannot delete"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("DELETE FROM trial_visit WHERE id = %s", [world.visit_a.pk])
    assert Visit.objects.filter(pk=world.visit_a.pk).exists()


@pytest.mark.parametrize(
    "statement", ["UPDATE trial_patientevent SET sex = 'M'", "DELETE FROM trial_patientevent"]
)
def test_history_is_append_only(world: World, statement):
    with (
        pytest.raises(DatabaseError, match=r"Cannot (update|delete)"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_the_history_of_every_table_is_append_only():
    for event in EVENTS:
        names = {trigger.name for trigger in event._meta.triggers}
        assert {"append_only", "refuse_truncate"} <= names, event.__name__
