"""Two people promote a candidate: the proposal, and the decision of the second person."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from analytics.forms import ProposalForm
from analytics.services import impact_snapshot, promotion
from mldtrial.trial.forms.locking import DecisionForm
from mldtrial.trial.models import Study
from mldtrial.trial.services import access
from mldtrial.trial.views.answers import UNPROCESSABLE, posted
from segmentation import selectors, tasks
from segmentation.policies import may_with_models
from segmentation.selectors import model_page, promotions


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def model_promote(request: HttpRequest, model_id: UUID) -> HttpResponse:
    """Show the impact of a candidate over every study, and take the first signature."""
    model = selectors.model(model_id, user=request.user)
    _require_role(request)
    assessed = impact_snapshot.assess(model, user=request.user)
    shown = _seen_by(request, assessed.content)
    form = ProposalForm(posted(request), user=request.user, mark=assessed.sha256)
    proposed = form.submit(lambda: promotion.propose(model=model, **form.values(), by=request.user))
    if proposed is not None:
        messages.success(request, "You proposed it. Another person must confirm.")
        return redirect("model_promotion", model_id=model.pk, promotion_id=proposed.pk)
    waiting = [one for one in promotions.proposals(model, user=request.user) if one.is_open]
    _log_views(request, shown)
    context = {
        "model": model,
        "assessed": assessed,
        "studies": [part for _, part in shown],
        "standing": next(
            (o for o in waiting if promotion.is_standing(o.promotion, assessed)), None
        ),
        "form": form,
    }
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "analytics/model_promote.html", context, status=status)


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def model_promotion(request: HttpRequest, model_id: UUID, promotion_id: UUID) -> HttpResponse:
    """Show what was proposed, seen and signed, and take the decision of the second person."""
    model = selectors.model(model_id, user=request.user)
    found = promotions.proposal(model, promotion_id, user=request.user)
    is_own = found.promotion.request.requested_by_id == request.user.pk
    form = DecisionForm(
        posted(request),
        user=request.user,
        consequence="the series of every study switch to it at once",
        is_own=is_own,
    )
    if request.method == "POST":
        _require_role(request)
        decided = form.submit(
            lambda: promotion.decide(promotion=found.promotion, **form.values(), by=request.user)
        )
        if decided is not None:
            _say(request, decided.is_approved, decided.decision_reason)
            return redirect(request.path)
    shown = _seen_by(request, found.promotion.impact)
    _log_views(request, shown)
    context = {
        "model": model,
        "proposal": found,
        "promotion": found.promotion,
        "studies": [part for _, part in shown],
        "hidden_count": len(found.promotion.impact["studies"]) - len(shown),
        "signatures": promotions.signatures(found.promotion),
        "is_own": is_own,
        **_decision(request, found, form),
    }
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "analytics/model_promotion.html", context, status=status)


def _decision(
    request: HttpRequest, found: promotions.Proposal, form: DecisionForm
) -> dict[str, Any]:
    """Return the form for who may decide, or why there is none."""
    if not found.is_open or not may_with_models(request.user, "promote_model"):
        return {}
    try:
        assessed = impact_snapshot.assess(found.promotion.model_version, user=request.user)
    except PermissionDenied as error:
        return {"why_not": str(error)}
    standing = promotion.is_standing(found.promotion, assessed)
    return {"form": form, "assessed": assessed, "is_standing": standing}


def _say(request: HttpRequest, is_approved: bool | None, reason: str) -> None:
    if is_approved:
        tasks.ring_review()
        tasks.ring_segmentation()
        messages.success(request, "Confirmed. Every series shows the loads of this method now.")
    elif reason == promotion.VOID:
        messages.error(request, f"Nothing was promoted. {reason} Propose it again.")
    else:
        messages.success(request, "The proposal is closed. Nothing changes.")


def _seen_by(
    request: HttpRequest, impact: Mapping[str, Any]
) -> list[tuple[Study, Mapping[str, Any]]]:
    """Return the part of an impact that is of studies whose loads the person sees."""
    mine = {study.code: study for study in model_page.studies_of_impact(user=request.user)}
    return [(mine[part["code"]], part) for part in impact["studies"] if part["code"] in mine]


def _log_views(request: HttpRequest, shown: Iterable[tuple[Study, Mapping[str, Any]]]) -> None:
    for study, _ in shown:
        access.log_blinded_view(study=study, by=request.user, what="impact of a model")


def _require_role(request: HttpRequest) -> None:
    if not may_with_models(request.user, "promote_model"):
        raise PermissionDenied("Your role does not allow this.")
