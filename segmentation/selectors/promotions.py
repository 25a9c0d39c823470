"""Proposals that a candidate counts: what was asked, signed and decided."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404

from mldtrial.audit.models import Signature, SignedKind
from segmentation.models import ModelPromotion, ModelVersion
from segmentation.policies import visible_to


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal with how it stands, in words."""

    promotion: ModelPromotion
    state: str
    label: str

    @property
    def is_open(self) -> bool:
        """True while a second person has not decided."""
        return self.state == "waiting"


def proposals(model: ModelVersion, *, user: Any) -> list[Proposal]:
    """Return the proposals of a candidate that a person may see, the latest first."""
    return [_proposal(one) for one in _with_people(visible_to(user, model.promotions.all()))]


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
    return _proposal(promotion)


def signatures(promotion: ModelPromotion) -> QuerySet[Signature]:
    """Return what was signed of a proposal and by whom, in order."""
    found = Signature.objects.filter(record_kind=SignedKind.MODEL, record_id=promotion.pk)
    return found.order_by("signed_at")


def _with_people(found: QuerySet[ModelPromotion]) -> QuerySet[ModelPromotion]:
    return found.select_related(
        "model_version", "replaces", "request__requested_by", "request__decided_by"
    )


def _proposal(promotion: ModelPromotion) -> Proposal:
    asked = promotion.request
    if asked.decided_by_id is None:
        return Proposal(promotion, "waiting", "waits for a second signature")
    if asked.is_approved:
        return Proposal(promotion, "done", "confirmed")
    if asked.decision_reason.startswith("Void:"):
        return Proposal(promotion, "refused", "void")
    if asked.decided_by_id == asked.requested_by_id:
        return Proposal(promotion, "refused", "withdrawn")
    return Proposal(promotion, "refused", "refused")
