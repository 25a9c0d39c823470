from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from mldtrial.trial.models import (
    Membership,
    MriSeverityFinal,
    MriSeverityRead,
    ReadAssignment,
    Role,
    Study,
    Visit,
)
from mldtrial.trial.services import assessments, reads, settling, studies
from tests.support.locking import freeze, lock
from tests.support.reads import give, items_of, second_reader, sign
from tests.support.world import World, person

pytestmark = pytest.mark.django_db


def final(world: World) -> MriSeverityFinal:
    return MriSeverityFinal.objects.get(visit=world.visit_a)


def adjudication(world: World) -> ReadAssignment:
    return ReadAssignment.objects.get(visit=world.visit_a, role="ADJUDICATOR", state="ASSIGNED")


def test_a_case_goes_to_two_readers_under_names_of_their_own(world: World):
    first, second = give(world, world.visit_a)
    assert (first.reader, second.reader) == (world.user("reader"), second_reader(world))
    assert first.reading_id != second.reading_id
    for name in (first.reading_id, second.reading_id):
        assert world.patient_a.subject_code not in name


def test_all_unread_visits_are_given_at_once_and_none_twice(world: World):
    values = {
        "visits": [world.visit_a, world.visit_b],
        "first": world.user("reader"),
        "second": second_reader(world),
        "by": world.user("data_manager"),
    }
    assert reads.assign_cases(**values) == 2
    assert reads.assign_cases(**values) == 0
    assert ReadAssignment.objects.count() == 4


@pytest.mark.parametrize("role", ["coordinator", "reader", "sponsor", "auditor", "administrator"])
def test_only_the_data_manager_gives_cases_out(world: World, role):
    with pytest.raises(PermissionDenied):
        reads.assign_cases(
            visits=[world.visit_a],
            first=world.user("reader"),
            second=second_reader(world),
            by=world.user(role),
        )


@pytest.mark.parametrize(("first", "second"), [("reader", "reader"), ("reader", "adjudicator")])
def test_two_different_readers_are_needed(world: World, first, second):
    with pytest.raises(ValidationError) as refused:
        reads.assign_cases(
            visits=[world.visit_a],
            first=world.user(first),
            second=world.user(second),
            by=world.user("data_manager"),
        )
    assert list(refused.value.message_dict) == ["second"]
    assert not ReadAssignment.objects.exists()


def test_two_readers_who_agree_have_their_mean(world: World):
    first, second = give(world, world.visit_a)
    sign(first, 10)
    assert not MriSeverityFinal.objects.exists()
    sign(second, 11)
    found = final(world)
    assert (found.status, found.basis, found.total) == ("DONE", "MEAN", Decimal("10.5"))
    assert (found.first_read.total, found.second_read.total, found.tolerance) == (10, 11, 2)
    assert sum(found.items.values()) == 10.5


@pytest.mark.parametrize("totals", [(10, 12), (12, 10)])
def test_who_reads_first_and_who_signs_first_makes_no_difference(world: World, totals):
    first, second = give(world, world.visit_a)
    sign(second, totals[1])
    sign(first, totals[0])
    assert final(world).total == 11


def test_a_charter_may_take_the_first_readers_score(world: World):
    Study.objects.filter(pk=world.study.pk).update(severity_rule="FIRST_READER")
    first, second = give(world, world.visit_a)
    sign(first, 10)
    sign(second, 12)
    assert (final(world).basis, final(world).total) == ("FIRST_READER", 10)


def test_readers_who_differ_get_an_adjudicator_whose_score_is_final(world: World):
    first, second = give(world, world.visit_a)
    sign(first, 10)
    sign(second, 13)
    assert (final(world).status, final(world).total) == ("ADJUDICATION", None)
    given = adjudication(world)
    assert given.reader == world.user("adjudicator")
    sign(given, 12)
    assert (final(world).basis, final(world).total) == ("ADJUDICATED", 12)
    assert final(world).adjudication.reader == world.user("adjudicator")


def test_the_tolerance_is_a_setting_of_the_study(world: World):
    Study.objects.filter(pk=world.study.pk).update(severity_tolerance=3)
    first, second = give(world, world.visit_a)
    sign(first, 10)
    sign(second, 13)
    assert (final(world).total, final(world).tolerance) == (Decimal("11.5"), 3)


@pytest.mark.requirement("ICH-E6R3-4.2.2")
def test_the_adjudicator_is_neither_reader(world: World):
    # The first reader is an adjudicator too, and has nothing else to do.
    studies.grant_membership(user=world.user("reader"), study=world.study, role=Role.ADJUDICATOR)
    first, second = give(world, world.visit_a)
    sign(first, 10)
    sign(second, 20)
    assert adjudication(world).reader == world.user("adjudicator")


def test_the_adjudicator_with_the_least_to_do_is_chosen(world: World):
    other = person("adjudicator_2")
    studies.grant_membership(user=other, study=world.study, role=Role.ADJUDICATOR)
    for visit in (world.visit_a, world.visit_b):
        first, second = give(world, visit)
        sign(first, 10)
        sign(second, 20)
    given = ReadAssignment.objects.filter(role="ADJUDICATOR")
    assert {assignment.reader for assignment in given} == {world.user("adjudicator"), other}


def test_without_an_adjudicator_the_case_waits_for_one(world: World):
    Membership.objects.filter(role=Role.ADJUDICATOR).update(is_active=False)
    first, second = give(world, world.visit_a)
    sign(first, 10)
    sign(second, 20)
    assert final(world).status == "ADJUDICATION"
    assert not ReadAssignment.objects.filter(role="ADJUDICATOR").exists()
    Membership.objects.filter(role=Role.ADJUDICATOR).update(is_active=True)
    world.visit_a.refresh_from_db()
    given = reads.assign_adjudicator(
        visit=world.visit_a,
        adjudicator=world.user("adjudicator"),
        by=world.user("data_manager"),
    )
    assert given == adjudication(world)


def test_no_adjudicator_is_given_where_readers_agree(world: World):
    give(world, world.visit_a)
    with pytest.raises(ValidationError, match="do not differ"):
        reads.assign_adjudicator(
            visit=world.visit_a,
            adjudicator=world.user("adjudicator"),
            by=world.user("data_manager"),
        )


def test_a_region_that_neither_could_evaluate_leaves_no_total(world: World):
    first, second = give(world, world.visit_a)
    sign(first, 0, items=items_of(10, pons=None))
    sign(second, 0, items=items_of(10, pons=None))
    found = final(world)
    assert (found.status, found.total, found.items["pons"]) == ("NOT_EVALUABLE", None, None)


def test_a_region_that_one_could_not_evaluate_is_settled_not_filled_in(world: World):
    first, second = give(world, world.visit_a)
    sign(first, 0, items=items_of(10, pons=None))
    sign(second, 10)
    assert final(world).status == "ADJUDICATION"
    sign(adjudication(world), 0, items=items_of(10, pons=None))
    assert (final(world).status, final(world).basis) == ("NOT_EVALUABLE", "ADJUDICATED")


def test_a_draft_may_be_incomplete_and_a_signed_read_may_not(world: World):
    first, _ = give(world, world.visit_a)
    draft = reads.save_draft(assignment=first, items={"pons": 1}, by=first.reader)
    assert (draft.state, draft.total, draft.version) == ("DRAFT", None, 1)
    with pytest.raises(ValidationError, match="18 of 19 items have no answer"):
        reads.sign_read(assignment=first, items={"pons": 1}, by=first.reader)
    signed = sign(first, 9, asymmetric=["pons"])
    assert signed.pk == draft.pk
    assert (signed.state, signed.total, signed.asymmetric) == ("SIGNED", 9, ["pons"])
    assert signed.signed_at is not None


@pytest.mark.parametrize(
    ("items", "sentence"),
    [
        ({}, "Nothing is answered"),
        ({"thal": 2}, "must be 0 to 1"),
        ({"cerebrum": 1}, "unknown"),
    ],
)
def test_a_wrong_draft_is_refused(world: World, items, sentence):
    first, _ = give(world, world.visit_a)
    with pytest.raises(ValidationError, match=sentence):
        reads.save_draft(assignment=first, items=items, by=first.reader)


@pytest.mark.parametrize("key", ["reader_2", "adjudicator", "data_manager", "coordinator"])
def test_nobody_else_reads_a_case(world: World, key):
    first, _ = give(world, world.visit_a)
    for act in (reads.save_draft, reads.sign_read):
        with pytest.raises(PermissionDenied):
            act(assignment=first, items=items_of(10), by=world.user(key))
    assert not MriSeverityRead.objects.exists()


def test_a_reader_whose_role_has_ended_signs_nothing(world: World):
    first, _ = give(world, world.visit_a)
    Membership.objects.filter(user=first.reader).update(is_active=False)
    with pytest.raises(PermissionDenied):
        reads.sign_read(assignment=first, items=items_of(10), by=first.reader)


@pytest.mark.requirement("21CFR11.10(e)")
def test_a_signed_read_is_corrected_by_a_new_version_with_a_reason(world: World):
    first, second = give(world, world.visit_a)
    old = sign(first, 10)
    sign(second, 10)
    with pytest.raises(ValidationError, match="nothing differs"):
        sign(first, 10, reason="Again")
    with pytest.raises(ValidationError) as refused:
        sign(first, 12)
    assert list(refused.value.message_dict) == ["reason"]
    new = sign(first, 12, reason="Wrong side was scored")
    old.refresh_from_db()
    assert (old.state, old.total, new.version, new.reason) == (
        "SUPERSEDED", 10, 2, "Wrong side was scored",
    )  # fmt: skip
    assert final(world).total == 11


def test_a_signed_read_is_not_made_a_draft_again(world: World):
    first, _ = give(world, world.visit_a)
    sign(first, 10)
    with pytest.raises(ValidationError, match="signed"):
        reads.save_draft(assignment=first, items=items_of(9), by=first.reader)


def test_a_correction_that_ends_the_difference_needs_no_adjudicator_any_more(world: World):
    first, second = give(world, world.visit_a)
    sign(first, 10)
    sign(second, 20)
    given = adjudication(world)
    sign(second, 11, reason="Another case was open")
    given.refresh_from_db()
    assert (given.state, final(world).basis) == ("WITHDRAWN", "MEAN")
    with pytest.raises(ValidationError, match="somebody else"):
        sign(given, 12)


def test_what_the_adjudicator_settled_stays_settled(world: World):
    first, second = give(world, world.visit_a)
    sign(first, 10)
    sign(second, 20)
    sign(adjudication(world), 15)
    sign(second, 10, reason="Second look")
    assert (final(world).basis, final(world).total) == ("ADJUDICATED", 15)


def test_a_case_goes_to_another_reader_under_a_new_name(world: World):
    first, _ = give(world, world.visit_a)
    other = person("reader_3")
    studies.grant_membership(user=other, study=world.study, role=Role.READER)
    manager = world.user("data_manager")
    with pytest.raises(ValidationError) as refused:
        reads.replace_reader(assignment=first, reader=other, reason=" ", by=manager)
    assert list(refused.value.message_dict) == ["reason"]
    new = reads.replace_reader(assignment=first, reader=other, reason="On leave", by=manager)
    assert (new.role, new.reader) == ("FIRST", other)
    assert new.reading_id != first.reading_id
    with pytest.raises(ValidationError, match="somebody else"):
        reads.save_draft(assignment=first, items={"pons": 1}, by=first.reader)


def test_a_signed_read_goes_to_nobody_else(world: World):
    first, _ = give(world, world.visit_a)
    sign(first, 10)
    with pytest.raises(ValidationError, match="signed or withdrawn"):
        reads.replace_reader(
            assignment=first,
            reader=world.user("reader"),
            reason="Why not",
            by=world.user("data_manager"),
        )


def test_the_second_reader_does_not_become_the_first(world: World):
    first, second = give(world, world.visit_a)
    with pytest.raises(ValidationError, match="a part in this case"):
        reads.replace_reader(
            assignment=first,
            reader=second.reader,
            reason="Why not",
            by=world.user("data_manager"),
        )


def test_reads_from_earlier_records_count_until_two_readers_have_signed(world: World):
    for key, total in (("reader", 10), ("adjudicator", 13)):
        assessments.record_severity(
            visit=world.visit_a,
            reader=world.user(key),
            items=items_of(total),
            read_on=world.visit_a.date,
            by=None,
        )
    assert (final(world).basis, final(world).total) == ("EARLIER_READS", Decimal("11.5"))


def test_reads_that_an_import_wrote_are_settled_and_follow_its_corrections(world: World):
    read = MriSeverityRead.objects.create(
        visit=world.visit_a,
        reader=world.user("reader"),
        instrument_version="MLDS-1",
        items=items_of(10),
        total=10,
        read_on=world.visit_a.date,
    )
    assert settling.settle_earlier_reads(visits=Visit.objects.all()) == 1
    assert settling.settle_earlier_reads(visits=Visit.objects.all()) == 0
    assert (final(world).basis, final(world).total) == ("EARLIER_READS", 10)
    MriSeverityRead.objects.filter(pk=read.pk).update(items=items_of(12), total=12)
    assert settling.settle_earlier_reads(visits=Visit.objects.all()) == 1
    assert final(world).total == 12


@pytest.mark.parametrize("hold", [freeze, lock])
def test_a_held_visit_is_left_alone_and_does_not_keep_the_others_from_being_settled(
    world: World, hold
):
    for visit in (world.visit_a, world.visit_b):
        MriSeverityRead.objects.create(
            visit=visit,
            reader=world.user("reader"),
            instrument_version="MLDS-1",
            items=items_of(10),
            total=10,
            read_on=visit.date,
        )
    hold(world, world.visit_a)
    assert settling.settle_earlier_reads(visits=Visit.objects.all()) == 1
    assert list(MriSeverityFinal.objects.values_list("visit", flat=True)) == [world.visit_b.pk]


def test_what_two_readers_settled_is_not_undone_by_an_earlier_record(world: World):
    first, second = give(world, world.visit_a)
    sign(first, 10)
    sign(second, 10)
    assessments.record_severity(
        visit=world.visit_a,
        reader=world.user("adjudicator"),
        items=items_of(30),
        read_on=world.visit_a.date,
        by=None,
    )
    assert settling.settle_earlier_reads(visits=Visit.objects.all()) == 0
    assert (final(world).basis, final(world).total) == ("MEAN", 10)


def test_an_adjudicator_who_had_begun_takes_the_case_up_again(world: World):
    first, second = give(world, world.visit_a)
    sign(first, 10)
    sign(second, 20)
    begun = adjudication(world)
    reads.save_draft(assignment=begun, items=items_of(14), by=begun.reader)
    sign(second, 11, reason="Another case was open")
    sign(second, 20, reason="The first look was right")
    again = ReadAssignment.objects.get(role="ADJUDICATOR", state="ASSIGNED")
    assert (again.reader, again.pk == begun.pk) == (begun.reader, False)
    reads.save_draft(assignment=again, items=items_of(14), by=again.reader)
    sign(again, 15)
    assert (final(world).basis, final(world).total) == ("ADJUDICATED", 15)


def test_who_had_begun_to_read_a_case_does_not_settle_it(world: World):
    first, second = give(world, world.visit_a)
    reads.save_draft(assignment=first, items=items_of(9), by=first.reader)
    other = person("third_reader")
    studies.grant_membership(user=other, study=world.study, role=Role.READER)
    Membership.objects.filter(study=world.study, role=Role.ADJUDICATOR).update(is_active=False)
    studies.grant_membership(user=first.reader, study=world.study, role=Role.ADJUDICATOR)
    third = reads.replace_reader(
        assignment=first, reader=other, reason="Ill", by=world.user("data_manager")
    )
    sign(third, 10)
    sign(second, 20)
    assert not ReadAssignment.objects.filter(role="ADJUDICATOR").exists()
