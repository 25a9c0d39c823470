"""A mask is given to somebody who did not make it, looked at, and decided once at a time."""

from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from mldtrial.audit.context import acting
from mldtrial.trial.models import Role, Scan, ScanState
from mldtrial.trial.services import participation
from segmentation.models import (
    JobState,
    MaskDecision,
    MaskReview,
    Method,
    ReleaseState,
    SegmentationBatch,
    SegmentationRun,
)
from segmentation.selectors import mask_reviews as selectors
from segmentation.selectors.usable import t2w_beside
from segmentation.services import mask_reviews, store, upkeep, voiding
from segmentation.services.mask_reviews import Outcome
from tests.support.drawn import put_files
from tests.support.loads import make_load, make_model, make_scan
from tests.support.reads import give as give_reads
from tests.support.reads import sign
from tests.support.world import World

pytestmark = pytest.mark.django_db
APPROVED, REJECTED = MaskDecision.APPROVED, MaskDecision.REJECTED


def mask_of(world: World, **more: Any) -> SegmentationRun:
    """Return a conventional mask of the visit at site A, without any file."""
    model = make_model("conv", method=Method.CONVENTIONAL, state=ReleaseState.CANDIDATE)
    run = make_load(world.patient_a, world.visit_a.date, 40.0, model=model)
    SegmentationRun.objects.filter(pk=run.pk).update(**more)
    run.refresh_from_db()
    return run


def give(world: World, run: SegmentationRun, to: str = "reader") -> MaskReview:
    mask_reviews.give_masks(masks=[run], reviewer=world.user(to), by=world.user("data_manager"))
    return MaskReview.objects.get(run=run, decision=MaskDecision.WAITING)


def drawn(review: MaskReview) -> MaskReview:
    MaskReview.objects.filter(pk=review.pk).update(
        state=JobState.SUCCEEDED, pictures={"T1w": "0" * 64, "outline": "1" * 64}
    )
    MaskReview.objects.filter(pk=review.pk).update(t2w_scan=t2w_beside(review.run))
    review.refresh_from_db()
    return review


def imported(world: World) -> SegmentationRun:
    """Return a mask of the visit at site A that the operator op-7 made elsewhere."""
    model = make_model(
        "jim",
        method=Method.MANUAL,
        state=ReleaseState.CANDIDATE,
        manifest={"made_elsewhere": True},
    )
    run = make_load(world.patient_a, world.visit_a.date, 9.0, model=model)
    SegmentationRun.objects.filter(pk=run.pk).update(parameters={"operator": "op-7"})
    run.refresh_from_db()
    return run


def decide(world: World, review: MaskReview, decision: str, note: str = "") -> MaskReview:
    by = world.user("reader")
    with acting(user=by, origin="web"):
        return mask_reviews.decide(review=review, decision=decision, note=note, by=by)


def test_an_approval_counts_until_the_mask_is_void(world: World):
    run = mask_of(world)
    decide(world, drawn(give(world, run)), APPROVED)
    assert [one.run for one in selectors.approved()] == [run]
    assert voiding.void_runs([run.t1w_scan]) == 1
    assert not selectors.approved().exists()
    assert MaskReview.objects.get().decision == APPROVED


def test_an_approval_counts_no_more_when_the_consent_for_images_ends(world: World):
    decide(world, drawn(give(world, mask_of(world))), APPROVED)
    participation.record_step(
        patient=world.patient_a,
        step="IMAGES_WITHDRAWN",
        happened_on=world.visit_a.date,
        by=None,
    )
    assert not selectors.approved().exists()


def test_an_approval_counts_no_more_once_another_t2w_lies_beside_the_mask(world: World):
    run = mask_of(world)
    beside = make_scan(run.visit, "T2w")
    review = decide(world, drawn(give(world, run)), APPROVED)
    assert selectors.approved().get().t2w_scan == beside
    later = make_scan(run.visit, "T2w")
    assert not selectors.approved().exists()
    with pytest.raises(ValidationError, match="not the one in its pictures"):
        decide(world, review, REJECTED, "another image")
    Scan.objects.filter(pk=later.pk).update(state=ScanState.DISCARDED)
    assert selectors.approved().get() == review
    Scan.objects.filter(pk=beside.pk).update(state=ScanState.DISCARDED)
    assert not selectors.approved().exists()
    assert not selectors.own_masks(user=world.user("reader")).exists()


def test_an_approval_without_a_t2w_counts_no_more_once_there_is_one(world: World):
    run = mask_of(world)
    decide(world, drawn(give(world, run)), APPROVED)
    assert selectors.approved().get().t2w_scan is None
    make_scan(run.visit, "T2w")
    assert not selectors.approved().exists()


@pytest.mark.parametrize("decision", [MaskDecision.WAITING, APPROVED])
def test_a_mask_beside_another_t2w_is_given_again_to_be_drawn_anew(world: World, decision):
    run, manager = mask_of(world), world.user("data_manager")
    first = drawn(give(world, run))
    if decision == APPROVED:
        decide(world, first, APPROVED)
    make_scan(run.visit, "T2w")
    assert list(selectors.to_give(world.study, user=manager)) == [run]
    assert selectors.counts(world.study, user=manager)[selectors.TO_GIVE] == 1
    second = give(world, run)
    assert (second.pk != first.pk, second.state, second.pictures) == (True, JobState.QUEUED, {})
    first.refresh_from_db()
    assert first.decision == (
        MaskDecision.SUPERSEDED if decision == APPROVED else MaskDecision.WITHDRAWN
    )


def test_who_has_yet_to_sign_a_read_of_the_visit_sees_no_outline(world: World):
    run = mask_of(world)
    (assignment, _) = give_reads(world, run.visit)
    with pytest.raises(ValidationError, match="yet to sign"):
        give(world, run)
    sign(assignment, 12)
    assert give(world, run).reviewer == world.user("reader")


def test_a_read_that_is_given_later_hides_the_mask_until_it_is_signed(world: World):
    run, reader = mask_of(world), world.user("reader")
    review = drawn(give(world, run))
    (assignment, _) = give_reads(world, run.visit)
    assert not selectors.own_masks(user=reader).exists()
    with pytest.raises(PermissionDenied):
        decide(world, review, APPROVED)
    sign(assignment, 12)
    assert selectors.own_masks(user=reader).get() == review
    assert decide(world, review, APPROVED).decision == APPROVED


def test_an_imported_mask_is_given_only_with_the_word_that_another_person_made_it(world: World):
    run, to = imported(world), {"reviewer": world.user("reader"), "by": world.user("data_manager")}
    with pytest.raises(ValidationError) as refused:
        mask_reviews.give_masks(masks=[run], **to)
    assert list(refused.value.message_dict) == ["is_no_operator"]
    mask_reviews.give_masks(masks=[run, mask_of(world)], is_no_operator=True, **to)
    # Of a mask that was made here nothing was confirmed.
    assert set(MaskReview.objects.values_list("run__model_version__name", "is_no_operator")) == {
        ("jim", True),
        ("conv", False),
    }
    first = decide(world, drawn(MaskReview.objects.get(run=run)), APPROVED)
    assert decide(world, first, REJECTED, "on second sight").is_no_operator


def test_of_many_masks_those_of_the_reviewers_own_work_are_left_out(world: World):
    own = mask_of(world, parameters={"operator": "reader"})
    other = make_load(world.patient_b, world.visit_b.date, 3.0, model=own.model_version)
    given = mask_reviews.give_masks(
        masks=[own, other, imported(world)],
        reviewer=world.user("reader"),
        by=world.user("data_manager"),
    )
    assert given == {Outcome.OWN_WORK: 1, Outcome.GIVEN: 1, Outcome.NOT_CONFIRMED: 1}
    assert MaskReview.objects.get().run == other


def test_the_data_manager_sets_a_decision_aside_and_gives_the_mask_again(world: World):
    run, manager = mask_of(world), world.user("data_manager")
    review = drawn(give(world, run))
    with acting(user=manager, origin="web"):
        with pytest.raises(ValidationError, match="No decision stands"):
            mask_reviews.set_aside(review=review, reason="left the study", by=manager)
        decide(world, review, APPROVED)
        with pytest.raises(ValidationError, match="Give the reason"):
            mask_reviews.set_aside(review=review, reason=" ", by=manager)
        mask_reviews.set_aside(review=review, reason="left the study", by=manager)
    assert not selectors.approved().exists()
    event = MaskReview.pgh_event_model.objects.filter(pgh_obj=review).latest("pgh_id")
    assert event.decision == MaskDecision.SUPERSEDED
    assert event.pgh_context["reason"] == "left the study"
    assert give(world, run, to="adjudicator").reviewer == world.user("adjudicator")


@pytest.mark.parametrize("key", ["reader", "administrator", "auditor"])
def test_only_the_data_manager_sets_a_decision_aside(world: World, key):
    review = decide(world, drawn(give(world, mask_of(world))), APPROVED)
    with pytest.raises(PermissionDenied):
        mask_reviews.set_aside(review=review, reason="why", by=world.user(key))


def test_a_mask_that_could_not_be_drawn_is_drawn_again_for_the_same_person(world: World):
    run = mask_of(world)
    review = give(world, run)
    MaskReview.objects.update(state=JobState.FAILED, failure_code="INTERNAL", message="A fault.")
    again = give(world, run)
    assert (again.pk, again.state, again.message) == (review.pk, JobState.QUEUED, "")


def test_a_network_does_not_learn_from_its_own_kind(world: World):
    run = make_load(world.patient_a, world.visit_a.date, 40.0)
    assert run.model_version.method == Method.CNN
    assert not selectors.reviewable().exists()
    given = mask_reviews.give_masks(
        masks=[run], reviewer=world.user("reader"), by=world.user("data_manager")
    )
    assert given == {Outcome.STAYED: 1}


@pytest.mark.parametrize(
    "made",
    [{"parameters": {"operator": "Reader"}}, {"parameters": {"second_operator": "reader"}}],
)
def test_who_made_a_mask_elsewhere_does_not_judge_it(world: World, made):
    with pytest.raises(ValidationError, match="Nobody judges their own work"):
        give(world, mask_of(world, **made))


def test_who_ordered_or_imported_a_mask_does_not_judge_it(world: World):
    reader = world.user("reader")
    run = mask_of(world)
    order = SegmentationBatch.objects.create(
        study=world.study, model_version=run.model_version, ordered_by=reader
    )
    SegmentationRun.objects.filter(pk=run.pk).update(batch=order)
    run.refresh_from_db()
    with pytest.raises(ValidationError, match="Nobody judges their own work"):
        give(world, run)
    with acting(user=reader, origin="web"):
        imported = make_load(world.patient_b, world.visit_b.date, 3.0, model=run.model_version)
    with pytest.raises(ValidationError, match="Nobody judges their own work"):
        give(world, imported)
    assert give(world, imported, to="adjudicator").reviewer == world.user("adjudicator")


def test_who_came_to_have_made_it_does_not_approve_it_either(world: World):
    review = drawn(give(world, mask_of(world)))
    SegmentationRun.objects.update(parameters={"operator": "reader"})
    with pytest.raises(PermissionDenied):
        decide(world, review, APPROVED)


@pytest.mark.parametrize("key", ["operator", "data_manager", "investigator", "sponsor"])
def test_only_readers_and_adjudicators_are_given_masks(world: World, key):
    with pytest.raises(ValidationError, match="no reader or adjudicator"):
        give(world, mask_of(world), to=key)


@pytest.mark.parametrize("key", ["reader", "auditor", "administrator"])
def test_only_the_data_manager_gives_masks(world: World, key):
    with pytest.raises(PermissionDenied):
        mask_reviews.give_masks(
            masks=[mask_of(world)], reviewer=world.user("reader"), by=world.user(key)
        )


def test_a_mask_is_decided_by_whom_it_was_given_to_and_nobody_else(world: World):
    review = drawn(give(world, mask_of(world), to="adjudicator"))
    with pytest.raises(PermissionDenied):
        decide(world, review, APPROVED)


def test_a_person_whose_role_has_ended_decides_nothing(world: World):
    review = drawn(give(world, mask_of(world)))
    world.study.memberships.filter(role=Role.READER).update(is_active=False)
    with pytest.raises(PermissionDenied):
        decide(world, review, APPROVED)
    assert not selectors.own_masks(user=world.user("reader")).exists()


def test_a_mask_that_was_never_drawn_is_rejected_but_not_approved(world: World):
    review = give(world, mask_of(world))
    with pytest.raises(ValidationError, match="not drawn"):
        decide(world, review, APPROVED)
    assert decide(world, review, REJECTED, "no picture").decision == REJECTED


def test_a_rejection_says_why(world: World):
    review = drawn(give(world, mask_of(world)))
    with pytest.raises(ValidationError, match="Say why"):
        decide(world, review, REJECTED, "  ")
    with pytest.raises(IntegrityError), transaction.atomic():
        MaskReview.objects.update(decision=REJECTED, decided_at=review.queued_at)


def test_another_decision_stands_beside_the_first_which_stays(world: World):
    first = decide(world, drawn(give(world, mask_of(world))), APPROVED, "all slices")
    with pytest.raises(ValidationError, match="Say why"):
        decide(world, first, REJECTED)
    second = decide(world, first, REJECTED, "the ventricle is in it")
    first.refresh_from_db()
    assert (first.decision, first.note) == (MaskDecision.SUPERSEDED, "all slices")
    assert (second.decision, second.pictures) == (REJECTED, first.pictures)
    assert not selectors.approved().exists()
    with pytest.raises(ValidationError, match="decided anew"):
        decide(world, first, APPROVED, "after all")


def test_a_mask_that_waits_goes_to_somebody_else_with_its_pictures(world: World):
    run = mask_of(world)
    first = drawn(give(world, run))
    second = give(world, run, to="adjudicator")
    first.refresh_from_db()
    assert first.decision == MaskDecision.WITHDRAWN
    assert (second.pictures, second.state) == (first.pictures, JobState.SUCCEEDED)
    assert second.review_id != first.review_id
    assert not selectors.own_masks(user=world.user("reader")).exists()


def test_a_decided_mask_is_not_given_again(world: World):
    run = mask_of(world)
    decide(world, drawn(give(world, run)), APPROVED)
    given = mask_reviews.give_masks(
        masks=[run], reviewer=world.user("adjudicator"), by=world.user("data_manager")
    )
    assert given == {Outcome.STAYED: 1}
    with pytest.raises(IntegrityError), transaction.atomic():
        mask_reviews._create(run, world.user("adjudicator"), drawn=None)


def test_a_void_mask_is_neither_drawn_nor_decided(world: World):
    run = mask_of(world)
    review = give(world, run)
    voiding.void_runs([run.t1w_scan])
    row = mask_reviews.execute_next(worker="test")
    assert row is not None
    assert (row.state, row.failure_code) == (JobState.REJECTED, "IMAGES_CHANGED")
    with pytest.raises(ValidationError, match="void"):
        decide(world, review, REJECTED, "why not")


def test_a_decision_goes_on_record_with_who_and_why(world: World):
    review = decide(world, drawn(give(world, mask_of(world))), REJECTED, "too large")
    event = MaskReview.pgh_event_model.objects.filter(pgh_obj=review).order_by("-pgh_id").first()
    assert event is not None
    assert event.pgh_context["reason"] == "too large"
    assert event.pgh_context["user"] == str(world.user("reader").pk)


def test_the_sweep_takes_back_masks_of_lost_workers(world: World):
    review = give(world, mask_of(world))
    MaskReview.objects.filter(pk=review.pk).update(
        state=JobState.RUNNING,
        attempt=1,
        lease_token=review.pk,
        lease_until="2020-01-01T00:00:00Z",
    )
    assert upkeep.sweep().masks_taken_back == 1


# On a busy machine it outlasts a heartbeat, whose own connection sees only what is committed.
@pytest.mark.django_db(transaction=True)
def test_the_pictures_show_the_brain_and_the_outline_and_nothing_else(world: World, tmp_path: Path):
    run = mask_of(world)
    run.t2w_scan = make_scan(run.visit, "T2w")
    run.save()
    put_files(run, tmp_path)
    give(world, run)
    row = mask_reviews.execute_next(worker="test")
    assert row is not None
    assert (row.state, row.message) == (JobState.SUCCEEDED, "")
    assert set(row.pictures) == {"T1w", "T2w", "outline", "step_mm"}
    assert row.t2w_scan == run.t2w_scan
    for name in ("T1w", "T2w", "outline"):
        assert store.mosaic_path(row.pictures[name]).read_bytes()[:4] == b"\x89PNG"
