import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from mldtrial.trial.models import Audience, Query, QueryState
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
