"""Proposals and decisions by the people who may."""

from typing import Any

from analytics.services import impact_snapshot, promotion
from mldtrial.audit.context import acting
from mldtrial.audit.models import ApprovalRequest
from segmentation.models import ModelPromotion
from tests.support.shadows import candidate
from tests.support.world import PASSWORD


def propose(by: Any, *, seen_sha256: str = "") -> ModelPromotion:
    """Propose the candidate on sight of its impact as it is now."""
    with acting(user=by, origin="web"):
        seen = seen_sha256 or impact_snapshot.assess(candidate(), user=by).sha256
        return promotion.propose(
            model=candidate(), seen_sha256=seen, reason="Better on 2D", password=PASSWORD, by=by
        )


def decide(
    proposed: ModelPromotion, by: Any, *, is_approved: bool = True, password: str = PASSWORD
) -> ApprovalRequest:
    """Decide a proposal."""
    with acting(user=by, origin="web"):
        return promotion.decide(
            promotion=ModelPromotion.objects.get(pk=proposed.pk),
            is_approved=is_approved,
            reason="Seen and discussed",
            password=password,
            by=by,
        )
