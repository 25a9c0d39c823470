from datetime import date, timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied, ValidationError

from mldtrial.audit.context import acting
from mldtrial.trial import selectors
from mldtrial.trial.models import (
    Conflict,
    DeviationState,
    NotDone,
    ProtocolDeviation,
    Scan,
    ScanState,
    Sequence,
    Visit,
)
from mldtrial.trial.rules.schedule import Standing
from mldtrial.trial.services import deviations, patients, visits
from tests.access.addresses import SITE_A, scan_of
from tests.support.world import World

pytestmark = pytest.mark.django_db

# Month 6 is day 183 after 2023-05-10, 14 days on either side: 2023-10-26 to 2023-11-23.
IN_WINDOW, TWO_DAYS_LATE = date(2023, 11, 9), date(2023, 11, 25)
FIVE_DAYS_LATE = date(2023, 11, 28)


def definition(world: World, code: str):
    return world.study.visit_definitions.get(code=code)


def visit_on(world: World, day: date, code="M06"):
    return patients.create_visit(
        patient=world.patient_a,
        definition=definition(world, code),
        visit_date=day,
        by=world.user("coordinator"),
    )


def not_done(world: World, code="M06", reason="Family could not travel", who="coordinator"):
    return visits.declare_visit_not_done(
        patient=world.patient_a,
        definition=definition(world, code),
        reason=reason,
        by=world.user(who),
    )


def standing(world: World, code: str) -> Standing:
    entry = selectors.planned_visit(world.patient_a, definition(world, code))
    assert entry is not None
    return entry.standing


def test_the_baseline_visit_gives_the_day_of_enrolment_where_none_was_recorded(world: World):
    new = patients.create_patient(
        site=world.site_a,
        subject_code="A-002",
        sex="F",
        birth_month=date(2020, 1, 1),
        by=world.user("coordinator"),
    )
    assert all(e.standing == Standing.WAITING for e in selectors.schedule_of(new))
    patients.create_visit(
        patient=new, definition=definition(world, "M00"), visit_date=IN_WINDOW, by=None
    )
    new.refresh_from_db()
    assert new.enrolled_on == IN_WINDOW


def test_a_recorded_day_of_enrolment_is_not_overwritten(world: World):
    assert world.patient_a.enrolled_on == world.visit_a.date
    assert standing(world, "M00") == Standing.DONE


def test_planned_visits_are_not_rows(world: World):
    before = world.patient_a.visits.count()
    assert len(selectors.schedule_of(world.patient_a)) == 6
    assert world.patient_a.visits.count() == before


def test_a_visit_out_of_its_window_is_kept_and_opens_a_deviation(world: World):
    visit = visit_on(world, TWO_DAYS_LATE)
    deviation = ProtocolDeviation.objects.get()
    assert (deviation.visit, deviation.code, deviation.days_outside) == (visit, "OUT_OF_WINDOW", 2)
    assert deviation.description == (
        "Month 6 on 2023-11-25 is 2 days after its window (2023-10-26 to 2023-11-23)."
    )


def test_a_visit_in_its_window_opens_none(world: World):
    visit_on(world, IN_WINDOW)
    assert not ProtocolDeviation.objects.exists()


def test_the_deviation_closes_itself_when_the_date_is_mended(world: World):
    visit = visit_on(world, TWO_DAYS_LATE)
    visits.change_visit(
        visit=visit, visit_date=IN_WINDOW, reason="Typing error", by=world.user("coordinator")
    )
    deviation = ProtocolDeviation.objects.get()
    assert (deviation.state, deviation.closed_by) == (DeviationState.CLOSED, None)


def test_a_deviation_follows_a_corrected_enrolment(world: World):
    visit_on(world, IN_WINDOW)
    patients.change_patient(
        patient=world.patient_a,
        changes={"enrolled_on": date(2023, 4, 10)},
        reason="Consent form",
        by=world.user("coordinator"),
    )
    # 30 days earlier: the window ends on 2023-10-24, and baseline is 16 days late.
    found = {d.visit.name: d.days_outside for d in ProtocolDeviation.objects.all()}
    assert found == {"Month 6": 16, "Baseline": 16}


def test_what_a_person_wrote_about_a_deviation_stays_when_its_days_change(world: World):
    visit = visit_on(world, TWO_DAYS_LATE)
    written = "The family was ill; the site called twice."
    deviations.describe_deviation(
        deviation=ProtocolDeviation.objects.get(),
        description=written,
        reason="Asked the site",
        by=world.user("coordinator"),
    )
    visits.change_visit(
        visit=visit, visit_date=FIVE_DAYS_LATE, reason="Misread", by=world.user("coordinator")
    )
    deviation = ProtocolDeviation.objects.get()
    assert (deviation.description, deviation.days_outside) == (written, 5)
    assert deviation.described_by == world.user("coordinator")


def test_the_words_of_the_rule_follow_the_days(world: World):
    visit = visit_on(world, TWO_DAYS_LATE)
    visits.change_visit(
        visit=visit, visit_date=FIVE_DAYS_LATE, reason="Misread", by=world.user("coordinator")
    )
    deviation = ProtocolDeviation.objects.get()
    assert "5 days after its window" in deviation.description
    assert deviation.described_by is None


def test_a_deviation_closed_by_a_person_is_not_opened_again_by_the_same_days(world: World):
    visit = visit_on(world, TWO_DAYS_LATE)
    deviations.close_deviation(
        deviation=ProtocolDeviation.objects.get(),
        reason="Minor, no effect",
        by=world.user("data_manager"),
    )
    deviations.review_windows(patient=world.patient_a)
    assert ProtocolDeviation.objects.count() == 1
    visits.change_visit(
        visit=visit,
        visit_date=TWO_DAYS_LATE + timedelta(days=1),
        reason="Chart",
        by=world.user("coordinator"),
    )
    assert ProtocolDeviation.objects.filter(state=DeviationState.OPEN).get().days_outside == 3


@pytest.mark.requirement("21CFR11.10(e)")
def test_a_correction_of_a_visit_keeps_its_reason(world: World):
    visit = visit_on(world, IN_WINDOW)
    changed = visits.change_visit(
        visit=visit, visit_date=TWO_DAYS_LATE, reason="Chart", by=world.user("investigator")
    )
    event = apps.get_model("trial", "VisitEvent").objects.filter(pgh_obj_id=visit.pk).last()
    assert changed.date == event.date == TWO_DAYS_LATE
    assert event.pgh_context["reason"] == "Chart"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"reason": " "}, "reason"),
        ({"visit_date": date(2199, 1, 1)}, "date"),
        ({"visit_date": date(2019, 1, 1)}, "date"),
        ({"visit_date": date(2023, 5, 10)}, "date"),
    ],
)
def test_a_wrong_correction_of_a_visit_is_refused_at_its_field(world: World, changes, field):
    values = {"visit_date": IN_WINDOW, "reason": "Chart", "by": world.user("coordinator")}
    visit = visit_on(world, TWO_DAYS_LATE)
    with pytest.raises(ValidationError) as refused:
        visits.change_visit(**{"visit": visit, **values, **changes})
    assert list(refused.value.message_dict) == [field]


def test_a_visit_declared_not_done_is_overdue_no_more(world: World):
    assert standing(world, "M06") == Standing.OVERDUE
    not_done(world)
    assert standing(world, "M06") == Standing.NOT_DONE


def test_taken_back_it_is_overdue_again_and_the_declaration_stays_as_a_record(world: World):
    declared = not_done(world)
    visits.take_back_not_done(
        declared=declared, change_reason="They came", by=world.user("coordinator")
    )
    assert standing(world, "M06") == Standing.OVERDUE
    assert NotDone.objects.get().is_current is False
    assert not_done(world).pk != declared.pk


def test_a_visit_that_took_place_after_all_takes_the_declaration_back(world: World):
    not_done(world)
    visit_on(world, IN_WINDOW)
    assert not NotDone.objects.filter(is_current=True).exists()
    assert standing(world, "M06") == Standing.DONE


def test_the_reason_of_a_declaration_is_corrected_with_a_reason(world: World):
    declared = not_done(world)
    with pytest.raises(ValidationError):
        visits.correct_not_done(
            declared=declared, reason="Illness", change_reason="", by=world.user("coordinator")
        )
    changed = visits.correct_not_done(
        declared=declared, reason="Illness", change_reason="Chart", by=world.user("coordinator")
    )
    assert changed.reason == "Illness"


def test_a_visit_that_took_place_cannot_be_declared_not_done(world: World):
    with pytest.raises(ValidationError, match="took place"):
        not_done(world, code="M00")


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_declaration_needs_a_reason_and_is_made_once(world: World, reason):
    with pytest.raises(ValidationError):
        not_done(world, reason=reason)
    not_done(world)
    with pytest.raises(ValidationError, match="declared not done already"):
        not_done(world)


@pytest.mark.parametrize("who", ["coordinator_b", "monitor", "data_manager", "sponsor"])
def test_others_declare_nothing(world: World, who):
    with pytest.raises(PermissionDenied):
        not_done(world, who=who)


def scan_not_done(world: World, sequence="T2w"):
    return visits.declare_scan_not_done(
        visit=world.visit_a, sequence=sequence, reason="No sedation", by=world.user("coordinator")
    )


def test_a_sequence_is_declared_not_done_by_itself(world: World):
    scan_not_done(world)
    assert selectors.undeclared_sequences(world.visit_a) == [Sequence.T1W, Sequence.FLAIR]


def test_a_scan_that_is_there_cannot_be_declared_not_done(world: World):
    scan_of(world, SITE_A)
    with pytest.raises(ValidationError, match="has a T1w scan"):
        scan_not_done(world, "T1w")


@pytest.mark.parametrize("sequence", ["PD", "", "other "])
def test_an_unknown_sequence_is_refused(world: World, sequence):
    with pytest.raises(ValidationError):
        scan_not_done(world, sequence)


def test_a_therapy_moves_the_visits_that_count_from_it(world: World):
    found = definition(world, "M12")
    found.anchor, found.anchor_therapy, found.target_day = "TREATMENT", "HSCT", 30
    found.save()
    assert standing(world, "M12") == Standing.WAITING
    patients.record_treatment(
        patient=world.patient_a, kind="HSCT", started_on=date(2023, 6, 1), by=None
    )
    entry = selectors.planned_visit(world.patient_a, found)
    assert entry is not None
    assert entry.planned.due == date(2023, 7, 1)


def test_a_deviation_is_described_with_a_reason_and_closed_once(world: World):
    made = deviations.record_deviation(
        patient=world.patient_a,
        visit=world.visit_a,
        code="SEDATION_NOT_GIVEN",
        description="Ate before the scan",
        by=world.user("coordinator"),
    )
    changed = deviations.describe_deviation(
        deviation=made,
        description="Ate an hour before",
        reason="Chart",
        by=world.user("data_manager"),
    )
    assert changed.description == "Ate an hour before"
    with pytest.raises(PermissionDenied):
        deviations.close_deviation(deviation=made, reason="x", by=world.user("coordinator"))
    deviations.close_deviation(deviation=made, reason="Minor", by=world.user("data_manager"))
    with pytest.raises(ValidationError, match="closed already"):
        deviations.close_deviation(deviation=made, reason="Minor", by=world.user("data_manager"))


def test_a_deviation_needs_a_known_code_and_words(world: World):
    values = {"patient": world.patient_a, "visit": None, "by": world.user("coordinator")}
    with pytest.raises(ValidationError):
        deviations.record_deviation(**values, code="RAIN", description="Rain")
    with pytest.raises(ValidationError):
        deviations.record_deviation(**values, code="MOTION", description=" ")


def test_the_schedules_of_many_patients_take_no_more_queries(
    world: World, django_assert_num_queries
):
    found = list(selectors.patients(world.study, user=world.user("data_manager")))
    for count in (1, len(found)):
        with django_assert_num_queries(4):
            selectors.schedules(found[:count])


def test_a_review_of_the_study_takes_no_more_queries_with_more_patients(
    world: World, django_assert_num_queries
):
    visit_on(world, IN_WINDOW)
    for number in range(4):
        patients.create_patient(
            site=world.site_a,
            subject_code=f"A-1{number}",
            sex="F",
            birth_month=date(2020, 1, 1),
            enrolled_on=date(2023, 5, 10),
            by=None,
        )
    # A savepoint and its release around: patients, deviations, and four for their schedules.
    with django_assert_num_queries(8):
        deviations.review_study(study=world.study)


def test_the_day_of_a_scan_stays_where_it_was_when_the_visit_is_corrected(world: World):
    scan = scan_of(world, SITE_A)
    Scan.objects.filter(pk=scan.pk).update(days_from_visit=2)
    scanned_on = world.visit_a.date + timedelta(days=2)
    moved = visits.change_visit(
        visit=world.visit_a,
        visit_date=world.visit_a.date - timedelta(days=5),
        reason="Chart",
        by=world.user("coordinator"),
    )
    scan.refresh_from_db()
    assert moved.date + timedelta(days=scan.days_from_visit) == scanned_on


def redated(world: World, days: int):
    return visits.change_visit(
        visit=world.visit_a,
        visit_date=Visit.objects.get(pk=world.visit_a.pk).date + timedelta(days=days),
        reason="Chart",
        by=world.user("coordinator"),
    )


def test_a_visit_is_not_dated_farther_from_its_scan_than_the_study_allows(world: World):
    scan = scan_of(world, SITE_A)
    Scan.objects.filter(pk=scan.pk).update(days_from_visit=2)
    allowed = world.study.scan_days_from_visit
    with pytest.raises(ValidationError) as refused:
        redated(world, 3 + allowed)
    (said,) = refused.value.message_dict["visit_date"]
    assert str(world.visit_a.date + timedelta(days=2)) in said
    assert f"{allowed + 1} days from this day; the study allows {allowed}." in said
    scan.refresh_from_db()
    assert scan.days_from_visit == 2
    redated(world, 2 + allowed)
    scan.refresh_from_db()
    assert scan.days_from_visit == -allowed


def test_a_scan_that_was_accepted_from_far_may_come_nearer_and_no_farther(world: World):
    scan = scan_of(world, SITE_A)
    Scan.objects.filter(pk=scan.pk).update(days_from_visit=100, conflicts=[Conflict.DATE_FAR])
    with pytest.raises(ValidationError):
        redated(world, -1)
    redated(world, 1)
    scan.refresh_from_db()
    assert scan.days_from_visit == 99


def test_a_discarded_scan_keeps_no_visit_from_its_day(world: World):
    scan = scan_of(world, SITE_A)
    Scan.objects.filter(pk=scan.pk).update(days_from_visit=0, state=ScanState.DISCARDED)
    assert redated(world, 60).date == world.visit_a.date + timedelta(days=60)


def test_a_scan_whose_day_is_not_known_stays_unknown(world: World):
    scan = scan_of(world, SITE_A)
    visits.change_visit(
        visit=world.visit_a,
        visit_date=world.visit_a.date - timedelta(days=5),
        reason="Chart",
        by=world.user("coordinator"),
    )
    scan.refresh_from_db()
    assert scan.days_from_visit is None


def test_the_migration_finds_what_people_wrote_and_leaves_the_words_of_the_rule(world: World):
    visit = visit_on(world, TWO_DAYS_LATE)
    described = ProtocolDeviation.objects.get()
    by = world.user("coordinator")
    with acting(user=by, origin="web"):
        deviations.describe_deviation(deviation=described, description="Ill", reason="Asked", by=by)
        seen = deviations.record_deviation(
            patient=world.patient_a, visit=visit, code="MOTION", description="Restless", by=by
        )
        patients.create_visit(
            patient=world.patient_b,
            definition=world.study.visit_definitions.get(code="M06"),
            visit_date=TWO_DAYS_LATE,
            by=None,
        )
    ProtocolDeviation.objects.update(described_by=None)
    migration = import_module("mldtrial.trial.migrations.0020_deviations_described_before")
    migration.fill(apps, None)
    found = dict(ProtocolDeviation.objects.values_list("pk", "described_by"))
    assert {found.pop(described.pk), found.pop(seen.pk)} == {by.pk}
    assert set(found.values()) == {None}
