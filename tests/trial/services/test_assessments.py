from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from mldtrial.trial.models import ElfcMldAssessment, GmfcMldAssessment, MriSeverityRead
from mldtrial.trial.rules.severity import severity_instrument
from mldtrial.trial.services import assessments, patients
from tests.support.world import World

pytestmark = pytest.mark.django_db


def record(world: World, **changes):
    values = {
        "visit": world.visit_a,
        "level": 3,
        "assessed_on": world.visit_a.date,
        "by": world.user("coordinator"),
    }
    return assessments.record_gmfc_mld(**{**values, **changes})


def fields_of(refused: pytest.ExceptionInfo[ValidationError]) -> list[str]:
    return list(refused.value.message_dict)


@pytest.mark.parametrize("level", range(7))
def test_each_level_from_0_to_6_is_stored(world: World, level):
    assert record(world, level=level).level == level


@pytest.mark.parametrize("level", [7, -1, 60])
def test_another_level_is_refused_in_words_and_nothing_is_stored(world: World, level):
    with pytest.raises(ValidationError) as refused:
        record(world, level=level)
    assert "levels 0 to 6" in refused.value.message_dict["level"][0]
    assert not GmfcMldAssessment.objects.exists()


def test_the_assessor_is_who_entered_it(world: World):
    assert record(world).assessed_by == world.user("coordinator")


@pytest.mark.parametrize("role", ["monitor", "data_manager", "reader", "coordinator_b"])
def test_other_people_record_no_level(world: World, role):
    with pytest.raises(PermissionDenied):
        record(world, by=world.user(role))


def test_a_level_and_a_reason_for_none_exclude_each_other(world: World):
    with pytest.raises(ValidationError) as refused:
        record(world, status="NOT_DONE", reason="Too tired")
    assert fields_of(refused) == ["level"]


def test_no_level_needs_a_reason(world: World):
    with pytest.raises(ValidationError) as refused:
        record(world, level=None, status="NOT_DONE", reason="  ")
    assert fields_of(refused) == ["reason"]


def test_no_level_is_stored_with_its_reason(world: World):
    stored = record(world, level=None, status="NOT_APPLICABLE", reason="Under 18 months")
    assert (stored.level, stored.reason) == (None, "Under 18 months")


def test_a_level_that_was_assessed_must_be_given(world: World):
    with pytest.raises(ValidationError) as refused:
        record(world, level=None)
    assert fields_of(refused) == ["level"]


def test_only_level_4_has_a_sublevel(world: World):
    assert record(world, level=4, sublevel="b").sublevel == "b"
    with pytest.raises(ValidationError) as refused:
        record(world, level=3, sublevel="b", change_reason="Typing error")
    assert fields_of(refused) == ["level"]


def test_below_18_months_a_level_needs_a_reason(world: World):
    born = timezone.localdate() - timedelta(days=400)
    infant = patients.create_patient(
        site=world.site_a, subject_code="A-009", sex="M", birth_month=born, by=None
    )
    visit = patients.create_visit(
        patient=infant, definition=None, visit_date=timezone.localdate(), by=None
    )
    with pytest.raises(ValidationError) as refused:
        record(world, visit=visit, assessed_on=visit.date)
    assert fields_of(refused) == ["reason"]
    assert record(world, visit=visit, assessed_on=visit.date, reason="Trial protocol").level == 3


@pytest.mark.parametrize("day", [date(2019, 1, 1), date(2199, 1, 1)])
def test_an_assessment_before_birth_or_in_the_future_is_refused(world: World, day):
    with pytest.raises(ValidationError) as refused:
        record(world, assessed_on=day)
    assert fields_of(refused) == ["assessed_on"]


def test_a_second_level_needs_a_reason_for_the_change(world: World):
    record(world)
    with pytest.raises(ValidationError) as refused:
        record(world, level=5)
    assert fields_of(refused) == ["change_reason"]
    assert GmfcMldAssessment.objects.get().level == 3
    assert record(world, level=5, change_reason="Video was reviewed").level == 5
    assert GmfcMldAssessment.objects.count() == 1


def test_the_assessor_is_named_where_it_is_not_who_entered_it(world: World):
    own = record(world, assessor_role="MD")
    assert (own.assessor, own.assessor_role) == ("Coordinator", "MD")
    other = record(
        world, assessor_role="PT", assessor_name=" Ann Other ", change_reason="Name was missing"
    )
    assert (other.assessor, other.instrument_version) == ("Ann Other", "GMFCMLD-1")
    assert other.assessed_by == world.user("coordinator")


def record_language(world: World, **changes):
    values = {
        "visit": world.visit_a,
        "level": 2,
        "assessed_on": world.visit_a.date,
        "by": world.user("coordinator"),
    }
    return assessments.record_elfc_mld(**{**values, **changes})


@pytest.mark.parametrize("level", range(5))
def test_each_level_of_language_is_stored(world: World, level):
    stored = record_language(world, level=level)
    assert (stored.level, stored.instrument_version) == (level, "ELFCMLD-1")
    assert str(stored) == f"ELFC-MLD E{level}"


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"level": 5}, "level", "ELFC-MLD has levels 0 to 4; 5 is not one of them."),
        ({"level": None}, "level", "Choose a level"),
        ({"status": "NOT_DONE"}, "level", "Leave the level empty"),
        ({"status": "NOT_DONE", "level": None}, "reason", "why there is no level"),
        ({"assessed_on": date(2199, 1, 1)}, "assessed_on", "in the future"),
        ({"assessor_role": "COOK"}, "assessor_role", "not a valid choice"),
    ],
)
def test_a_wrong_level_of_language_is_refused(world: World, changes, field, sentence):
    with pytest.raises(ValidationError) as refused:
        record_language(world, **changes)
    assert sentence in refused.value.message_dict[field][0]
    assert not ElfcMldAssessment.objects.exists()


@pytest.mark.requirement("21CFR11.10(e)")
def test_a_second_level_of_language_needs_a_reason(world: World):
    record_language(world)
    with pytest.raises(ValidationError) as refused:
        record_language(world, level=3)
    assert fields_of(refused) == ["change_reason"]
    assert record_language(world, level=3, change_reason="Video was reviewed").level == 3


@pytest.mark.parametrize("role", ["monitor", "data_manager", "reader", "coordinator_b"])
def test_other_people_record_no_level_of_language(world: World, role):
    with pytest.raises(PermissionDenied):
        record_language(world, by=world.user(role))


def items(**changes):
    return {**{item.key: 1 for item in severity_instrument().items}, **changes}


def test_a_severity_total_is_computed_here(world: World):
    read = assessments.record_severity(
        visit=world.visit_a,
        reader=world.user("reader"),
        items=items(),
        read_on=world.visit_a.date,
        by=None,
    )
    assert (read.total, read.instrument_version) == (19, "MLDS-1")


def test_a_read_with_an_item_not_evaluable_has_no_total(world: World):
    read = assessments.record_severity(
        visit=world.visit_a,
        reader=world.user("reader"),
        items=items(pons=None),
        read_on=world.visit_a.date,
        by=None,
    )
    assert read.total is None


def test_an_item_out_of_range_is_refused(world: World):
    with pytest.raises(ValidationError) as refused:
        assessments.record_severity(
            visit=world.visit_a,
            reader=world.user("reader"),
            items=items(thal=2),
            read_on=world.visit_a.date,
            by=None,
        )
    assert fields_of(refused) == ["items"]
    assert not MriSeverityRead.objects.exists()


def test_a_reader_reads_a_visit_once(world: World):
    values = {
        "visit": world.visit_a,
        "reader": world.user("reader"),
        "items": items(),
        "read_on": world.visit_a.date,
        "by": None,
    }
    assessments.record_severity(**values)
    with pytest.raises(ValidationError, match="read this visit already"):
        assessments.record_severity(**values)


def test_a_coordinator_reads_no_severity(world: World):
    with pytest.raises(PermissionDenied):
        assessments.record_severity(
            visit=world.visit_a,
            reader=world.user("coordinator"),
            items=items(),
            read_on=world.visit_a.date,
            by=world.user("coordinator"),
        )
