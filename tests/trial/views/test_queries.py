from datetime import timedelta

import pytest
from django.db.models import F
from django.test import Client
from django.urls import reverse

from mldtrial.audit.models import AccessAction, AccessEvent
from mldtrial.trial.models import Audience, Blinding, Query, QueryState, Study
from mldtrial.trial.services import queries
from tests.support.forms import send
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
        ("data_manager", {"action": "reopen", "reason": "Why?"}, 422),
        ("data_manager", {"action": "assign", "assignee": "role:sponsor"}, 422),
        ("monitor", {"action": "assign", "assignee": "role:investigator"}, 403),
        ("monitor", {"action": "comment", "words": " "}, 422),
        ("data_manager", {"action": "sing"}, 400),
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


@pytest.mark.parametrize(("state", "number"), [("OPEN", 1), ("CLOSED", 0), ("all", 1)])
def test_the_list_is_filtered_by_state(world: World, query: Query, state, number):
    page = signed_in(world, "coordinator").get(reverse("queries"), {"state": state})
    assert page.context["page"].paginator.count == number


def test_a_thread_is_told_with_everybodys_words(world: World, query: Query):
    url = reverse("query", args=[query.pk])
    manager, site = signed_in(world, "data_manager"), signed_in(world, "coordinator")
    site.post(url, {"action": "answer", "answer": "It is."})
    manager.post(url, {"action": "reopen", "reason": "And the month?"})
    send(manager, url, action="assign", assignee=f"person:{world.user('investigator').pk}")
    signed_in(world, "monitor").post(url, {"action": "comment", "words": "I saw the letter."})
    text = signed_in(world, "investigator").get(url).content.decode()
    for words in ("Opened again by Data Manager", "And the month?", "Waits for: Investigator.",
                  "Added by Monitor", "I saw the letter."):  # fmt: skip
        assert words in text


def test_a_refused_act_keeps_what_was_typed(world: World, query: Query):
    url = reverse("query", args=[query.pk])
    answer = signed_in(world, "data_manager").post(url, {"action": "close", "reason": "x" * 301})
    assert answer.status_code == 422
    assert "x" * 301 in answer.content.decode()


def test_a_monitor_opens_a_query_and_the_site_finds_it(world: World):
    url = reverse("query_new", args=["MLD-1", world.patient_a.pk])
    form = {"visit": world.visit_a.pk, "question": "Where is the source?"}
    answer = signed_in(world, "monitor").post(url, form)
    query = Query.objects.get()
    assert answer["Location"] == reverse("query", args=[query.pk])
    assert (query.audience, query.rule, query.visit) == (Audience.SITE, "MANUAL", world.visit_a)
    assert b"Where is the source?" in signed_in(world, "coordinator").get("/queries/").content


def test_an_empty_question_is_refused_and_nothing_opened(world: World):
    url = reverse("query_new", args=["MLD-1", world.patient_a.pk])
    form = {"audience": "SITE", "question": " "}
    assert signed_in(world, "data_manager").post(url, form).status_code == 422
    assert not Query.objects.exists()


@pytest.mark.parametrize(
    ("given", "number"),
    [
        ({"audience": "SITE"}, 1),
        ({"audience": "IMAGING"}, 1),
        ({"rule": "WINDOW-1"}, 1),
        ({"rule": "NONE"}, 0),
        ({"site": "A"}, 2),
        ({"site": "B"}, 0),
        ({"assignee": "coordinator"}, 1),
        ({"assignee": "mine"}, 1),
        ({"age": "7"}, 0),
    ],
)
def test_the_list_is_narrowed(world: World, query: Query, given, number):
    queries.open_query(
        patient=world.patient_a,
        visit=None,
        audience=Audience.IMAGING,
        rule="LOAD-JUMP",
        question="Look.",
    )
    page = signed_in(world, "data_manager").get(reverse("queries"), given)
    assert page.context["page"].paginator.count == number


def test_an_old_query_is_found_by_its_age(world: World, query: Query):
    Query.objects.update(created_at=F("created_at") - timedelta(days=31))
    manager = signed_in(world, "data_manager")
    for days, number in (("7", 1), ("30", 1), ("90", 0)):
        page = manager.get(reverse("queries"), {"age": days})
        assert page.context["page"].paginator.count == number


def test_mine_is_what_waits_for_me_or_for_my_role_at_my_site(world: World, query: Query):
    def mine(key: str) -> int:
        page = signed_in(world, key).get(reverse("queries"), {"assignee": "mine"})
        return page.context["page"].paginator.count

    assert (mine("coordinator"), mine("investigator"), mine("coordinator_b")) == (1, 0, 0)
    queries.assign_query(
        query=query, person=world.user("investigator"), by=world.user("data_manager")
    )
    assert (mine("coordinator"), mine("investigator")) == (0, 1)


def test_the_rules_of_hidden_queries_are_no_choice_of_a_site(world: World, query: Query):
    queries.open_query(
        patient=world.patient_a,
        visit=None,
        audience=Audience.IMAGING,
        rule="LOAD-JUMP",
        question="Look.",
    )
    assert b"LOAD-JUMP" not in signed_in(world, "coordinator").get(reverse("queries")).content


@pytest.fixture
def on_load(world: World) -> Query:
    return queries.open_query(
        patient=world.patient_a,
        visit=world.visit_a,
        audience=Audience.IMAGING,
        rule="LOAD-NON_MONOTONIC",
        question="142.0 mL at M24 is 18.3 mL below 160.3 mL at M18.",
    )


def test_the_cause_of_a_fall_is_chosen_where_its_query_is_closed(world: World, on_load: Query):
    url = reverse("query", args=[on_load.pk])
    manager = signed_in(world, "data_manager")
    page = manager.get(url).content.decode()
    assert page.count('type="radio" name="disposition"') == 7
    assert "Segmentation error: the mask is wrong at one of the visits" in page
    refused = manager.post(url, {"action": "close", "reason": "The mask leaks."})
    assert refused.status_code == 422
    assert "Choose what it was due to." in refused.content.decode()
    form = {"action": "close", "reason": "The mask leaks.", "disposition": "SEGMENTATION"}
    assert manager.post(url, form).status_code == 302
    page = manager.get(url).content.decode()
    assert "Segmentation error. The mask leaks." in page
    assert "<dt>Due to</dt><dd>segmentation error</dd>" in page


def test_a_query_closed_before_causes_were_asked_for_has_none(world: World, on_load: Query):
    Query.objects.filter(pk=on_load.pk).update(state=QueryState.CLOSED)
    page = signed_in(world, "data_manager").get(reverse("query", args=[on_load.pk]))
    assert '<dt>Due to</dt><dd><span class="absent">not recorded</span>' in page.content.decode()


def test_other_queries_ask_for_no_cause(world: World, query: Query):
    page = signed_in(world, "data_manager").get(reverse("query", args=[query.pk]))
    assert b'name="disposition"' not in page.content


@pytest.mark.parametrize("blinding", [Blinding.BLINDED, Blinding.OPEN])
@pytest.mark.parametrize("where", ["queries", "query", "home", "audit_study", "audit_record"])
def test_loads_in_the_words_of_queries_are_logged_once_for_a_page(
    world: World, on_load: Query, where: str, blinding: str
):
    Study.objects.filter(pk=world.study.pk).update(blinding=blinding)
    queries.open_query(
        patient=world.patient_b,
        visit=None,
        audience=Audience.IMAGING,
        rule="LOAD-JUMP",
        question="60.0 mL",
    )
    given = {
        "query": [on_load.pk],
        "audit_study": [world.study.code],
        "audit_record": [world.study.code, "query", on_load.pk],
    }
    seen = AccessEvent.objects.filter(action=AccessAction.VIEW_SENSITIVE)
    address = reverse(where, args=given.get(where, []))
    page = signed_in(world, "data_manager").get(address)
    assert "18.3 mL below" in page.content.decode()
    assert seen.count() == (blinding == Blinding.BLINDED)
    assert all(event.user == world.user("data_manager") for event in seen)
    if where in ("queries", "home"):  # the site is shown the page without the loads
        signed_in(world, "coordinator").get(address)
        assert seen.count() == (blinding == Blinding.BLINDED)


def test_pages_without_such_words_are_not_logged(world: World, query: Query):
    Study.objects.filter(pk=world.study.pk).update(blinding=Blinding.BLINDED)
    manager = signed_in(world, "data_manager")
    for name in ("queries", "home"):
        manager.get(reverse(name))
    manager.get(reverse("query", args=[query.pk]))
    assert not AccessEvent.objects.filter(action=AccessAction.VIEW_SENSITIVE).exists()
