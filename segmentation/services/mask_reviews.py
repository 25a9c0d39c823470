"""Give masks to people who look at them, draw what they see, keep what they say."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from mldtrial.audit.context import acting, because
from mldtrial.trial import policies
from mldtrial.trial.models import Scan, Sequence, Visit
from mldtrial.trial.rules.reading import new_reading_id
from mldtrial.trial.services import participation
from segmentation.imaging.brain import extract_brain
from segmentation.imaging.errors import FailureCode, ImageError
from segmentation.imaging.geometry import Volume, to_ras
from segmentation.imaging.nifti import read_label_map, read_volume
from segmentation.imaging.quality.mask_slices import MaskSlices, draw_mask
from segmentation.imaging.quality.mosaic import write_png
from segmentation.inference.preprocessing import align
from segmentation.models import JobState, MaskDecision, MaskReview, SegmentationRun
from segmentation.models.mask_review import DECIDED, STANDING
from segmentation.selectors import mask_reviews as selectors
from segmentation.services import demo_images, jobs, runs, store
from segmentation.services.failpoints import reach

OUTLINE = "outline"
STEP = "step_mm"
OWN_WORK = "This person made or ordered one of these masks. Nobody judges their own work."
VOIDED = "The mask became void: an image was moved or replaced, or another mask took its place."
NOT_DRAWN = "The pictures of this mask are not drawn. It can be rejected, not approved."


@transaction.atomic
def give_masks(*, masks: Iterable[SegmentationRun], reviewer: Any, by: Any) -> int:
    """Give masks to a reviewer; returns how many were given.

    A mask that waits with somebody else is taken from there; one that is decided stays decided.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the reviewer is none of the study, or made one of the masks.
    """
    given = 0
    for run in masks:
        policies.require(by, "give_masks", run.visit)
        _require_reviewer(run, reviewer)
        Visit.objects.select_for_update(of=("self",)).get(pk=run.visit_id)
        if not selectors.reviewable().filter(pk=run.pk).exists():
            continue
        before = MaskReview.objects.filter(run=run, decision__in=STANDING).first()
        if before is not None and (before.reviewer == reviewer or before.decision in DECIDED):
            continue
        if before is not None:
            _step(before, MaskDecision.WITHDRAWN, "Given to somebody else")
        _create(run, reviewer, drawn=before)
        given += 1
    return given


def _require_reviewer(run: SegmentationRun, reviewer: Any) -> None:
    if not policies.may(reviewer, "review_mask", run.visit):
        raise ValidationError({"reviewer": "This person is no reader or adjudicator here."})
    if selectors.is_maker(reviewer, run):
        raise ValidationError({"reviewer": OWN_WORK})


def _create(
    run: SegmentationRun, reviewer: Any, *, drawn: MaskReview | None, **columns: Any
) -> MaskReview:
    """Return a new review of a mask, with the pictures of an earlier one where it has any."""
    if drawn is not None and drawn.state == JobState.SUCCEEDED:
        columns |= {
            "state": JobState.SUCCEEDED,
            "pictures": drawn.pictures,
            "finished_at": drawn.finished_at,
            "progress": 1.0,
        }
    return MaskReview.objects.create(
        review_id=new_reading_id().replace("R-", "M-", 1),
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
        If the mask was not given to this person, or is this person's own work.
    ValidationError
        If the mask is void or was never drawn, or a reason is missing.
    """
    policies.require(by, "review_mask", review.run.visit)
    Visit.objects.select_for_update(of=("self",)).get(pk=review.run.visit_id)
    found = MaskReview.objects.select_for_update(of=("self",)).get(pk=review.pk)
    if found.reviewer_id != by.pk or selectors.is_maker(by, found.run):
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
        return _create(found.run, by, drawn=found, decision=decision, note=said, decided_at=now)


def _require_decidable(review: MaskReview, decision: str) -> None:
    if decision not in DECIDED:
        raise ValidationError("Approve the mask or reject it.")
    if review.decision not in STANDING:
        raise ValidationError("This mask was given to somebody else, or decided anew.")
    mine = selectors.reviewable().filter(pk=review.run_id)
    if not mine.filter(result__mask_sha256=review.mask_sha256).exists():
        raise ValidationError(VOIDED)
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
    found = _drawn(run)
    heartbeat.progress(0.9, "writing")
    with store.temporary_folder(row.lease_token) as folder:
        kept: dict[str, Any] = {STEP: round(found.step_mm, 2)}
        for name, picture in (*found.images.items(), (OUTLINE, found.outline)):
            path = folder / f"{name}.png"
            write_png(path, picture)
            kept[name] = store.sha256_of(path)
            store.publish(path, store.mosaic_path(kept[name]))
        heartbeat.check()
        reach("mask_drawn")
        jobs.succeed(row, pictures=kept)


def _require_consent(run: SegmentationRun) -> None:
    try:
        participation.require_images_allowed(run.visit.patient)
    except ValidationError as error:
        raise ImageError(
            FailureCode.CONSENT_WITHDRAWN,
            "The consent for images has ended, so these were not drawn.",
        ) from error


def t2w_beside(run: SegmentationRun) -> Scan | None:
    """Return the T2w image of a run, or of its visit for a mask that was made elsewhere."""
    if run.t2w_scan is not None:
        return run.t2w_scan
    return runs.usable_scans(Sequence.T2W).filter(visit=run.visit).first()


def _drawn(run: SegmentationRun) -> MaskSlices:
    kept = read_label_map(runs.checked_mask(run.result))
    mask = to_ras(Volume(kept.data, kept.affine)).data > 0
    t1w, t2w = read_volume(image_of(run.t1w_scan)), t2w_beside(run)
    if t2w is None:
        fixed = to_ras(t1w)
        images = {"T1w": np.asarray(fixed.data, np.float32)}
        return draw_mask(images, fixed.affine, brain=extract_brain(fixed), mask=mask)
    aligned = align(t1w, read_volume(image_of(t2w)))
    images = {"T2w": aligned.t2w, "T1w": np.asarray(aligned.t1w.data, np.float32)}
    return draw_mask(images, aligned.t1w.affine, brain=aligned.brain, mask=mask)


def image_of(scan: Scan) -> Path:
    """Return the file of an image after comparing its hash."""
    demo_images.ensure_image(scan)
    return store.verified(store.image_path(scan.image_sha256), scan.image_sha256)
