from itertools import permutations

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from mldtrial.trial import selectors
from mldtrial.trial.models import (
    Audience,
    Query,
    QueryDisposition,
    QueryMessage,
    QueryState,
    Role,
)
from mldtrial.trial.services import queries
from tests.support.world import World

pytestmark = pytest.mark.django_db


def ask(world: World, rule="WINDOW-1", **changes):
    values = {
        "patient": world.patient_a,
        "visit": world.visit_a,
        "audience": Audience.SITE,
        "rule": rule,
        "question": "Is this date right?",
    }
    return queries.open_query(**{**values, **changes})


def test_a_rule_that_fires_twice_opens_one_query(world: World):
    assert ask(world) == ask(world)
    assert Query.objects.count() == 1


def test_a_rule_asks_again_after_its_query_was_closed(world: World):
    first = ask(world)
    queries.close_query(query=first, reason="Checked", by=world.user("data_manager"))
    assert ask(world) != first


def test_people_may_ask_the_same_twice(world: World):
    by = world.user("data_manager")
    assert ask(world, rule=queries.MANUAL, by=by) != ask(world, rule=queries.MANUAL, by=by)


def test_a_coordinator_opens_no_query(world: World):
    with pytest.raises(PermissionDenied):
        ask(world, rule=queries.MANUAL, by=world.user("coordinator"))


def test_a_question_has_words(world: World):
    with pytest.raises(ValidationError):
        ask(world, question="")


def test_an_answer_is_kept(world: World):
    answered = queries.answer_query(query=ask(world), answer=" Yes. ", by=world.user("coordinator"))
    assert (answered.state, answered.answer) == (QueryState.ANSWERED, "Yes.")


def test_an_empty_answer_is_refused(world: World):
    with pytest.raises(ValidationError, match="Write an answer"):
        queries.answer_query(query=ask(world), answer="  ", by=world.user("coordinator"))


@pytest.mark.parametrize("names", list(permutations(["Ada", "Bo", "Zoe"])))
def test_who_may_answer_is_listed_by_name(world: World, names: tuple[str, ...]):
    for key, name in zip(("coordinator", "investigator", "data_manager"), names, strict=True):
        world.user(key).full_name = name
        world.user(key).save()
    found = [str(person) for person in selectors.people_who_may_answer(ask(world))]
    assert found == ["Ada", "Bo", "Zoe"]


def test_the_other_site_answers_nothing(world: World):
    with pytest.raises(PermissionDenied):
        queries.answer_query(query=ask(world), answer="Yes", by=world.user("coordinator_b"))


def test_a_coordinator_closes_no_query(world: World):
    with pytest.raises(PermissionDenied):
        queries.close_query(query=ask(world), reason="Done", by=world.user("coordinator"))


def test_closing_needs_a_reason(world: World):
    with pytest.raises(ValidationError, match="reason for closing"):
        queries.close_query(query=ask(world), reason="", by=world.user("data_manager"))


def test_a_closed_query_is_neither_answered_nor_closed_again(world: World):
    query = ask(world)
    queries.close_query(query=query, reason="Checked", by=world.user("data_manager"))
    with pytest.raises(ValidationError, match="closed already"):
        queries.answer_query(query=query, answer="Yes", by=world.user("coordinator"))
    with pytest.raises(ValidationError, match="closed already"):
        queries.close_query(query=query, reason="Again", by=world.user("data_manager"))


def thread(query: Query) -> list[tuple[str, str]]:
    return list(QueryMessage.objects.filter(query=query).values_list("step", "words"))


def test_everything_said_stays_in_the_thread(world: World):
    query, manager, site = ask(world), world.user("data_manager"), world.user("coordinator")
    queries.answer_query(query=query, answer="Yes.", by=site)
    queries.reopen_query(query=query, reason="Which page?", by=manager)
    queries.comment_on_query(query=query, words="Looking.", by=site)
    queries.answer_query(query=query, answer="Page 3.", by=site)
    closed = queries.close_query(query=query, reason="Seen", by=manager)
    assert thread(query) == [
        ("ANSWERED", "Yes."),
        ("REOPENED", "Which page?"),
        ("COMMENTED", "Looking."),
        ("ANSWERED", "Page 3."),
        ("CLOSED", "Seen"),
    ]
    assert (closed.answer, closed.closed_by_rule) == ("Page 3.", False)


def test_a_rule_closes_what_it_no_longer_finds_and_says_so(world: World):
    query = ask(world)
    closed = queries.close_mended(rule="WINDOW-1", patient=world.patient_a, visit=world.visit_a)
    assert closed == query
    assert (closed.state, closed.closed_by_rule) == (QueryState.CLOSED, True)
    assert thread(query) == [("CLOSED", queries.MENDED)]
    assert QueryMessage.objects.get(query=query).author is None


def test_an_answered_query_closes_itself_too(world: World):
    query = ask(world)
    queries.answer_query(query=query, answer="Mended.", by=world.user("coordinator"))
    queries.close_mended(rule="WINDOW-1", patient=world.patient_a, visit=world.visit_a)
    query.refresh_from_db()
    assert query.state == QueryState.CLOSED


@pytest.mark.parametrize("other", [{"rule": "WINDOW-2"}, {"visit": None}])
def test_a_rule_closes_no_other_query(world: World, other):
    query = ask(world, **other)
    assert not queries.close_mended(rule="WINDOW-1", patient=world.patient_a, visit=world.visit_a)
    query.refresh_from_db()
    assert query.state == QueryState.OPEN


def test_a_fault_that_comes_back_opens_a_new_query(world: World):
    first = ask(world)
    queries.close_mended(rule="WINDOW-1", patient=world.patient_a, visit=world.visit_a)
    again = ask(world)
    assert again != first
    with pytest.raises(ValidationError, match="newer query"):
        queries.reopen_query(query=first, reason="Still", by=world.user("data_manager"))


def test_a_closed_query_opens_again_with_a_reason(world: World):
    query = ask(world)
    queries.close_mended(rule="WINDOW-1", patient=world.patient_a, visit=world.visit_a)
    with pytest.raises(ValidationError, match="still open"):
        queries.reopen_query(query=query, reason=" ", by=world.user("data_manager"))
    with pytest.raises(PermissionDenied):
        queries.reopen_query(query=query, reason="Wrong", by=world.user("coordinator"))
    opened = queries.reopen_query(query=query, reason="Wrong", by=world.user("data_manager"))
    assert (opened.state, opened.closed_by_rule) == (QueryState.OPEN, False)
    with pytest.raises(ValidationError, match="open already"):
        queries.reopen_query(query=query, reason="Wrong", by=world.user("data_manager"))


def test_a_query_waits_for_the_coordinator_or_for_the_data_manager(world: World):
    assert ask(world).assigned_role == Role.COORDINATOR
    of_imaging = ask(world, rule="LOAD-JUMP", audience=Audience.IMAGING)
    assert of_imaging.assigned_role == Role.DATA_MANAGER


def test_a_query_is_passed_on_to_a_role_or_to_a_person(world: World):
    manager = world.user("data_manager")
    query = queries.assign_query(query=ask(world), role="investigator", by=manager)
    assert (query.assigned_role, query.assigned_to) == ("investigator", None)
    person = world.user("coordinator")
    query = queries.assign_query(query=query, person=person, by=manager)
    assert (query.assigned_role, query.assigned_to) == ("", person)


@pytest.mark.parametrize("key", ["coordinator_b", "reader", "sponsor", "stranger"])
def test_who_cannot_answer_is_given_no_query(world: World, key):
    with pytest.raises(ValidationError, match="cannot answer"):
        queries.assign_query(
            query=ask(world), person=world.user(key), by=world.user("data_manager")
        )


def test_a_query_of_imaging_is_passed_to_no_site(world: World):
    query = ask(world, rule="LOAD-JUMP", audience=Audience.IMAGING)
    manager = world.user("data_manager")
    for given in ({"role": "coordinator"}, {"person": world.user("coordinator")}):
        with pytest.raises(ValidationError, match="cannot answer"):
            queries.assign_query(query=query, by=manager, **given)
    with pytest.raises(PermissionDenied):
        queries.answer_query(query=query, answer="Yes", by=world.user("coordinator"))


def test_a_monitor_asks_the_site_but_not_the_imaging_team(world: World):
    by = world.user("monitor")
    assert ask(world, rule=queries.MANUAL, by=by).opened_by == by
    with pytest.raises(PermissionDenied):
        ask(world, rule=queries.MANUAL, by=by, audience=Audience.IMAGING)


def test_a_query_on_another_patients_visit_is_refused(world: World):
    with pytest.raises(ValidationError, match="another patient"):
        ask(world, visit=world.visit_b)


def test_a_closed_query_takes_no_remark_and_no_assignee(world: World):
    query, manager = ask(world), world.user("data_manager")
    queries.close_query(query=query, reason="Checked", by=manager)
    with pytest.raises(ValidationError, match="closed already"):
        queries.comment_on_query(query=query, words="Late", by=manager)
    with pytest.raises(ValidationError, match="closed already"):
        queries.assign_query(query=query, role="investigator", by=manager)


def ask_about_load(world: World) -> Query:
    return ask(world, rule="LOAD-JUMP", audience=Audience.IMAGING)


@pytest.mark.parametrize("disposition", QueryDisposition.values)
def test_who_closes_a_query_on_loads_says_what_it_was_due_to(world: World, disposition: str):
    manager = world.user("data_manager")
    query = ask_about_load(world)
    for missing in ("", "NOISE"):
        with pytest.raises(ValidationError, match="Choose what it was due to"):
            queries.close_query(query=query, reason="Seen.", disposition=missing, by=manager)
    closed = queries.close_query(query=query, reason="Seen.", disposition=disposition, by=manager)
    assert closed.disposition == disposition
    label = QueryDisposition(disposition).label.capitalize()
    assert closed.messages.get().words == f"{label}. Seen."
    opened = queries.reopen_query(query=closed, reason="Not so", by=manager)
    assert opened.disposition == ""
    # The history keeps what was said before.
    assert disposition in query.events.values_list("disposition", flat=True)


def test_the_rule_itself_names_no_cause(world: World):
    query = ask_about_load(world)
    closed = queries.close_mended(rule=query.rule, patient=query.patient, visit=query.visit)
    assert (closed.state, closed.disposition) == (QueryState.CLOSED, "")
    with pytest.raises(ValidationError, match="Only who closes"):
        queries.close_query(query=ask_about_load(world), reason="x", disposition="TRUE", by=None)


def test_a_query_on_anything_else_has_no_cause(world: World):
    with pytest.raises(ValidationError, match="Only who closes a query on loads"):
        queries.close_query(
            query=ask(world), reason="Seen", disposition="TRUE", by=world.user("data_manager")
        )


@pytest.mark.parametrize("disposition", ["NOISE", "TRUE"])
def test_the_database_refuses_a_cause_of_an_open_query_or_an_unknown_one(
    world: World, disposition: str
):
    query = ask_about_load(world)
    with pytest.raises(IntegrityError, match="query_disposition"), transaction.atomic():
        Query.objects.filter(pk=query.pk).update(disposition=disposition)
