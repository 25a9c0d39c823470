"""Give masks to people who look at them, draw what they see, keep what they say."""

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from mldtrial.audit.context import acting, because
from mldtrial.trial import policies
from mldtrial.trial.models import Visit
from mldtrial.trial.rules.reading import new_reading_id
from mldtrial.trial.services import participation
from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.quality.mask_slices import draw_mask
from segmentation.models import ENDED_BADLY, JobState, MaskDecision, MaskReview, SegmentationRun
from segmentation.models.mask_review import DECIDED, STANDING
from segmentation.selectors import mask_reviews as selectors
from segmentation.selectors.usable import t2w_beside
from segmentation.services import jobs, mask_pictures, store
from segmentation.services.failpoints import reach
from segmentation.services.segmenters import is_made_elsewhere

OUTLINE = "outline"
STEP = "step_mm"
VOIDED = "The mask became void: an image was moved or replaced, or another mask took its place."
NOT_DRAWN = "The pictures of this mask are not drawn. It can be rejected, not approved."
ANOTHER_T2W = (
    "The T2w beside this mask is not the one in its pictures any more. The data manager gives it "
    "again."
)


class Outcome(StrEnum):
    """What became of a mask that was to be given."""

    GIVEN = "GIVEN"
    STAYED = "STAYED"
    OWN_WORK = "OWN_WORK"
    TO_READ = "TO_READ"
    NOT_CONFIRMED = "NOT_CONFIRMED"


REFUSED = {
    Outcome.OWN_WORK: ("reviewer", "This person made or ordered it. Nobody judges their own work."),
    Outcome.TO_READ: (
        "reviewer",
        "This person has yet to sign a severity read of the visit, which no outline may sway.",
    ),
    Outcome.NOT_CONFIRMED: (
        "is_no_operator",
        "An imported mask is given once you have confirmed that the reviewer did not make it.",
    ),
}
"""Why a mask is not given to a person, and at which field that is said."""


@transaction.atomic
def give_masks(
    *, masks: Iterable[SegmentationRun], reviewer: Any, by: Any, is_no_operator: bool = False
) -> Counter[Outcome]:
    """Give masks to a reviewer; returns how many were given, and how many were not and why.

    A mask that waits with somebody else is taken from there, and one that could not be drawn is
    drawn again; one that is decided stays decided while the T2w beside it is the same.

    Parameters
    ----------
    is_no_operator : bool
        Whether who gives them confirms that the reviewer is none of the operators of those that
        were made elsewhere, who are known by codes.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the reviewer is none of the study, or may be given none of them.
    """
    found: Counter[Outcome] = Counter()
    for run in masks:
        policies.require(by, "give_masks", run.visit)
        if not policies.may(reviewer, "review_mask", run.visit):
            raise ValidationError({"reviewer": "This person is no reader or adjudicator here."})
        Visit.objects.select_for_update(of=("self",)).get(pk=run.visit_id)
        found[_give(run, reviewer, is_no_operator)] += 1
    if found and set(found) <= set(REFUSED):
        raise ValidationError(dict(REFUSED[outcome] for outcome in sorted(found)))
    return found


def _give(run: SegmentationRun, reviewer: Any, is_no_operator: bool) -> Outcome:
    if not selectors.reviewable().filter(pk=run.pk).exists():
        return Outcome.STAYED
    before = selectors.standing().filter(run=run).first()
    if before is not None and before.is_current and _stays(before, reviewer):
        return Outcome.STAYED
    if selectors.is_maker(reviewer, run):
        return Outcome.OWN_WORK
    if selectors.has_read_to_sign(reviewer, run.visit):
        return Outcome.TO_READ
    if is_imported(run) and not is_no_operator:
        return Outcome.NOT_CONFIRMED
    if before is not None and before.is_current and before.reviewer == reviewer:
        jobs.retry(before)
        return Outcome.GIVEN
    if before is not None:
        _take_back(before)
    _create(run, reviewer, drawn=before, is_no_operator=is_imported(run))
    return Outcome.GIVEN


def _stays(before: MaskReview, reviewer: Any) -> bool:
    """Return whether a mask is decided, or with this reviewer, who sees it or soon will."""
    is_not_drawn = before.state in ENDED_BADLY
    return before.decision in DECIDED or (before.reviewer == reviewer and not is_not_drawn)


def _take_back(before: Any) -> None:
    reason = "Given to somebody else" if before.is_current else ANOTHER_T2W
    is_decided = before.decision in DECIDED
    _step(before, MaskDecision.SUPERSEDED if is_decided else MaskDecision.WITHDRAWN, reason)


def is_imported(run: SegmentationRun) -> bool:
    """Return whether a mask was made elsewhere, by somebody who is known by a code alone."""
    return is_made_elsewhere(run.model_version)


def _create(
    run: SegmentationRun, reviewer: Any, *, drawn: MaskReview | None, **columns: Any
) -> MaskReview:
    """Return a new review of a mask, with the pictures of an earlier one where they still hold."""
    beside = t2w_beside(run)
    has_pictures = drawn is not None and drawn.state == JobState.SUCCEEDED
    if drawn is not None and has_pictures and drawn.t2w_scan == beside:
        columns |= {
            "state": JobState.SUCCEEDED,
            "pictures": drawn.pictures,
            "t2w_scan": beside,
            "finished_at": drawn.finished_at,
            "progress": 1.0,
        }
    return MaskReview.objects.create(
        review_id=new_reading_id("M"),
        run=run,
        site=run.site,
        turn=jobs.next_turn(MaskReview, run.site),
        mask_sha256=run.result.mask_sha256,
        reviewer=reviewer,
        **columns,
    )


def _step(review: MaskReview, decision: str, reason: str, **columns: Any) -> None:
    with because(reason):
        MaskReview.objects.filter(pk=review.pk).update(decision=decision, **columns)


@transaction.atomic
def decide(*, review: MaskReview, decision: str, note: str, by: Any) -> MaskReview:
    """Approve or reject a mask; a second decision takes the place of the first, for a reason.

    Parameters
    ----------
    decision : str
        APPROVED or REJECTED.
    note : str
        What was looked at; needed for a rejection and for another decision.

    Raises
    ------
    PermissionDenied
        If the mask was not given to this person, is this person's own work, or of a visit that
        this person has yet to sign a read of.
    ValidationError
        If the mask is void, was never drawn or beside another T2w, or a reason is missing.
    """
    policies.require(by, "review_mask", review.run.visit)
    Visit.objects.select_for_update(of=("self",)).get(pk=review.run.visit_id)
    found = MaskReview.objects.select_for_update(of=("self",)).get(pk=review.pk)
    is_own = found.reviewer_id == by.pk and not selectors.is_maker(by, found.run)
    if not is_own or selectors.has_read_to_sign(by, found.run.visit):
        raise PermissionDenied("This mask is not yours to judge.")
    _require_decidable(found, decision)
    said = note.strip()
    if not said and (decision == MaskDecision.REJECTED or found.decision in DECIDED):
        raise ValidationError({"note": "Say why."})
    if found.decision == decision:
        raise ValidationError(f"This mask is {found.get_decision_display()} already.")
    now = timezone.now()
    if found.decision == MaskDecision.WAITING:
        _step(found, decision, said or "Looked at", note=said, decided_at=now)
        found.refresh_from_db()
        return found
    _step(found, MaskDecision.SUPERSEDED, said)
    with because(said):
        return _create(
            found.run,
            by,
            drawn=found,
            is_no_operator=found.is_no_operator,
            decision=decision,
            note=said,
            decided_at=now,
        )


@transaction.atomic
def set_aside(*, review: MaskReview, reason: str, by: Any) -> None:
    """Let a decision stand no longer, so that the mask can be given again.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the reason is missing, or no decision stands.
    """
    policies.require(by, "give_masks", review.run.visit)
    Visit.objects.select_for_update(of=("self",)).get(pk=review.run.visit_id)
    if not reason.strip():
        raise ValidationError({"reason": "Give the reason."})
    found = MaskReview.objects.select_for_update(of=("self",)).get(pk=review.pk)
    if found.decision not in DECIDED:
        raise ValidationError("No decision stands that could be set aside.")
    _step(found, MaskDecision.SUPERSEDED, reason.strip())


def _require_decidable(review: MaskReview, decision: str) -> None:
    if decision not in DECIDED:
        raise ValidationError("Approve the mask or reject it.")
    if review.decision not in STANDING:
        raise ValidationError("This mask was given to somebody else, or decided anew.")
    mine = selectors.reviewable().filter(pk=review.run_id)
    if not mine.filter(result__mask_sha256=review.mask_sha256).exists():
        raise ValidationError(VOIDED)
    if not selectors.is_current(review):
        raise ValidationError(ANOTHER_T2W)
    if decision == MaskDecision.APPROVED and review.state != JobState.SUCCEEDED:
        raise ValidationError(NOT_DRAWN)


def execute_next(*, worker: str) -> MaskReview | None:
    """Claim and draw the next mask that was given out; None if there is none."""
    with acting(origin=f"worker:{worker}"):
        return jobs.execute_next(MaskReview, _execute, worker=worker)


def _execute(row: MaskReview, heartbeat: jobs.Heartbeat) -> None:
    assert row.lease_token is not None  # noqa: S101 - just claimed
    run = row.run
    _require_consent(run)
    if run.is_voided or run.result.mask_sha256 != row.mask_sha256:
        raise ImageError(FailureCode.IMAGES_CHANGED, VOIDED)
    heartbeat.progress(0.1, "finding the brain, aligning")
    t2w_scan = t2w_beside(run)
    seen = mask_pictures.look_at(run, t2w_scan)
    found = draw_mask(seen.images, seen.affine, brain=seen.brain, mask=seen.mask)
    heartbeat.progress(0.9, "writing")
    with store.temporary_folder(row.lease_token) as folder:
        pictures = {**found.images, OUTLINE: found.outline}
        kept = {STEP: round(found.step_mm, 2), **mask_pictures.keep(pictures, folder)}
        heartbeat.check()
        reach("mask_drawn")
        jobs.succeed(row, pictures=kept, t2w_scan=t2w_scan)


def _require_consent(run: SegmentationRun) -> None:
    try:
        participation.require_images_allowed(run.visit.patient)
    except ValidationError as error:
        raise ImageError(
            FailureCode.CONSENT_WITHDRAWN,
            "The consent for images has ended, so these were not drawn.",
        ) from error
