"""Proposals that a candidate counts: what was asked, signed and decided."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404

from mldtrial.audit.models import ApprovalRequest, Signature, SignedKind
from segmentation.models import ModelPromotion, ModelVersion
from segmentation.policies import visible_to
from segmentation.selectors.model_page import studies_of_impact


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal with how it stands, in words.

    Attributes
    ----------
    shows_reasons : bool
        Whether the person sees what the two people wrote: it speaks of the loads of every study.
    """

    promotion: ModelPromotion
    state: str
    label: str
    shows_reasons: bool

    @property
    def is_open(self) -> bool:
        """True while a second person has not decided."""
        return self.state == "waiting"


def proposals(model: ModelVersion, *, user: Any) -> list[Proposal]:
    """Return the proposals of a candidate that a person may see, the latest first."""
    found = list(_with_people(visible_to(user, model.promotions.all())))
    mine = _studies_seen(user) if found else set()
    return [_proposal(one, mine) for one in found]


def proposal(model: ModelVersion, promotion_id: UUID, *, user: Any) -> Proposal:
    """Return a proposal of a candidate.

    Raises
    ------
    Http404
        If there is none in this person's reach.
    """
    found = visible_to(user, ModelPromotion.objects.filter(model_version=model, pk=promotion_id))
    promotion = _with_people(found).first()
    if promotion is None:
        raise Http404("No such proposal.")
    return _proposal(promotion, _studies_seen(user))


def signatures(promotion: ModelPromotion) -> QuerySet[Signature]:
    """Return what was signed of a proposal and by whom, in order."""
    found = Signature.objects.filter(record_kind=SignedKind.MODEL, record_id=promotion.pk)
    return found.order_by("signed_at")


def _with_people(found: QuerySet[ModelPromotion]) -> QuerySet[ModelPromotion]:
    return found.select_related(
        "model_version", "replaces", "request__requested_by", "request__decided_by"
    )


def _studies_seen(user: Any) -> set[str]:
    return {study.code for study in studies_of_impact(user=user)}


def _proposal(promotion: ModelPromotion, seen: Collection[str]) -> Proposal:
    state, label = _standing(promotion.request)
    shows_reasons = all(part["code"] in seen for part in promotion.impact["studies"])
    return Proposal(promotion, state, label, shows_reasons)


def _standing(asked: ApprovalRequest) -> tuple[str, str]:
    if asked.decided_by_id is None:
        return "waiting", "waits for a second signature"
    if asked.is_approved:
        return "done", "confirmed"
    if asked.decision_reason.startswith("Void:"):
        return "refused", "void"
    if asked.decided_by_id == asked.requested_by_id:
        return "refused", "withdrawn"
    return "refused", "refused"
