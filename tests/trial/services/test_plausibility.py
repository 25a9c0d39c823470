from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mldtrial.trial.models import Audience, GmfcMldAssessment, Patient, Query, QueryState, Visit
from mldtrial.trial.rules.plausibility import RULES
from mldtrial.trial.services import assessments, participation, patients, plausibility, queries
from tests.support.loads import make_visit
from tests.support.locking import decide, lock, request_unlock, second_manager
from tests.support.world import World

pytestmark = pytest.mark.django_db

LATER = date(2023, 7, 1)
"""At 39 months: the patient of site A is late-infantile and may still walk."""


def record(world: World, visit: Visit, level: int, **more) -> GmfcMldAssessment:
    return assessments.record_gmfc_mld(
        **{
            "visit": visit,
            "level": level,
            "assessed_on": visit.date,
            "by": world.user("coordinator"),
            **more,
        }
    )


def improve(world: World) -> Query:
    record(world, world.visit_a, 3)
    record(world, make_visit(world.patient_a, LATER), 2)
    return Query.objects.get()


def test_an_improvement_opens_a_query_for_the_site(world: World):
    query = improve(world)
    assert (query.rule, query.audience, query.state) == (
        "GMFC-IMPROVEMENT", Audience.SITE, QueryState.OPEN,
    )  # fmt: skip
    assert (query.visit.date, query.assigned_role) == (LATER, "coordinator")
    assert query.opened_by is None


def test_a_correction_closes_the_query_by_itself(world: World):
    query = improve(world)
    record(world, query.visit, 4, change_reason="Level of another child")
    query.refresh_from_db()
    assert (query.state, query.closed_by_rule) == (QueryState.CLOSED, True)


def test_the_correction_of_the_earlier_level_closes_it_as_well(world: World):
    query = improve(world)
    record(world, world.visit_a, 2, change_reason="Video was reviewed")
    query.refresh_from_db()
    assert query.closed_by_rule


def test_a_fault_that_comes_back_is_asked_about_anew(world: World):
    first = improve(world)
    record(world, first.visit, 4, change_reason="Level of another child")
    record(world, first.visit, 2, change_reason="It was right")
    states = list(Query.objects.order_by("created_at").values_list("state", flat=True))
    assert states == [QueryState.CLOSED, QueryState.OPEN]


def test_what_a_person_has_confirmed_is_not_asked_again(world: World):
    query = improve(world)
    queries.close_query(query=query, reason="Confirmed", by=world.user("data_manager"))
    assert plausibility.check_patient(patient=world.patient_a) == []
    assert plausibility.check_patients(patients=Patient.objects.all()) == 0
    record(world, query.visit, 1, change_reason="Video")
    assert Query.objects.filter(state=QueryState.OPEN).count() == 1


def test_other_values_ask_anew_and_close_the_old_question(world: World):
    query = improve(world)
    record(world, query.visit, 1, change_reason="Video")
    query.refresh_from_db()
    assert query.messages.get().words == plausibility.CHANGED
    assert "level 1" in Query.objects.get(state=QueryState.OPEN).question


def test_a_treatment_that_is_added_answers_why_a_child_still_walks(world: World):
    visit = make_visit(world.patient_a, date(2023, 9, 1))
    record(world, visit, 1)
    query = Query.objects.get()
    assert query.rule == "LI-STILL-WALKING"
    patients.record_treatment(
        patient=world.patient_a,
        kind="GENE_THERAPY",
        started_on=date(2021, 12, 1),
        by=world.user("coordinator"),
    )
    query.refresh_from_db()
    assert query.closed_by_rule


def test_a_corrected_onset_mends_a_level_before_it(world: World):
    assessments.record_gmfc_mld(
        visit=world.visit_b,
        level=1,
        assessed_on=world.visit_b.date,
        by=world.user("coordinator_b"),
    )
    query = Query.objects.get()
    assert query.rule == "GMFC-BEFORE-ONSET"
    patients.change_patient(
        patient=world.patient_b,
        changes={"onset_age_months": 36},
        reason="Letter of the neurologist",
        by=world.user("coordinator_b"),
    )
    query.refresh_from_db()
    assert query.closed_by_rule


def test_a_visit_out_of_order_is_asked_about_and_kept(world: World):
    month_6, month_12 = (world.study.visit_definitions.get(code=c) for c in ("M06", "M12"))
    for definition, day in ((month_12, date(2023, 11, 1)), (month_6, date(2024, 1, 10))):
        patients.create_visit(
            patient=world.patient_a, definition=definition, visit_date=day,
            by=world.user("coordinator"),
        )  # fmt: skip
    assert Query.objects.get().rule == "VISIT-ORDER"
    assert world.patient_a.visits.count() == 3


def test_a_visit_before_the_first_consent_is_kept_and_asked_about_until_the_days_fit(world: World):
    by = world.user("coordinator")
    late = participation.record_step(
        patient=world.patient_a, step="CONSENT", happened_on=date(2023, 6, 1), by=by
    )
    query = Query.objects.get()
    assert (query.rule, query.visit, query.audience) == (
        "VISIT-BEFORE-CONSENT", world.visit_a, Audience.SITE,
    )  # fmt: skip
    make_visit(world.patient_a, LATER)
    assert Query.objects.count() == 1
    participation.correct_step(
        disposition=late, changes={"is_void": True}, reason="Of another child", by=by
    )
    query.refresh_from_db()
    assert query.closed_by_rule
    participation.record_step(
        patient=world.patient_a, step="CONSENT", happened_on=date(2023, 6, 2), by=by
    )
    asked = Query.objects.get(state=QueryState.OPEN)
    participation.record_step(
        patient=world.patient_a, step="RECONSENT", happened_on=world.visit_a.date, by=by
    )
    asked.refresh_from_db()
    assert asked.closed_by_rule


def test_a_site_query_holds_no_load(world: World):
    from tests.support.loads import make_load

    make_load(world.patient_a, world.visit_a.date, 123.4)
    make_load(world.patient_a, LATER, 56.7)
    query = improve(world)
    assert "123" not in query.question
    assert "mL" not in query.question


def test_what_was_written_past_the_services_is_found_by_the_sweep(world: World):
    visit = make_visit(world.patient_a, LATER)
    for where, level in ((world.visit_a, 3), (visit, 1)):
        GmfcMldAssessment.objects.create(
            visit=where,
            level=level,
            assessed_on=where.date + timedelta(days=0),
            assessed_by=world.user("coordinator"),
        )
    assert plausibility.check_patients(patients=Patient.objects.all()) == 1
    assert plausibility.check_patients(patients=Patient.objects.all()) == 0
    assert Query.objects.get().rule == "GMFC-IMPROVEMENT"
    GmfcMldAssessment.objects.filter(visit=visit).update(level=3)
    assert plausibility.check_patients(patients=Patient.objects.all()) == 1
    assert Query.objects.get().closed_by_rule


@pytest.mark.parametrize("held", ["visit", "patient"])
def test_what_is_locked_is_asked_about_once_it_is_open(world: World, held):
    visit = make_visit(world.patient_a, LATER)
    for where, level in ((world.visit_a, 3), (visit, 1)):
        GmfcMldAssessment.objects.create(
            visit=where,
            level=level,
            assessed_on=where.date,
            assessed_by=world.user("coordinator"),
        )
    record_held = visit if held == "visit" else world.patient_a
    lock(world, record_held)
    assert plausibility.check_patients(patients=Patient.objects.all()) == 0
    assert plausibility.check_patient(patient=world.patient_a) == []
    assert not Query.objects.exists()
    decide(request_unlock(world, record_held), by=second_manager(world))
    assert plausibility.check_patients(patients=Patient.objects.all()) == 1
    assert Query.objects.get().visit == visit


def test_many_patients_take_as_many_queries_as_one(world: World, django_assert_num_queries):
    everybody = type(world.patient_a).objects.all()
    with django_assert_num_queries(5):
        plausibility.courses(everybody)
    for month in range(1, 13):
        record(world, make_visit(world.patient_a, date(2025, month, 1)), 6)
    with django_assert_num_queries(5):
        assert len(plausibility.courses(everybody)) == 3


def test_no_code_of_a_rule_begins_like_those_of_loads():
    assert not any(code.startswith("LOAD-") for code in RULES)


def test_many_patients_are_asked_about_in_as_many_queries_as_one(
    world: World, django_assert_num_queries
):
    def write(count: int, day: date) -> None:
        for month in range(1, count + 1):
            patient = patients.create_patient(
                site=world.site_a, subject_code=f"A-{day.year}-{month}", sex="M",
                birth_month=date(2015, month, 1), onset_age_months=60, by=None,
            )  # fmt: skip
            for level, when in ((3, day), (1, day + timedelta(days=90))):
                visit = make_visit(patient, when)
                GmfcMldAssessment.objects.create(
                    visit=visit, level=level, assessed_on=when,
                    assessed_by=world.user("coordinator"),
                )  # fmt: skip

    everybody = Patient.objects.all()
    write(1, date(2022, 1, 10))
    with CaptureQueriesContext(connection) as of_one:
        assert plausibility.check_patients(patients=everybody) == 1
    write(5, date(2023, 1, 10))
    with django_assert_num_queries(len(of_one)):
        assert plausibility.check_patients(patients=everybody) == 5
    assert Query.objects.filter(rule="GMFC-IMPROVEMENT").count() == 6
