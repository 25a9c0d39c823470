"""Pages of masks that people look at: a reviewer's own, one mask, and all of a study's."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from mldtrial.trial import policies
from mldtrial.trial import selectors as trial
from mldtrial.trial.models import Study
from mldtrial.trial.selectors.asked import known
from mldtrial.trial.views.answers import UNPROCESSABLE, form_page, posted
from segmentation import tasks
from segmentation.forms.mask_reviews import DecisionForm, GiveForm, SetAsideForm
from segmentation.models import JobState, MaskDecision, SegmentationRun
from segmentation.models.mask_review import DECIDED
from segmentation.selectors import mask_reviews as selectors
from segmentation.services import mask_reviews as services
from segmentation.services import store

PER_PAGE = 50
FIRST = 8
TABS = (
    (selectors.TO_GIVE, "To give"),
    (MaskDecision.WAITING, "Given, to look at"),
    (MaskDecision.APPROVED, "Approved"),
    (MaskDecision.REJECTED, "Rejected"),
)
NOT_GIVEN = (
    (services.Outcome.STAYED, "with this reviewer already, or decided"),
    (services.Outcome.OWN_WORK, "made or ordered by this reviewer"),
    (services.Outcome.TO_READ, "of a visit that this reviewer has yet to sign a read of"),
    (services.Outcome.NOT_CONFIRMED, "imported, and not confirmed that another person made it"),
)
CAN_BE_GIVEN = (selectors.TO_GIVE, MaskDecision.WAITING)


@require_safe
def mask_list(request: HttpRequest, study_code: str) -> HttpResponse:
    """List the masks that are given to the person, by review id and nothing else.

    ``?fragment=1`` answers with those that wait, for the work list.
    """
    study = trial.study(study_code, user=request.user)
    policies.require(request.user, "review_mask", study)
    masks = list(selectors.own_masks(user=request.user, study=study))
    waiting = [mask for mask in masks if mask.decision == MaskDecision.WAITING]
    context: dict[str, Any] = {"study": study, "masks": masks, "waiting": len(waiting)}
    if request.GET.get("fragment"):
        context["masks"] = waiting[:FIRST]
        return render(request, "segmentation/_masks_waiting.html", context)
    return render(request, "segmentation/masks.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def mask_page(request: HttpRequest, study_code: str, review_id: UUID) -> HttpResponse:
    """Show the pictures of a mask and take the decision; then the next one.

    ``?fragment=1`` answers with the pictures, for a page that waits for them.
    """
    study = trial.study(study_code, user=request.user)
    mask = selectors.own_mask(study, review_id, user=request.user)
    policies.require(request.user, "review_mask", study)
    context = {
        "study": study,
        "mask": mask,
        "is_drawn": mask.state == JobState.SUCCEEDED,
        "sequences": [name for name in ("T2w", "T1w") if name in mask.pictures],
        "step_mm": mask.pictures.get(services.STEP),
    }
    if request.GET.get("fragment"):
        return render(request, "segmentation/_mask_pictures.html", context)
    form = DecisionForm(posted(request))
    decision = request.POST.get("decision", "")
    if request.method == "POST" and decision not in DECIDED:
        raise BadRequest("Approve the mask or reject it.")
    saved = form.submit(
        lambda: services.decide(
            review=mask, decision=decision, note=form.cleaned_data["note"], by=request.user
        )
    )
    if saved is not None:
        messages.success(request, f"{mask.review_id} is {saved.get_decision_display()}.")
        return _on(study, request.user)
    is_decided = mask.decision in DECIDED
    context |= {"form": form, "is_decided": is_decided}
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "segmentation/mask.html", context, status=status)


def _on(study: Study, user: Any) -> HttpResponse:
    """Go on to the next mask that waits, or back to the list."""
    following = selectors.next_mask(study, user=user)
    if following is None:
        return redirect("masks", study_code=study.code)
    return redirect("mask", study_code=study.code, review_id=following.pk)


@require_safe
def mask_picture(
    request: HttpRequest, study_code: str, review_id: UUID, picture: str
) -> HttpResponse:
    """Return one picture of a mask: T1w, T2w, or the outline that lies over both."""
    study = trial.study(study_code, user=request.user)
    mask = selectors.own_mask(study, review_id, user=request.user)
    policies.require(request.user, "review_mask", study)
    names = {"t1w": "T1w", "t2w": "T2w", services.OUTLINE: services.OUTLINE}
    path = store.mosaic_path(str(mask.pictures.get(names.get(picture, ""), "none")))
    if not path.exists():
        raise Http404("No such picture.")
    return HttpResponse(path.read_bytes(), content_type="image/png")


@require_http_methods(["GET", "HEAD", "POST"])
def mask_reviews(request: HttpRequest, study_code: str) -> HttpResponse:
    """List the masks of a study by what was said of them; give some or all to a reviewer."""
    study = trial.study(study_code, user=request.user)
    action = "give_masks" if request.method == "POST" else "view_mask_reviews"
    policies.require(request.user, action, study)
    shown = known(request.GET, "state", dict(TABS), selectors.TO_GIVE)
    people = selectors.reviewers(study)
    found = selectors.masks(study, user=request.user, decision=shown)
    may_give = shown in CAN_BE_GIVEN and policies.may(request.user, "give_masks", study)
    operators = _operators(found) if may_give else []
    form = GiveForm(posted(request), people=people, operators=operators)
    if request.method == "POST" and form.is_valid() and _give(request, study, shown, form):
        return redirect("mask_reviews", study_code=study.code)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    standing = selectors.standing_reviews(study, user=request.user)
    counts = selectors.counts(study, user=request.user)
    context = {
        "study": study,
        "form": form,
        "page": page,
        "rows": [(run, standing.get(run.pk)) for run in page],
        "state": shown,
        "tabs": [(key, label, counts[key]) for key, label in TABS],
        "may_give": may_give,
        "may_set_aside": shown in DECIDED and policies.may(request.user, "give_masks", study),
        "another_t2w": services.ANOTHER_T2W,
        "reviewer_count": len(people),
        "chosen": set(request.POST.getlist("mask")),
    }
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "segmentation/mask_reviews.html", context, status=status)


def _operators(found: Iterable[SegmentationRun]) -> list[str]:
    """Return the codes of who made the imported ones of some masks, each once."""
    imported = [run for run in found if services.is_imported(run)]
    return sorted({code for run in imported for code in selectors.operators_of(run)})


def _give(request: HttpRequest, study: Study, shown: str, form: GiveForm) -> bool:
    """Give the marked masks, or all of the list, and say how many; False where refused."""
    found = list(selectors.masks(study, user=request.user, decision=shown))
    if request.POST.get("which") != "all":
        chosen = set(request.POST.getlist("mask"))
        found = [run for run in found if str(run.pk) in chosen]
        if not found:
            form.add_error(None, "No mask is marked. Mark some in the table, or give all.")
            return False
    given = form.submit(
        lambda: services.give_masks(masks=found, by=request.user, **form.cleaned_data)
    )
    if given is None:
        return False
    tasks.ring_masks()
    if count := given[services.Outcome.GIVEN]:
        messages.success(request, f"{count} mask{'s were' if count != 1 else ' was'} given.")
    for outcome, why in NOT_GIVEN:
        if given[outcome]:
            messages.warning(request, f"{given[outcome]} not given: {why}.")
    return True


@require_http_methods(["GET", "HEAD", "POST"])
def mask_set_aside(request: HttpRequest, study_code: str, review_id: UUID) -> HttpResponse:
    """Let a decision about a mask stand no longer, with a reason; it can then be given again."""
    study = trial.study(study_code, user=request.user)
    review = selectors.review_of(study, review_id, user=request.user)
    policies.require(request.user, "give_masks", study)
    form = SetAsideForm(posted(request))

    def set_aside() -> bool:
        reason = form.cleaned_data["reason"]
        services.set_aside(review=review, reason=reason, by=request.user)
        return True

    if form.submit(set_aside):
        messages.success(request, "The decision is set aside. The mask can be given again.")
        return redirect("mask_reviews", study_code=study.code)
    context = {"study": study, "review": review}
    return form_page(request, "segmentation/mask_set_aside.html", form, context)
