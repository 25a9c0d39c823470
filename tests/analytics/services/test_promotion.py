"""Two people promote a candidate on sight of the same numbers, or nobody does."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, transaction

from analytics.models import FlagKind, TrajectoryFlag
from analytics.selectors import cohort, loads, shown_method
from analytics.selectors.trained import trained_among
from analytics.services import impact_snapshot, promotion, review
from mldtrial.audit.context import acting
from mldtrial.audit.models import AccessEvent, ApprovalRequest, Signature
from mldtrial.trial.models import Membership, Role
from mldtrial.trial.services import memberships, settings, studies
from segmentation.models import (
    JobState,
    ModelPromotion,
    ModelVersion,
    ReleaseState,
    SegmentationRun,
)
from segmentation.selectors.promotions import proposals
from segmentation.services import jobs, models
from tests.support.loads import make_load, make_model, make_scan, make_visit, trained_on
from tests.support.locking import freeze, second_manager
from tests.support.promoting import decide, propose
from tests.support.shadows import candidate, pair
from tests.support.signing import sign
from tests.support.trained import PRETRAINED
from tests.support.world import PASSWORD, World

pytestmark = pytest.mark.django_db

M12, M18 = date(2024, 5, 10), date(2024, 11, 10)


@pytest.fixture
def shadowed(world: World) -> World:
    """Two visits with a load of both methods; by the candidate the second one falls."""
    pair(world.patient_a, M12, 20.0, 50.0)
    pair(world.patient_a, M18, 22.0, 40.0)
    return world


def states() -> dict[str, str]:
    return dict(ModelVersion.objects.values_list("name", "state"))


def states_of(world: World) -> list[str]:
    return [one.label for one in proposals(candidate(), user=world.user("data_manager"))]


def trained(world: World) -> int | None:
    """Return how many patients are marked as trained on by the method whose loads are shown."""
    user = world.user("data_manager")
    shown = cohort.part(world.study, user=user, filters=cohort.Filters())
    method = shown_method.active()
    return trained_among(world.study, method, shown.columns.patients()).count


NOTHING_CHANGED = {"small": ReleaseState.ACTIVE, "next": ReleaseState.CANDIDATE}


@pytest.mark.requirement("21CFR11.50")
@pytest.mark.requirement("21CFR11.10(g)")
def test_the_series_switch_at_once_with_the_second_signature(shadowed: World):
    user = shadowed.user("data_manager")
    trained_on(candidate(), shadowed.patient_a)
    proposed = propose(user)
    assert states() == NOTHING_CHANGED
    assert trained(shadowed) is None  # nobody has said whom the first one learned from
    decide(proposed, second_manager(shadowed))
    assert trained(shadowed) == 1
    assert states() == {"small": ReleaseState.RETIRED, "next": ReleaseState.ACTIVE}
    series = loads.load_series(shadowed.patient_a, user=user)
    assert [(point.load_ml, point.model) for point in series] == [
        (50.0, "next 1"),
        (40.0, "next 1"),
    ]
    old = loads.results_of(ModelVersion.objects.get(name="small"), user=user)
    assert sorted(old.values_list("demyelination_load_ml", flat=True)) == [20.0, 22.0]
    signed = Signature.objects.filter(record_id=proposed.pk, voided_at__isnull=True)
    assert {one.printed_name for one in signed} == {"Data Manager", "Second Manager"}
    for one in signed:
        assert proposed.impact_sha256 in one.statement
        assert one.record_sha256 == promotion.signed_sha256(proposed)
    event = ModelVersion.pgh_event_model.objects.filter(pgh_obj=proposed.model_version).latest(
        "pgh_id"
    )
    # The reasons are written on sight of loads: who may not see those reads only who and what.
    assert event.pgh_context["reason"] == (
        "Two people promoted next 1 in place of small 1; Data Manager proposed it."
    )
    assert event.pgh_context["user"] == str(second_manager(shadowed).pk)


def test_the_review_finds_the_flags_that_the_impact_named(shadowed: World):
    proposed = propose(shadowed.user("data_manager"))
    (study,) = proposed.impact["studies"]
    assert study["flags"] == {"come": 1, "go": 0, "stay": 0}
    assert TrajectoryFlag.objects.count() == 0
    decide(proposed, second_manager(shadowed))
    review.review_queued(origin="test")
    kinds = set(TrajectoryFlag.objects.filter(is_current=True).values_list("kind", flat=True))
    assert kinds == {FlagKind.NON_MONOTONIC}


def test_nobody_confirms_what_they_proposed(shadowed: World):
    user = shadowed.user("data_manager")
    proposed = propose(user)
    with pytest.raises(ValidationError, match="another person must confirm"):
        decide(proposed, user)
    assert states() == NOTHING_CHANGED


def test_a_wrong_password_confirms_nothing_and_stays_on_record(shadowed: World):
    proposed = propose(shadowed.user("data_manager"))
    with pytest.raises(ValidationError, match="not your password"):
        decide(proposed, second_manager(shadowed), password="guessed")
    assert states() == NOTHING_CHANGED
    assert AccessEvent.objects.filter(action="CONFIRM_FAILED").exists()


def test_a_proposal_is_withdrawn_by_who_made_it_and_can_be_made_again(shadowed: World):
    user = shadowed.user("data_manager")
    decide(propose(user), user, is_approved=False)
    assert states_of(shadowed) == ["withdrawn"]
    assert not Signature.objects.filter(voided_at__isnull=True).exists()
    propose(user)
    assert states_of(shadowed) == ["waits for a second signature", "withdrawn"]
    with pytest.raises(ValidationError, match="asked for this already"):
        propose(second_manager(shadowed))


def test_a_refusal_changes_nothing_and_is_final(shadowed: World):
    proposed = propose(shadowed.user("data_manager"))
    decide(proposed, second_manager(shadowed), is_approved=False)
    assert states_of(shadowed) == ["refused"]
    with pytest.raises(ValidationError, match="decided this already"):
        decide(proposed, second_manager(shadowed))
    assert states() == NOTHING_CHANGED


def another_load(world: World) -> None:
    pair(world.patient_b, M12, 30.0, 31.0)


def other_tolerances(world: World) -> None:
    settings.change_settings(
        study=world.study, changes={"tolerance_same_ml": 30}, reason="test",
        by=world.user("administrator"),
    )  # fmt: skip


def a_frozen_visit(world: World) -> None:
    freeze(world, world.patient_a.visits.get(date=M12))


def a_voided_run(world: World) -> None:
    run = SegmentationRun.objects.get(model_version=candidate(), visit__date=M12)
    SegmentationRun.objects.filter(pk=run.pk).update(analysis_flag=False, is_voided=True)


@pytest.mark.requirement("ICH-E6R3-4.2.6")
@pytest.mark.parametrize(
    "change",
    [another_load, other_tolerances, a_frozen_visit, a_voided_run],
    ids=lambda c: c.__name__,
)
def test_a_change_between_the_two_signatures_makes_the_proposal_void(shadowed: World, change):
    proposed = propose(shadowed.user("data_manager"))
    change(shadowed)
    decided = decide(proposed, second_manager(shadowed))
    assert decided.is_approved is False
    assert decided.decision_reason == promotion.VOID
    assert states() == NOTHING_CHANGED
    assert states_of(shadowed) == ["void"]
    signature = Signature.objects.get(record_id=proposed.pk)
    assert signature.void_reason == promotion.VOID


def test_a_void_proposal_gives_way_to_a_new_one(shadowed: World):
    user = shadowed.user("data_manager")
    propose(user)
    another_load(shadowed)
    proposed = propose(user)
    assert states_of(shadowed) == ["waits for a second signature", "void"]
    decide(proposed, second_manager(shadowed))
    assert states()["next"] == ReleaseState.ACTIVE


def test_who_saw_other_numbers_signs_nothing(shadowed: World):
    user = shadowed.user("data_manager")
    seen = impact_snapshot.assess(candidate(), user=user).sha256
    another_load(shadowed)
    with pytest.raises(ValidationError, match="look at it again"):
        propose(user, seen_sha256=seen)
    assert not ModelPromotion.objects.exists()
    assert not ApprovalRequest.objects.exists()


def test_a_shadow_run_with_a_gap_that_can_be_mended_bars_the_proposal(shadowed: World):
    run = make_load(shadowed.patient_b, M12, 30.0)
    make_load(shadowed.patient_b, M12, 30.0, model=candidate())
    with pytest.raises(ValidationError) as refused:
        propose(shadowed.user("data_manager"))
    assert refused.value.messages == [
        "MLD-1: 1 load has none beside it yet (1 made from other images)."
    ]
    assert run.visit.patient == shadowed.patient_b


def test_a_visit_that_the_candidate_cannot_measure_bars_nothing_and_is_told(shadowed: World):
    make_load(shadowed.patient_b, M12, 30.0)
    proposed = propose(shadowed.user("data_manager"))
    (study,) = proposed.impact["studies"]
    assert (study["counted"], study["compared"], study["lost"]) == (3, 2, 1)
    decide(proposed, second_manager(shadowed))
    assert loads.load_series(shadowed.patient_b, user=shadowed.user("sponsor")) == []


def test_a_held_visit_bars_the_proposal(shadowed: World):
    a_frozen_visit(shadowed)
    with pytest.raises(ValidationError, match="1 frozen or locked visit would show another load"):
        propose(shadowed.user("data_manager"))


def test_without_an_active_method_there_is_nothing_to_replace(world: World):
    candidate()
    with pytest.raises(ValidationError, match="The operator makes the first one active"):
        propose(world.user("data_manager"))


@pytest.mark.parametrize("role", ["statistician", "auditor", "sponsor", "administrator"])
def test_no_other_role_promotes(shadowed: World, role: str):
    proposed = propose(shadowed.user("data_manager"))
    with pytest.raises(PermissionDenied, match="Your role does not allow this"):
        propose(shadowed.user(role), seen_sha256="0" * 64)
    with pytest.raises(PermissionDenied, match="Your role does not allow this"):
        decide(proposed, shadowed.user(role))
    assert states() == NOTHING_CHANGED


def test_nobody_signs_for_a_study_whose_numbers_they_do_not_see(shadowed: World):
    user = shadowed.user("data_manager")
    pair(shadowed.other_patient, M12, 10.0, 11.0)
    with pytest.raises(PermissionDenied, match="1 study has results whose numbers you do not see"):
        propose(user, seen_sha256="0" * 64)
    studies.grant_membership(user=user, study=shadowed.other_study, role=Role.DATA_MANAGER)
    proposed = propose(user)
    assert [study["code"] for study in proposed.impact["studies"]] == ["MLD-1", "MLD-2"]
    with pytest.raises(PermissionDenied, match="whose numbers you do not see"):
        decide(proposed, second_manager(shadowed))


def test_the_command_replaces_no_method_whose_results_count(shadowed: World):
    with pytest.raises(ValidationError, match=r"2 results of small 1 count\. Two people promote"):
        models.activate(model=candidate(), reason="no need to ask")
    with pytest.raises(CommandError, match="Two people promote"):
        call_command("register_model", str(PRETRAINED), "--activate")
    assert states()["small"] == ReleaseState.ACTIVE


def test_the_command_replaces_a_method_without_results(world: World):
    make_model()
    models.activate(model=candidate(), reason="the first one was never used")
    assert states() == {"small": ReleaseState.RETIRED, "next": ReleaseState.ACTIVE}


@pytest.mark.requirement("21CFR11.10(g)")
def test_the_database_lets_no_method_go_whose_results_count_without_two_people(shadowed: World):
    decide(propose(shadowed.user("data_manager")), second_manager(shadowed), is_approved=False)
    with pytest.raises(IntegrityError, match="replaced by two people"), transaction.atomic():
        ModelVersion.objects.filter(name="small").update(state=ReleaseState.RETIRED)


def test_what_was_proposed_never_changes(shadowed: World):
    proposed = propose(shadowed.user("data_manager"))
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        ModelPromotion.objects.filter(pk=proposed.pk).update(impact_sha256="0" * 64)


@pytest.mark.parametrize("how", ["waits", "runs", "failed", "cancelled"])
def test_a_visit_without_a_load_by_the_replaced_method_is_asked_for_again(
    shadowed: World, how: str
):
    visit = make_visit(shadowed.patient_b, M12)
    under_way = SegmentationRun.objects.create(
        visit=visit, site=shadowed.patient_b.site, t1w_scan=make_scan(visit),
        t2w_scan=make_scan(visit, "T2w"), model_version=ModelVersion.objects.get(name="small"),
        parameters_sha256="0" * 64, input_sha256="1" * 64,
    )  # fmt: skip
    if how == "failed":
        SegmentationRun.objects.filter(pk=under_way.pk).update(
            state=JobState.FAILED, failure_code="UNEXPECTED"
        )
    elif how == "cancelled":
        jobs.cancel(under_way, message="test")
    elif how == "runs":
        assert jobs.claim_next(SegmentationRun, worker="test") == under_way
    decide(propose(shadowed.user("data_manager")), second_manager(shadowed))
    (asked,) = SegmentationRun.objects.filter(visit=visit).exclude(pk=under_way.pk)
    assert (asked.model_version, asked.state) == (candidate(), JobState.QUEUED)
    assert (asked.t1w_scan, asked.t2w_scan) == (under_way.t1w_scan, under_way.t2w_scan)


def leave(world: World) -> None:
    """End the role of the data manager who proposes."""
    membership = Membership.objects.get(user=world.user("data_manager"), is_active=True)
    memberships.end_membership(
        membership=membership, reason="Has left", by=world.user("administrator")
    )


def test_a_proposer_whose_role_has_ended_is_no_first_person(shadowed: World):
    proposer = shadowed.user("data_manager")
    proposed = propose(proposer)
    second = second_manager(shadowed)
    leave(shadowed)
    decide(proposed, second)
    assert states() == NOTHING_CHANGED
    assert [one.label for one in proposals(candidate(), user=second)] == ["void"]


def test_a_proposer_withdraws_also_without_the_role(shadowed: World):
    proposer = shadowed.user("data_manager")
    proposed = propose(proposer)
    leave(shadowed)
    decide(proposed, proposer, is_approved=False)
    assert states() == NOTHING_CHANGED
    with pytest.raises(PermissionDenied):
        decide(proposed, proposer)


def test_a_model_that_was_retired_meanwhile_is_not_promoted(shadowed: World):
    proposed = propose(shadowed.user("data_manager"))
    models.retire(model=candidate(), by=shadowed.user("administrator"), reason="Worse on 2D")
    with pytest.raises(ValidationError, match="no candidate any more"):
        models.promote(promotion=proposed, reason="test")
    decide(proposed, second_manager(shadowed))
    assert states() == {"small": ReleaseState.ACTIVE, "next": ReleaseState.RETIRED}


def test_a_proposal_does_not_outlive_a_retirement_that_was_taken_back(shadowed: World):
    proposed = propose(shadowed.user("data_manager"))
    by = shadowed.user("administrator")
    models.retire(model=candidate(), by=by, reason="Worse on 2D")
    models.reinstate(model=candidate(), by=by, reason="By mistake")
    decided = decide(proposed, second_manager(shadowed))
    assert (decided.is_approved, decided.decision_reason) == (False, promotion.VOID)
    assert states() == NOTHING_CHANGED
    decide(propose(shadowed.user("data_manager")), second_manager(shadowed))
    assert states()["next"] == ReleaseState.ACTIVE


def test_what_was_replaced_can_be_promoted_back(shadowed: World):
    user, second = shadowed.user("data_manager"), second_manager(shadowed)
    decide(propose(user), second)
    small = ModelVersion.objects.get(name="small")
    small = models.reinstate(
        model=small, by=shadowed.user("administrator"), reason="The new one spills"
    )
    assert states() == {"small": ReleaseState.CANDIDATE, "next": ReleaseState.ACTIVE}
    with acting(user=user, origin="web"):
        back = promotion.propose(
            model=small,
            seen_sha256=impact_snapshot.assess(small, user=user).sha256,
            reason="The new one spills",
            password=PASSWORD,
            by=user,
        )
    decide(back, second)
    assert states() == {"small": ReleaseState.ACTIVE, "next": ReleaseState.RETIRED}


def test_a_setting_of_the_review_makes_a_proposal_void_even_if_it_moves_no_flag(shadowed: World):
    proposed = propose(shadowed.user("data_manager"))
    settings.change_settings(
        study=shadowed.study,
        changes={"largest_load_ml": Decimal(299)},
        reason="Toddlers",
        by=shadowed.user("administrator"),
    )
    decide(proposed, second_manager(shadowed))
    assert states() == NOTHING_CHANGED


def test_signed_visits_are_counted_but_are_no_part_of_what_is_signed(shadowed: World):
    user = shadowed.user("data_manager")
    before = impact_snapshot.assess(candidate(), user=user)
    sign(shadowed, shadowed.patient_a.visits.get(date=M12))
    after = impact_snapshot.assess(candidate(), user=user)
    assert (before.signed_visit_count, after.signed_visit_count) == (0, 1)
    assert before.sha256 == after.sha256
