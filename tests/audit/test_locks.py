"""Nothing of a locked record changes, whatever way the change comes."""

from datetime import date
from importlib import import_module
from typing import Any

import pgtrigger
import pytest
from django.apps import apps
from django.db import DatabaseError, IntegrityError, connection, models, transaction

from analytics.models import FlagKind, TrajectoryFlag
from mldtrial.audit.belonging import BELONGINGS, NEVER_LOCKED
from mldtrial.audit.tracking import ClinicalModel
from mldtrial.embedded.postgres import APP
from mldtrial.trial.models import (
    GmfcMldAssessment,
    Patient,
    Query,
    Scan,
    Site,
    Study,
    Treatment,
    Visit,
    VisitDefinition,
)
from mldtrial.trial.services import queries
from segmentation.models import JobState, SegmentationResult, SegmentationRun, Upload
from tests.support.chain import application_role
from tests.support.loads import make_load, make_scan
from tests.support.locking import freeze, lock
from tests.support.signing import full_visit
from tests.support.world import World

pytestmark = pytest.mark.django_db

read_only = import_module("mldtrial.audit.migrations.0007_locked_records_are_read_only")
APPS = ("audit", "trial", "segmentation", "analytics")


@pytest.fixture
def visit(world: World) -> Visit:
    """The visit of site A with something of everything, and a treatment of its patient."""
    made = full_visit(world)
    run = made.segmentation_runs.get()
    TrajectoryFlag.objects.create(
        patient=world.patient_a, run=run, kind=FlagKind.JUMP, difference_ml=9.0
    )
    Treatment.objects.create(
        patient=world.patient_a, kind="HSCT", started_on=world.patient_a.birth_month
    )
    Upload.objects.create(
        visit=made, site=world.site_a, sha256="0" * 64, size_bytes=1, declared_sequence="T1w"
    )
    return made


def clinical_models() -> set[type[models.Model]]:
    return {
        model
        for app in APPS
        for model in apps.get_app_config(app).get_models()
        if issubclass(model, ClinicalModel)
    }


@pytest.mark.requirement("21CFR11.10(e)")
def test_every_clinical_model_says_what_holds_it_or_why_nothing_does():
    assert clinical_models() - set(BELONGINGS) - set(NEVER_LOCKED) == set()
    assert set(BELONGINGS) & set(NEVER_LOCKED) == set()
    assert all(reason.endswith(".") for reason in NEVER_LOCKED.values())


def test_every_model_that_belongs_somewhere_is_guarded_by_the_database():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text FROM pg_trigger "
            "WHERE tgname LIKE 'pgtrigger_refuse_locked%%'"
        )
        guarded = {name for (name,) in cursor.fetchall()}
    assert guarded == {model._meta.db_table for model in BELONGINGS}


CHANGES: dict[type[models.Model], tuple[str, Any]] = {
    Visit: ("name", "Other"),
    GmfcMldAssessment: ("level", 5),
    Scan: ("state", "VOIDED"),
    SegmentationRun: ("is_voided", True),
    SegmentationResult: ("mask_sha256", "f" * 64),
    Upload: ("size_bytes", 2),
    TrajectoryFlag: ("is_current", False),
}
OF_THE_PATIENT: dict[type[models.Model], tuple[str, Any]] = {
    Patient: ("sex", "M"),
    Treatment: ("started_on", date(2024, 1, 1)),
}
OF_THE_STUDY: dict[type[models.Model], tuple[str, Any]] = {
    Study: ("name", "Other"),
    Site: ("name", "Other"),
    VisitDefinition: ("name", "Other"),
}


def row_of(world: World, model: type[models.Model]) -> Any:
    known = {Visit: world.visit_a, Patient: world.patient_a, Study: world.study, Site: world.site_a}
    found = known.get(model) or model.objects.first()
    found.refresh_from_db()
    return found


def by_save(row: Any, column: str, value: Any) -> None:
    setattr(row, column, value)
    row.save()


def by_update(row: Any, column: str, value: Any) -> None:
    type(row).objects.filter(pk=row.pk).update(**{column: value})


def by_bulk_update(row: Any, column: str, value: Any) -> None:
    setattr(row, column, value)
    type(row).objects.bulk_update([row], [column])


def by_sql(row: Any, column: str, value: Any) -> None:
    table, key = row._meta.db_table, row._meta.pk.column
    with connection.cursor() as cursor:
        cursor.execute(f'UPDATE {table} SET "{column}" = %s WHERE {key} = %s', [value, row.pk])  # noqa: S608


PATHS = [by_save, by_update, by_bulk_update, by_sql]


def assert_refused(world: World, changes: dict[type[models.Model], tuple[str, Any]]) -> None:
    for model, (column, value) in changes.items():
        for path in PATHS:
            row = row_of(world, model)
            before = getattr(row, column)
            with pytest.raises(IntegrityError, match="This record is"), transaction.atomic():
                path(row, column, value)
            assert getattr(row_of(world, model), column) == before, (model, path)


@pytest.mark.requirement("21CFR11.10(c)")
@pytest.mark.requirement("ICH-E6R3-4.2.6")
def test_a_locked_visit_refuses_every_change_by_every_path(world: World, visit):
    lock(world, visit)
    assert_refused(world, CHANGES)


def test_a_locked_patient_holds_the_visits_as_well(world: World, visit):
    lock(world, world.patient_a)
    assert_refused(world, CHANGES | OF_THE_PATIENT)


def test_a_locked_study_holds_everything_below(world: World, visit):
    lock(world, world.study)
    assert_refused(world, CHANGES | OF_THE_PATIENT | OF_THE_STUDY)


def test_a_frozen_visit_refuses_the_same(world: World, visit):
    freeze(world, visit)
    assert_refused(world, CHANGES)


def test_what_is_not_locked_stays_open(world: World, visit):
    lock(world, visit)
    for model, (column, value) in OF_THE_PATIENT.items():
        by_update(row_of(world, model), column, value)
    by_update(world.visit_b, "name", "Other")
    make_load(world.patient_b, date(2023, 6, 1), 10.0)


def test_an_unchanged_save_of_a_locked_record_is_no_change(world: World, visit):
    lock(world, visit)
    visit.save()


@pytest.mark.parametrize("of", ["visit", "patient", "study"])
def test_nothing_is_added_to_a_locked_record(world: World, visit, of):
    lock(world, {"visit": visit, "patient": world.patient_a, "study": world.study}[of])
    additions = [
        lambda: make_scan(visit),
        lambda: SegmentationRun.objects.create(
            visit=visit,
            site=world.site_a,
            t1w_scan=Scan.objects.first(),
            model_version=SegmentationRun.objects.first().model_version,
            parameters_sha256="1" * 64,
            input_sha256="2" * 64,
        ),
        lambda: Query.objects.create(
            study=world.study, patient=world.patient_a, visit=visit, audience="SITE",
            rule="MANUAL", question="?",
        ),
    ]  # fmt: skip
    if of != "visit":
        additions.append(
            lambda: Visit.objects.create(
                patient=world.patient_a, number=9, name="V", date=date(2024, 1, 1)
            )
        )
    if of == "study":
        additions.append(
            lambda: Patient.objects.create(
                study=world.study, site=world.site_a, subject_code="A-9", sex="F",
                birth_month=date(2020, 1, 1),
            )
        )  # fmt: skip
    for add in additions:
        with pytest.raises(IntegrityError, match="This record is locked"), transaction.atomic():
            add()


def test_nothing_is_moved_out_of_or_into_a_locked_visit(world: World, visit):
    outside = make_scan(world.visit_b)
    lock(world, visit)
    for scan, target in ((visit.scans.first(), world.visit_b), (outside, visit)):
        with pytest.raises(IntegrityError, match="locked"), transaction.atomic():
            Scan.objects.filter(pk=scan.pk).update(visit=target)


@pytest.mark.parametrize(("hold", "is_usable"), [(freeze, True), (lock, False)])
def test_queries_are_usable_while_frozen_and_not_while_locked(world: World, visit, hold, is_usable):
    query = queries.open_query(
        patient=world.patient_a, visit=None, audience="SITE", rule="R", question="?"
    )
    query_of_visit = queries.open_query(
        patient=world.patient_a, visit=visit, audience="SITE", rule="MANUAL", question="?"
    )
    queries.close_query(query=query_of_visit, reason="Seen", by=None)
    hold(world, visit)
    if is_usable:
        Query.objects.filter(pk=query_of_visit.pk).update(state="OPEN", closed_by_rule=False)
    else:
        with pytest.raises(IntegrityError, match="locked"), transaction.atomic():
            Query.objects.filter(pk=query_of_visit.pk).update(state="OPEN", closed_by_rule=False)
    # A question about the whole patient is not held by the lock of one visit.
    Query.objects.filter(pk=query.pk).update(answer="Yes")


def test_a_job_of_a_locked_visit_may_end_but_never_succeed(world: World, visit):
    lock(world, visit)
    jobs = Upload.objects.filter(visit=visit)
    token = {"lease_token": world.visit_b.pk}
    jobs.update(state=JobState.RUNNING, attempt=1, **token)
    with pytest.raises(IntegrityError, match="locked"), transaction.atomic():
        jobs.update(state=JobState.SUCCEEDED, lease_token=None)
    jobs.update(state=JobState.REJECTED, failure_code="RECORD_LOCKED", lease_token=None)
    done = SegmentationRun.objects.filter(visit=visit)
    with pytest.raises(IntegrityError, match="locked"), transaction.atomic():
        done.update(state=JobState.QUEUED, analysis_flag=False)
    with pytest.raises(IntegrityError, match="locked"), transaction.atomic():
        done.update(analysis_flag=False)


@pytest.fixture
def as_application(db: None):
    """The connection with the rights that the migrations leave the application's role."""
    with application_role():
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE")
            # The role got every right above; the migration takes these back.
            cursor.execute(read_only.REVOKE)
            cursor.execute(f"SET ROLE {APP}")
        yield connection


@pytest.mark.requirement("21CFR11.10(d)")
@pytest.mark.parametrize(
    ("statement", "refusal"),
    [
        ("UPDATE trial_visit SET name = 'x'", "This record is locked"),
        ("INSERT INTO trial_scan SELECT * FROM trial_scan", "This record is locked"),
        ("UPDATE audit_lock SET lifted_at = now()", "A lock is lifted by two people"),
        ("DELETE FROM audit_lock", "Cannot delete"),
        ("DELETE FROM audit_lockedrecord", "permission denied"),
        ("UPDATE audit_lockedrecord SET level = 0", "permission denied"),
        ("INSERT INTO audit_lockedrecord DEFAULT VALUES", "permission denied"),
        ("TRUNCATE audit_lockedrecord", "permission denied"),
        ("ALTER TABLE trial_visit DISABLE TRIGGER ALL", "must be owner"),
        ("SET session_replication_role = replica", "permission denied"),
        ("DROP FUNCTION audit_cover() CASCADE", "must be owner"),
    ],
)
def test_a_session_of_the_application_gets_round_no_lock(
    world: World, visit, request, statement, refusal
):
    lock(world, world.study)
    request.getfixturevalue("as_application")
    with (
        pytest.raises(DatabaseError, match=refusal),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_a_session_that_wants_the_guard_ignored_changes_nothing(world: World, visit):
    lock(world, visit)
    with (
        pytest.raises(DatabaseError),
        transaction.atomic(),
        pgtrigger.ignore("trial.Visit:refuse_locked"),
    ):
        Visit.objects.filter(pk=visit.pk).update(name="x")
    visit.refresh_from_db()
    assert visit.name == "Baseline"


def test_a_change_takes_one_look_at_the_index_of_locked_records(world: World, visit):
    lock(world, world.study)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # the table of a test is too small
        cursor.execute(
            "EXPLAIN SELECT max(level) FROM audit_lockedrecord WHERE record_id IN (%s, %s)",
            [visit.pk, visit.pk],
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "locked_record_once" in plan
    assert "Index Cond: (record_id" in plan
