"""What one person asks for and another decides: the part that every such request shares."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Now

from mldtrial.accounts.services import reauthentication
from mldtrial.audit.context import because
from mldtrial.audit.models import ApprovalRequest


@contextmanager
def decision(
    *,
    request: ApprovalRequest,
    is_approved: bool,
    reason: str,
    password: str,
    code: str = "",
    by: Any,
) -> Iterator[ApprovalRequest]:
    """Decide a request, and let the block do what was approved in the same transaction.

    Raises
    ------
    ValidationError
        If the person asked for it, gives no reason, or is not who the session says; or if it is
        decided already.
    """
    if is_approved and request.requested_by_id == by.pk:
        raise ValidationError("You asked for this yourself: another person must approve it.")
    if not reason.strip():
        raise ValidationError({"reason": "Give the reason."})
    # Outside the transaction below: a refused attempt must stay on record.
    reauthentication.confirm(user=by, password=password, code=code)
    with transaction.atomic(), because(reason.strip()):
        yield decide(request, is_approved=is_approved, reason=reason, by=by)


def decide(request: ApprovalRequest, *, is_approved: bool, reason: str, by: Any) -> ApprovalRequest:
    """Put a decision on record, inside the transaction that does what was approved.

    Raises
    ------
    ValidationError
        If it is decided already.
    """
    decided = ApprovalRequest.objects.select_for_update(of=("self",)).get(pk=request.pk)
    if decided.decided_by_id is not None:
        raise ValidationError("Somebody has decided this already.")
    decided.is_approved = is_approved
    decided.decided_by = by
    decided.decided_at = Now()  # type: ignore[assignment]
    decided.decision_reason = reason.strip()
    decided.save()
    decided.refresh_from_db()
    return decided
