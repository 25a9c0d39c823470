"""Pages of the rules: read by who sees settings, written by the data manager, seen before force."""

import pytest
from django.urls import reverse

from segmentation import tasks
from segmentation.models import ProtocolVersion, VersionState
from segmentation.selectors import protocol as selectors
from segmentation.services import protocols
from tests.support.protocol import SLICES, TE, ask_all, in_force, thick
from tests.support.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(world: World, client):
    client.force_login(world.user("data_manager"))
    return client


def page(client, name: str, *more, **query) -> str:
    return client.get(reverse(name, args=["MLD-1", *more]), query).content.decode()


def post(client, name: str, *more, **body):
    return client.post(reverse(name, args=["MLD-1", *more]), body)


TYPED = {"sequence": "T2w", "quantity": "te_ms", "lowest": "80", "highest": "100",
         "severity": "deviation"}  # fmt: skip


def test_an_empty_study_offers_the_starting_set_to_the_data_manager_alone(
    world: World, manager, client
):
    assert "Begin with the starting set" in page(manager, "protocol")
    client.force_login(world.user("auditor"))
    assert "Begin with the starting set" not in page(client, "protocol")


def test_the_starting_set_becomes_a_draft_that_asks_nothing_yet(manager):
    assert post(manager, "protocol_draft").status_code == 302
    shown = page(manager, "protocol")
    assert "See what would change" in shown
    assert "at least 130 mm" in shown
    assert not ProtocolVersion.objects.filter(state=VersionState.IN_FORCE).exists()


def test_a_rule_is_typed_and_refused_at_its_field_in_words(manager):
    answer = post(manager, "rule_new", **{**TYPED, "highest": "70"})
    assert answer.status_code == 422
    assert "The highest value lies below the lowest." in answer.content.decode()
    assert post(manager, "rule_new", **{**TYPED, "lowest": "a"}).status_code == 422


def test_changing_a_rule_in_force_begins_a_draft_and_shows_what_it_changes(world: World, manager):
    in_force(world, SLICES, TE)
    answer = post(manager, "rule_edit", "te", **{**TYPED, "highest": "110",
                  "seen": _mark(TE)})  # fmt: skip
    assert answer.status_code == 302
    shown = page(manager, "protocol")
    assert "80 to 110 ms" in shown
    assert "changed" in shown
    assert selectors.rules_of(selectors.in_force(world.study)) == [SLICES, TE]


def _mark(rule) -> str:
    from segmentation.forms.protocol import mark_of

    return mark_of(rule)


def test_two_people_on_one_rule_the_second_is_told(world: World, manager):
    in_force(world, TE)
    opened = _mark(TE)
    post(manager, "rule_edit", "te", **{**TYPED, "highest": "110", "seen": opened})
    answer = post(manager, "rule_edit", "te", **{**TYPED, "highest": "120", "seen": opened})
    assert answer.status_code == 422
    assert "Somebody else has changed this rule" in answer.content.decode()
    assert "80 to 110 ms" in answer.content.decode()


def test_the_difference_is_shown_and_then_put_in_force(
    world: World, manager, django_capture_on_commit_callbacks, monkeypatch
):
    thick(world.visit_a)
    post(manager, "protocol_draft")
    shown = page(manager, "protocol_difference")
    assert "Newly not met" in shown
    assert "A-001" in shown
    draft = selectors.draft(world.study)
    rung: list[str] = []
    monkeypatch.setattr(tasks, "_send", lambda task, queue: rung.append(f"{task} {queue}"))
    with django_capture_on_commit_callbacks(execute=True):
        answer = post(
            manager, "protocol_difference", reason="Charter 1.0", seen=protocols.mark(draft)
        )
    assert answer.status_code == 302
    assert rung == ["segmentation.tasks.check_queued imaging"]
    assert "1 visit still to be checked by it" in page(manager, "protocol")
    ask_all()
    assert "Charter 1.0" in page(manager, "protocol")
    assert "still to be checked" not in page(manager, "protocol")


def test_a_draft_that_has_changed_since_is_shown_again_instead(world: World, manager):
    in_force(world, SLICES)
    post(manager, "rule_remove", "slices")
    seen = protocols.mark(selectors.draft(world.study))
    post(manager, "rule_new", **TYPED)
    answer = post(manager, "protocol_difference", reason="Charter", seen=seen)
    assert answer.status_code == 422
    assert "has changed since you looked" in answer.content.decode()
    shown_mark = protocols.mark(selectors.draft(world.study))
    assert shown_mark in answer.content.decode()


def test_an_earlier_version_stays_readable_and_comes_back_as_a_new_one(world: World, manager):
    in_force(world, SLICES)
    in_force(world, TE, reason="Amendment")
    shown = page(manager, "protocol_version", 1)
    assert "superseded" in shown
    assert "at most 1.5 mm" in shown
    answer = post(manager, "protocol_draft", version="1")
    assert answer["Location"] == reverse("protocol_difference", args=["MLD-1"])
    draft = selectors.draft(world.study)
    post(manager, "protocol_difference", reason="Amendment withdrawn", seen=protocols.mark(draft))
    now = selectors.in_force(world.study)
    assert (now.number, selectors.rules_of(now)) == (3, [SLICES])


def test_a_discarded_draft_leaves_what_is_in_force(world: World, manager):
    in_force(world, SLICES)
    post(manager, "rule_remove", "slices")
    assert "removed" in page(manager, "protocol")
    post(manager, "protocol_discard")
    assert "In force: version 1" in page(manager, "protocol")


def test_a_rule_or_version_that_is_not_there_is_not_found(world: World, manager):
    in_force(world, SLICES)
    assert manager.get(reverse("rule_edit", args=["MLD-1", "none"])).status_code == 404
    assert manager.get(reverse("protocol_version", args=["MLD-1", 7])).status_code == 404
    assert post(manager, "protocol_draft", version="7").status_code == 404


def test_without_a_draft_there_is_nothing_to_compare(manager):
    assert "Nobody is writing a draft." in page(manager, "protocol_difference")
