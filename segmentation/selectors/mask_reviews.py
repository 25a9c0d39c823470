"""Masks that people look at: a reviewer's own, by review id alone, and all of a study's.

What a reviewer gets from here names no subject, date, site or visit, and no load: a mask is judged
by its outline.
"""

from collections import Counter
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, TextField, When
from django.http import Http404

from mldtrial.trial import policies as trial
from mldtrial.trial.models import (
    AssignmentState,
    Disposition,
    Membership,
    ReadAssignment,
    Study,
    Visit,
)
from mldtrial.trial.selectors.consent import without_consent_for_images
from segmentation.models import JobState, MaskDecision, MaskReview, Method, SegmentationRun
from segmentation.models.mask_review import DECIDED, STANDING
from segmentation.policies import visible_to
from segmentation.selectors.usable import t2w_in_use

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


def standing() -> QuerySet[MaskReview]:
    """Return the reviews that stand, each with `is_current`.

    False where the T2w in use beside the mask is another one, or none, than in the pictures.
    """
    same = Q(t2w_scan_id=F("t2w_in_use")) | Q(t2w_scan=None, t2w_in_use=None)
    is_current = Case(When(~Q(state=JobState.SUCCEEDED) | same, then=True), default=False)
    found = MaskReview.objects.filter(decision__in=STANDING)
    return found.annotate(t2w_in_use=t2w_in_use("run")).annotate(is_current=is_current)


def approved() -> QuerySet[MaskReview]:
    """Return the approvals that count.

    They are of masks that may still be judged, in the same bytes, beside the same T2w.
    """
    found = standing().filter(decision=MaskDecision.APPROVED, is_current=True)
    return found.filter(run__in=reviewable(), mask_sha256=F("run__result__mask_sha256"))


def verdict(run: str, mask_sha256: str) -> Subquery:
    """Return what was decided of a mask, where that still stands, as a column; absent without.

    Parameters
    ----------
    run, mask_sha256 : str
        Paths to the key of the run and to the hash of its mask.
    """
    found = standing().filter(
        decision__in=DECIDED, is_current=True, run=OuterRef(run), mask_sha256=OuterRef(mask_sha256)
    )
    return Subquery(found.order_by().values("decision")[:1], output_field=TextField())


def decided(run: SegmentationRun, *, user: Any) -> MaskReview | None:
    """Return the decision on the mask of a run that stands, for who may see masks judged."""
    found = standing().filter(
        decision__in=DECIDED, is_current=True, run=run, mask_sha256=F("run__result__mask_sha256")
    )
    return visible_to(user, found).first()


def is_current(review: MaskReview) -> bool:
    """Return whether a review stands, and is about the T2w in use."""
    return standing().filter(pk=review.pk, is_current=True).exists()


def has_read_to_sign(person: Any, visit: Visit) -> bool:
    """Return whether a person has yet to sign a read of a visit, which no outline may sway."""
    return _reads_to_sign(person).filter(visit=visit).exists()


def _reads_to_sign(person: Any) -> QuerySet[ReadAssignment]:
    return ReadAssignment.objects.filter(
        reader__pk=getattr(person, "pk", None), state=AssignmentState.ASSIGNED
    )


def is_maker(person: Any, run: SegmentationRun) -> bool:
    """Return whether a person is known to have made, imported, edited or ordered a mask.

    Who operated a tool elsewhere is known by a code alone, which tells only where it is a login.
    """
    if person.get_username().casefold() in {code.casefold() for code in operators_of(run)}:
        return True
    if run.batch is not None and run.batch.ordered_by_id == person.pk:
        return True
    made = SegmentationRun.pgh_event_model.objects.filter(pgh_obj=run).order_by("pgh_id").first()
    return made is not None and made.pgh_context.get("user") == str(person.pk)


def operators_of(run: SegmentationRun) -> list[str]:
    """Return the codes of those who made a mask elsewhere; none for one that was made here."""
    said = (run.parameters.get(name) for name in ("operator", "second_operator"))
    return [code for one in said if (code := str(one or "").strip())]


def own_masks(*, user: Any, study: Study | None = None) -> QuerySet[MaskReview]:
    """Return the masks that are given to a person, by review id, those to look at first.

    One of a visit that the person has yet to sign a read of is none of them until it is signed.
    """
    found = visible_to(user, standing().filter(reviewer__pk=getattr(user, "pk", None)))
    to_sign = _reads_to_sign(user).filter(visit=OuterRef("run__visit"))
    held = trial.memberships(user).filter(role__in=trial.ACTIONS["review_mask"])
    found = found.filter(
        ~Exists(to_sign),
        is_current=True,
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
        If there is none, it is somebody else's, it is void, another T2w came to lie beside it, or
        the person has yet to sign a read of its visit.
    """
    found = own_masks(user=user, study=study).filter(pk=review_id).first()
    if found is None:
        raise Http404("No such mask.")
    return found


def next_mask(study: Study, *, user: Any) -> MaskReview | None:
    """Return the next mask that waits for a person."""
    return own_masks(user=user, study=study).filter(decision=MaskDecision.WAITING).first()


def to_give(study: Study, *, user: Any) -> QuerySet[SegmentationRun]:
    """Return the masks of a study that nobody has been given as they are now."""
    given = standing().filter(is_current=True).values("run")
    return _of_study(study, user).exclude(pk__in=given)


def masks(study: Study, *, user: Any, decision: str) -> QuerySet[SegmentationRun]:
    """Return the masks of a study that nobody was given, or whose review stands as it says."""
    if decision == TO_GIVE:
        return to_give(study, user=user)
    given = standing().filter(decision=decision, is_current=True).values("run")
    return _of_study(study, user).filter(pk__in=given)


def _of_study(study: Study, user: Any) -> QuerySet[SegmentationRun]:
    found = visible_to(user, reviewable().filter(visit__patient__study=study))
    return found.select_related(
        "visit__patient__site", "visit__definition", "model_version", "t1w_scan", "batch"
    ).order_by("visit__patient__subject_code", "visit__date", "model_version__name")


def standing_reviews(study: Study, *, user: Any) -> dict[UUID, Any]:
    """Return the review that stands of each mask of a study, by the run, with `is_current`."""
    found = standing().filter(run__visit__patient__study=study)
    return {row.run_id: row for row in visible_to(user, found).select_related("reviewer")}


def counts(study: Study, *, user: Any) -> dict[str, int]:
    """Return how many masks of a study are not given, wait, are approved and rejected."""
    found = standing_reviews(study, user=user)
    given = {pk: review.decision for pk, review in found.items() if review.is_current}
    tally: Counter[str] = Counter()
    for pk in _of_study(study, user).values_list("pk", flat=True):
        tally[given.get(pk, TO_GIVE)] += 1
    return {key: tally[key] for key in (TO_GIVE, MaskDecision.WAITING, *DECIDED)}


def review_of(study: Study, review_id: UUID, *, user: Any) -> MaskReview:
    """Return a review of a study, for who oversees them.

    Raises
    ------
    Http404
        If there is none, or the person does not oversee the reviews.
    """
    found = visible_to(user, MaskReview.objects.filter(pk=review_id)).filter(
        run__visit__patient__study=study
    )
    review = found.select_related("run__visit__patient", "run__model_version", "reviewer").first()
    if review is None or not trial.may(user, "view_mask_reviews", study):
        raise Http404("No such review.")
    return review


def reviewers(study: Study) -> QuerySet[Any]:
    """Return the active people who may judge masks of a study, by name."""
    held = Membership.objects.filter(
        study=study, role__in=trial.ACTIONS["review_mask"], is_active=True
    )
    users = get_user_model().objects.filter(is_active=True, memberships__in=held)
    return users.distinct().order_by("full_name", "username")
