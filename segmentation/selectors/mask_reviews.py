"""Masks that people look at: a reviewer's own, by review id alone, and all of a study's.

What a reviewer gets from here names no subject, date, site or visit, and no load: a mask is judged
by its outline.
"""

from collections import Counter
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import F, QuerySet
from django.http import Http404

from mldtrial.trial import policies as trial
from mldtrial.trial.models import Disposition, Membership, Study
from mldtrial.trial.selectors.consent import without_consent_for_images
from segmentation.models import JobState, MaskDecision, MaskReview, Method, SegmentationRun
from segmentation.models.mask_review import DECIDED, STANDING
from segmentation.policies import visible_to

TAUGHT_BY = (Method.CONVENTIONAL, Method.MANUAL)
"""Whose masks a network may learn from: never from its own kind."""
TO_GIVE = "TO_GIVE"


def reviewable() -> QuerySet[SegmentationRun]:
    """Return the runs whose masks may be judged: the one that counts of each visit and method.

    A voided run is none of them, nor one of a patient whose consent for images has ended.
    """
    refused = without_consent_for_images(Disposition.objects.all())
    return SegmentationRun.objects.filter(
        state=JobState.SUCCEEDED,
        is_voided=False,
        analysis_flag=True,
        result__isnull=False,
        model_version__method__in=TAUGHT_BY,
    ).exclude(visit__patient__in=refused)


def approved() -> QuerySet[MaskReview]:
    """Return the approvals that count: of masks that may still be judged, in the same bytes."""
    found = MaskReview.objects.filter(decision=MaskDecision.APPROVED, run__in=reviewable())
    return found.filter(mask_sha256=F("run__result__mask_sha256"))


def is_maker(person: Any, run: SegmentationRun) -> bool:
    """Return whether a person made, imported, edited or ordered a mask.

    Who operated a tool elsewhere is known by a code alone; it counts where it is a login.
    """
    said = {
        str(run.parameters.get(name) or "").strip().casefold()
        for name in ("operator", "second_operator")
    }
    if person.get_username().casefold() in said:
        return True
    if run.batch is not None and run.batch.ordered_by_id == person.pk:
        return True
    made = SegmentationRun.pgh_event_model.objects.filter(pgh_obj=run).order_by("pgh_id").first()
    return made is not None and made.pgh_context.get("user") == str(person.pk)


def own_masks(*, user: Any, study: Study | None = None) -> QuerySet[MaskReview]:
    """Return the masks that are given to a person, by review id, those to look at first."""
    found = visible_to(user, MaskReview.objects.filter(reviewer__pk=getattr(user, "pk", None)))
    held = trial.memberships(user).filter(role__in=trial.ACTIONS["review_mask"])
    found = found.filter(
        decision__in=STANDING,
        run__in=reviewable(),
        run__visit__patient__study__in=held.values("study"),
    )
    if study is not None:
        found = found.filter(run__visit__patient__study=study)
    return found.select_related(
        "run__model_version", "run__t1w_scan", "run__visit__patient__study"
    ).order_by("-decision", "review_id")


def own_mask(study: Study, review_id: UUID, *, user: Any) -> MaskReview:
    """Return a mask that is given to the person.

    Raises
    ------
    Http404
        If there is none, it is somebody else's, or it is void.
    """
    found = own_masks(user=user, study=study).filter(pk=review_id).first()
    if found is None:
        raise Http404("No such mask.")
    return found


def next_mask(study: Study, *, user: Any) -> MaskReview | None:
    """Return the next mask that waits for a person."""
    return own_masks(user=user, study=study).filter(decision=MaskDecision.WAITING).first()


def to_give(study: Study, *, user: Any) -> QuerySet[SegmentationRun]:
    """Return the masks of a study that nobody has been given."""
    given = MaskReview.objects.filter(decision__in=STANDING).values("run")
    return _of_study(study, user).exclude(pk__in=given)


def masks(study: Study, *, user: Any, decision: str) -> QuerySet[SegmentationRun]:
    """Return the masks of a study that nobody was given, or whose review stands as it says."""
    if decision == TO_GIVE:
        return to_give(study, user=user)
    standing = MaskReview.objects.filter(decision=decision).values("run")
    return _of_study(study, user).filter(pk__in=standing)


def _of_study(study: Study, user: Any) -> QuerySet[SegmentationRun]:
    found = visible_to(user, reviewable().filter(visit__patient__study=study))
    return found.select_related(
        "visit__patient__site", "visit__definition", "model_version", "t1w_scan", "batch"
    ).order_by("visit__patient__subject_code", "visit__date", "model_version__name")


def standing_reviews(study: Study, *, user: Any) -> dict[UUID, MaskReview]:
    """Return the review that stands of each mask of a study, by the run."""
    found = MaskReview.objects.filter(decision__in=STANDING, run__visit__patient__study=study)
    return {row.run_id: row for row in visible_to(user, found).select_related("reviewer")}


def counts(study: Study, *, user: Any) -> dict[str, int]:
    """Return how many masks of a study are not given, wait, are approved and rejected."""
    standing = standing_reviews(study, user=user)
    tally: Counter[str] = Counter()
    for pk in _of_study(study, user).values_list("pk", flat=True):
        tally[standing[pk].decision if pk in standing else TO_GIVE] += 1
    return {key: tally[key] for key in (TO_GIVE, MaskDecision.WAITING, *DECIDED)}


def reviewers(study: Study) -> QuerySet[Any]:
    """Return the active people who may judge masks of a study, by name."""
    held = Membership.objects.filter(
        study=study, role__in=trial.ACTIONS["review_mask"], is_active=True
    )
    users = get_user_model().objects.filter(is_active=True, memberships__in=held)
    return users.distinct().order_by("full_name", "username")
