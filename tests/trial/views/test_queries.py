import pytest
from django.test import Client
from django.urls import reverse

from mldtrial.trial.models import Audience, Query, QueryState
from mldtrial.trial.services import queries
from tests.support.world import World

pytestmark = pytest.mark.django_db


def signed_in(world: World, key: str) -> Client:
    client = Client()
    client.force_login(world.user(key))
    return client


@pytest.fixture
def query(world: World) -> Query:
    return queries.open_query(
        patient=world.patient_a,
        visit=world.visit_a,
        audience=Audience.SITE,
        rule="WINDOW-1",
        question="Is <b>this</b> right?",
    )


def test_a_query_is_answered_and_closed(world: World, query: Query):
    url = reverse("query", args=[query.pk])
    answer = signed_in(world, "coordinator").post(url, {"action": "answer", "answer": "Yes."})
    assert answer["Location"] == url
    answer = signed_in(world, "data_manager").post(url, {"action": "close", "reason": "Checked"})
    assert answer.status_code == 302
    query.refresh_from_db()
    assert (query.state, query.answer) == (QueryState.CLOSED, "Yes.")


def test_the_page_tells_the_life_of_a_query(world: World, query: Query):
    url = reverse("query", args=[query.pk])
    signed_in(world, "coordinator").post(url, {"action": "answer", "answer": "It is."})
    signed_in(world, "data_manager").post(url, {"action": "close", "reason": "Letter seen"})
    text = signed_in(world, "sponsor").get(url).content.decode()
    for words in ("Asked by rule WINDOW-1", "Answered by Coordinator", "It is.", "Letter seen"):
        assert words in text


@pytest.mark.parametrize(
    ("key", "form", "status"),
    [
        ("coordinator", {"action": "answer", "answer": " "}, 422),
        ("coordinator", {"action": "close", "reason": "Done"}, 403),
        ("data_manager", {"action": "close", "reason": ""}, 422),
        ("monitor", {"action": "answer", "answer": "Yes"}, 403),
        ("sponsor", {"action": "answer", "answer": "Yes"}, 403),
        ("coordinator_b", {"action": "answer", "answer": "Yes"}, 404),
    ],
)
def test_what_is_not_allowed_or_empty_changes_nothing(
    world: World, query: Query, key, form, status
):
    answer = signed_in(world, key).post(reverse("query", args=[query.pk]), form)
    assert answer.status_code == status
    query.refresh_from_db()
    assert query.state == QueryState.OPEN


def test_closing_twice_is_refused_in_words(world: World, query: Query):
    manager = signed_in(world, "data_manager")
    form = {"action": "close", "reason": "Checked"}
    manager.post(reverse("query", args=[query.pk]), form)
    again = manager.post(reverse("query", args=[query.pk]), form)
    assert again.status_code == 422


def test_a_query_from_loads_does_not_exist_for_a_site(world: World):
    hidden = queries.open_query(
        patient=world.patient_a,
        visit=None,
        audience=Audience.IMAGING,
        rule="REVERSAL-1",
        question="The load fell by 20 mL.",
    )
    url = reverse("query", args=[hidden.pk])
    assert signed_in(world, "coordinator").get(url).status_code == 404
    assert signed_in(world, "sponsor").get(url).status_code == 404
    assert signed_in(world, "data_manager").get(url).status_code == 200
    assert b"20 mL" not in signed_in(world, "coordinator").get(reverse("home")).content


def test_the_words_of_a_query_are_text(world: World, query: Query):
    page = signed_in(world, "coordinator").get(reverse("query", args=[query.pk]))
    assert b"<b>this</b>" not in page.content
    assert b"&lt;b&gt;this" in page.content


@pytest.mark.parametrize(("state", "number"), [("OPEN", 1), ("CLOSED", 0), ("all", 1), ("x", 1)])
def test_the_list_is_filtered_by_state(world: World, query: Query, state, number):
    page = signed_in(world, "coordinator").get(reverse("queries"), {"state": state})
    assert page.context["page"].paginator.count == number
