"""Versions of the rules: drafted, seen, put in force with a reason, never changed afterwards."""

from dataclasses import replace

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from mldtrial.audit.context import acting
from segmentation.imaging.protocol.rules import Quantity
from segmentation.imaging.protocol.starting import STARTING_RULES
from segmentation.models import ProtocolVersion, VersionState
from segmentation.selectors import protocol as selectors
from segmentation.services import protocols
from tests.support.locking import lock
from tests.support.protocol import SLICES, TE, in_force, in_force_number
from tests.support.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _as_data_manager(world: World):
    with acting(user=world.user("data_manager"), origin="web"):
        yield


def draft(world: World, *rules) -> ProtocolVersion:
    return protocols.start_draft(
        study=world.study, rules=list(rules) or None, by=world.user("data_manager")
    )


def force(world: World, seen: str, reason: str = "Amendment 2") -> ProtocolVersion:
    return protocols.put_in_force(
        study=world.study, seen=seen, reason=reason, by=world.user("data_manager")
    )


def test_the_first_draft_offers_the_starting_rules(world: World):
    assert selectors.rules_of(draft(world)) == list(STARTING_RULES)


def test_a_draft_begins_with_what_is_in_force_and_a_second_one_is_the_same(world: World):
    first = in_force(world, SLICES)
    made = draft(world)
    assert (made.based_on, selectors.rules_of(made)) == (first, [SLICES])
    assert draft(world) == made


def test_rules_are_added_changed_and_removed_each_with_its_words_in_the_history(world: World):
    by = world.user("data_manager")
    in_force(world, SLICES)
    draft(world)
    protocols.add_rule(study=world.study, rule=TE, by=by)
    protocols.change_rule(study=world.study, rule=replace(TE, highest=110.0), by=by)
    made = protocols.remove_rule(study=world.study, key=SLICES.key, by=by)
    assert selectors.rules_of(made) == [replace(TE, highest=110.0)]
    events = apps.get_model("segmentation", "ProtocolVersionEvent").objects.filter(
        pgh_obj_id=made.pk
    )
    reasons = [e.pgh_context["reason"] for e in events.order_by("pgh_id")]
    assert reasons == [
        "Draft of the protocol rules",
        "Rule added: T2w TE, 80 to 100 ms",
        "Rule changed: T2w TE, 80 to 110 ms",
        "Rule removed: T1w Distance of the slices, at most 1.5 mm",
    ]


def test_a_rule_that_nothing_can_meet_is_refused_at_its_field(world: World):
    draft(world)
    wrong = replace(TE, lowest=100.0, highest=80.0)
    with pytest.raises(ValidationError) as refused:
        protocols.add_rule(study=world.study, rule=wrong, by=world.user("data_manager"))
    assert refused.value.message_dict == {"highest": ["The highest value lies below the lowest."]}


def test_the_same_question_with_two_answers_is_refused(world: World):
    draft(world, TE)
    twin = replace(TE, key="other", highest=120.0)
    with pytest.raises(ValidationError, match="Another rule asks the same"):
        protocols.add_rule(study=world.study, rule=twin, by=world.user("data_manager"))
    elsewhere = replace(twin, manufacturer="Philips")
    protocols.add_rule(study=world.study, rule=elsewhere, by=world.user("data_manager"))


@pytest.mark.requirement("ICH-E6R3-4.3.4")
def test_what_comes_into_force_has_a_number_a_reason_a_person_and_the_one_before_stays(
    world: World,
):
    first = in_force(world, SLICES)
    made = draft(world, TE)
    second = force(world, protocols.mark(made))
    first.refresh_from_db()
    assert (first.number, first.state) == (1, VersionState.SUPERSEDED)
    assert (second.number, second.state) == (2, VersionState.IN_FORCE)
    assert (second.reason, second.put_in_force_by) == ("Amendment 2", world.user("data_manager"))
    assert selectors.rules_of(first) == [SLICES]


def test_only_the_draft_that_was_seen_comes_into_force(world: World):
    seen = protocols.mark(draft(world, SLICES))
    protocols.add_rule(study=world.study, rule=TE, by=world.user("data_manager"))
    with pytest.raises(ValidationError, match="has changed since you looked"):
        force(world, seen)


def test_nothing_comes_into_force_without_a_reason_or_without_a_change(world: World):
    in_force(world, SLICES)
    seen = protocols.mark(draft(world))
    with pytest.raises(ValidationError, match="Give the reason"):
        force(world, seen, reason=" ")
    with pytest.raises(ValidationError, match="which is in force already"):
        force(world, seen)


def test_a_discarded_draft_stays_on_record_and_makes_room(world: World):
    made = draft(world)
    protocols.discard_draft(study=world.study, by=world.user("data_manager"))
    made.refresh_from_db()
    assert (made.state, made.number) == (VersionState.DISCARDED, None)
    draft(world)


def test_given_rules_do_not_overwrite_a_draft(world: World):
    draft(world)
    with pytest.raises(ValidationError, match="A draft is being written already"):
        draft(world, TE)


def test_a_study_has_one_version_in_force_and_one_draft_whatever_happens(world: World):
    in_force(world, SLICES)
    draft(world)
    for state in (VersionState.DRAFT, VersionState.IN_FORCE):
        with pytest.raises(IntegrityError), transaction.atomic():
            ProtocolVersion.objects.create(
                study=world.study, state=state, number=9 if state == "IN_FORCE" else None,
                reason="x", in_force_since="2024-01-01T00:00Z",
            )  # fmt: skip


def test_a_version_without_rules_asks_nothing_and_is_a_version_too(world: World):
    in_force(world, SLICES)
    made = draft(world)
    protocols.remove_rule(study=world.study, key=SLICES.key, by=world.user("data_manager"))
    made.refresh_from_db()
    force(world, protocols.mark(made), reason="No protocol")
    assert in_force_number(world) == 2


def test_rules_of_a_locked_study_stay(world: World):
    in_force(world, SLICES)
    lock(world, world.study)
    with pytest.raises((ValidationError, IntegrityError)):
        draft(world)


@pytest.mark.parametrize(
    "key", ["coordinator", "administrator", "auditor", "sponsor", "monitor", "statistician"]
)
def test_only_the_data_manager_writes_rules(world: World, key):
    with pytest.raises(PermissionDenied):
        protocols.start_draft(study=world.study, by=world.user(key))


def test_a_rule_that_is_gone_is_not_changed(world: World):
    draft(world, SLICES)
    with pytest.raises(ValidationError, match="no such rule any more"):
        protocols.change_rule(study=world.study, rule=TE, by=world.user("data_manager"))


def test_rules_of_two_scanners_may_differ(world: World):
    siemens = replace(TE, key="a", manufacturer="Siemens")
    philips = replace(TE, key="b", manufacturer="Philips", quantity=Quantity.TE, highest=120.0)
    made = draft(world, siemens, philips)
    assert len(made.rules) == 2
