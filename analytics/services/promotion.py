"""Propose that a candidate counts, and decide it as the second person."""

import hashlib
import json
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from analytics.policies import promotes_in
from analytics.services import impact_snapshot
from mldtrial.accounts.services import reauthentication
from mldtrial.audit.context import because
from mldtrial.audit.models import Action, ApprovalRequest, Meaning, Signature, SignedKind
from mldtrial.trial.models import Disposition, Visit
from mldtrial.trial.selectors.consent import without_consent_for_images
from mldtrial.trial.services import approvals, locking
from mldtrial.trial.services.saving import store
from segmentation.models import (
    JobState,
    ModelPromotion,
    ModelVersion,
    ReleaseState,
    SegmentationRun,
)
from segmentation.services import models, runs

CHANGED = (
    "The results have changed since you opened the page. The impact is shown as it is now: look "
    "at it again, then sign."
)
VOID = "Void: the results or the methods have changed since it was proposed."
LAYOUT = {"segmentation.ModelPromotion": ["impact_sha256", "model_version_id", "replaces_id"]}


def propose(
    *, model: ModelVersion, seen_sha256: str, reason: str, password: str, code: str = "", by: Any
) -> ModelPromotion:
    """Sign that a candidate shall take the place of the active method; nothing changes yet.

    Parameters
    ----------
    seen_sha256 : str
        Hash of the impact that the person was shown.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not or is not who the session says, there is no reason, something bars
        the promotion, the impact is no longer what was shown, or it is proposed already.
    """
    promotes_in(by, impact_snapshot.studies_with_results(model))
    _require_reason(reason)
    # Outside the transaction below: a refused attempt must stay on record.
    reauthentication.confirm(user=by, password=password, code=code)
    with transaction.atomic(), because(reason.strip()):
        locking.hold_still()
        assessed = impact_snapshot.assess(model, user=by)
        if assessed.obstacles or assessed.active is None:
            raise ValidationError(list(assessed.obstacles))
        if assessed.sha256 != seen_sha256:
            raise ValidationError(CHANGED)
        _end_what_is_void(assessed, by)
        request = store(
            ApprovalRequest(
                action=Action.PROMOTE, subject_id=model.pk, reason=reason.strip(), requested_by=by
            )
        )
        promotion = ModelPromotion.objects.create(
            model_version=model,
            replaces=assessed.active,
            request=request,
            impact=assessed.content,
            impact_sha256=assessed.sha256,
        )
        _sign(promotion, f"I propose that {_words(assessed)}", by)
        return promotion


def decide(
    *,
    promotion: ModelPromotion,
    is_approved: bool,
    reason: str,
    password: str,
    code: str = "",
    by: Any,
) -> ApprovalRequest:
    """Confirm or refuse a proposal as the second person, or withdraw it as the first.

    Where results or methods are no longer those that were proposed, the proposal is void
    whatever is decided, and the decision says so.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, proposed it, or is not who the session says; there is no reason;
        or it is decided already.
    """
    model = promotion.model_version
    is_own = promotion.request.requested_by_id == by.pk
    if is_approved or not is_own:
        # To withdraw takes no more than to have proposed.
        promotes_in(by, impact_snapshot.studies_with_results(model))
    if is_approved and is_own:
        raise ValidationError("You proposed this yourself: another person must confirm it.")
    _require_reason(reason)
    reauthentication.confirm(user=by, password=password, code=code)
    with transaction.atomic(), because(reason.strip()):
        locking.hold_still()
        if not is_approved:
            return _refuse(promotion, reason.strip(), by)
        model = ModelVersion.objects.select_for_update().get(pk=model.pk)
        assessed = impact_snapshot.assess(model, user=by)
        if not (is_standing(promotion, assessed) and _proposer_still_may(promotion, model)):
            return _refuse(promotion, VOID, by)
        decided = approvals.decide(promotion.request, is_approved=True, reason=reason, by=by)
        _sign(promotion, f"I confirm that {_words(assessed)}", by)
        models.promote(promotion=promotion, reason=_history(promotion))
        _follow(model, replaced=promotion.replaces)
        return decided


def _proposer_still_may(promotion: ModelPromotion, model: ModelVersion) -> bool:
    """Return whether the first of the two people could still sign it today."""
    proposer = promotion.request.requested_by
    try:
        promotes_in(proposer, impact_snapshot.studies_with_results(model))
    except PermissionDenied:
        return False
    return bool(proposer.is_active)


def _follow(model: ModelVersion, *, replaced: ModelVersion) -> None:
    """Ask for the visits that the replaced method was given and that would be left without a load.

    Those whose run by it waits or runs, and those of which the new one has no load that counts, as
    where the only run failed.
    """
    of_replaced = SegmentationRun.objects.filter(model_version=replaced, is_voided=False)
    unfinished = of_replaced.filter(state__in=[JobState.QUEUED, JobState.RUNNING])
    counting = SegmentationRun.objects.filter(model_version=model, analysis_flag=True)
    visits = (
        Visit.objects.filter(pk__in=of_replaced.values("visit"))
        .exclude(~Q(pk__in=unfinished.values("visit")) & Q(pk__in=counting.values("visit")))
        .exclude(patient__in=without_consent_for_images(Disposition.objects.all()))
    )
    for visit in visits.select_related("patient__site").order_by("date", "pk"):
        runs.queue_run(visit=visit, model=model)


def is_standing(promotion: ModelPromotion, assessed: impact_snapshot.Assessment) -> bool:
    """Return whether everything still is as it was when a proposal was signed.

    A candidate that was retired meanwhile is proposed anew, whoever has reinstated it.
    """
    given_up = ModelVersion.pgh_event_model.objects.filter(
        pgh_obj=promotion.model_version_id,
        state=ReleaseState.RETIRED,
        pgh_created_at__gt=promotion.created_at,
    )
    return (
        not given_up.exists()
        and not assessed.obstacles
        and assessed.active is not None
        and assessed.active.pk == promotion.replaces_id
        and assessed.sha256 == promotion.impact_sha256
    )


def _end_what_is_void(assessed: impact_snapshot.Assessment, by: Any) -> None:
    """Close an earlier proposal of the same candidate whose results have changed since."""
    earlier = ModelPromotion.objects.filter(
        model_version=assessed.model, request__decided_by__isnull=True
    ).first()
    if earlier is not None and not is_standing(earlier, assessed):
        _refuse(earlier, VOID, by)


def _refuse(promotion: ModelPromotion, reason: str, by: Any) -> ApprovalRequest:
    decided = approvals.decide(promotion.request, is_approved=False, reason=reason, by=by)
    with because(reason):
        # The trigger puts the time of the database in the place of this one.
        Signature.objects.filter(record_id=promotion.pk, voided_at__isnull=True).update(
            voided_at=Now(), void_reason=reason
        )
    return decided


def _sign(promotion: ModelPromotion, statement: str, by: Any) -> Signature:
    return store(
        Signature(
            record_kind=SignedKind.MODEL,
            record_id=promotion.pk,
            record_sha256=signed_sha256(promotion),
            layout=LAYOUT,
            meaning=Meaning.APPROVED,
            statement=statement,
            printed_name=by.get_full_name(),
            signed_by=by,
        )
    )


def signed_sha256(promotion: ModelPromotion) -> str:
    """Return the hash that a signature binds: of this proposal, its methods and its impact."""
    record = {
        "kind": SignedKind.MODEL.value,
        "id": str(promotion.pk),
        "content": {
            "impact_sha256": promotion.impact_sha256,
            "model_version_id": str(promotion.model_version_id),
            "replaces_id": str(promotion.replaces_id),
        },
    }
    text = json.dumps(record, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _words(assessed: impact_snapshot.Assessment) -> str:
    count = assessed.study_count
    where = "1 study" if count == 1 else f"{count} studies"
    return (
        f"{assessed.model} takes the place of {assessed.active} in every series of {where}. "
        f"I have seen its impact (sha256 {assessed.sha256})."
    )


def _history(promotion: ModelPromotion) -> str:
    """Return what everybody may read: the reasons speak of loads and stay with the proposal."""
    return (
        f"Two people promoted {promotion.model_version} in place of {promotion.replaces}; "
        f"{promotion.request.requested_by} proposed it."
    )


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise ValidationError({"reason": "Give the reason."})
