"""Change what a person may do in a study."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from mldtrial.accounts.services import sessions
from mldtrial.audit.context import because
from mldtrial.audit.models import AccessAction
from mldtrial.trial import policies, rights
from mldtrial.trial.models import Membership, Role, Study
from mldtrial.trial.services import access
from mldtrial.trial.services.saving import store


@transaction.atomic
def end_membership(*, membership: Membership, reason: str, by: Any) -> Membership:
    """End a role of a person; their sessions end with it.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, there is no reason, the role has ended already, or the study
        would be left without an administrator.
    """
    policies.require(by, "manage_people", membership.study)
    reason = _given(reason)
    locked = _locked(membership)
    if not locked.is_active:
        raise ValidationError("This role has ended already.")
    if locked.role == Role.ADMINISTRATOR and not _other_administrators(locked).exists():
        raise ValidationError(
            "This is the last administrator of the study: give the role to another person first."
        )
    locked.is_active = False
    ended = _changed(locked, reason)
    access.log_membership(ended, AccessAction.ROLE_ENDED)
    return ended


@transaction.atomic
def set_row_export(*, membership: Membership, is_granted: bool, reason: str, by: Any) -> Membership:
    """Grant row exports to a sponsor, or take them back.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, there is no reason, or the role is not an active sponsor's.
    """
    policies.require(by, "manage_people", membership.study)
    reason = _given(reason)
    locked = _locked(membership)
    if locked.role != Role.SPONSOR or not locked.is_active:
        raise ValidationError("Row exports are granted to sponsors who take part.")
    locked.may_export_rows = is_granted
    return _changed(locked, reason)


def _given(reason: str) -> str:
    if not reason.strip():
        raise ValidationError({"reason": "Give the reason."})
    return reason.strip()


def _locked(membership: Membership) -> Membership:
    # The study first: two administrators who end each other must not both succeed.
    Study.objects.select_for_update().get(pk=membership.study_id)
    return (
        Membership.objects.select_for_update(of=("self",))
        .select_related("user", "study")
        .get(pk=membership.pk)
    )


def _other_administrators(membership: Membership) -> Any:
    return Membership.objects.filter(
        study=membership.study, role=Role.ADMINISTRATOR, is_active=True, user__is_active=True
    ).exclude(pk=membership.pk)


def _changed(membership: Membership, reason: str) -> Membership:
    with because(reason):
        store(membership)
    rights.forget()
    sessions.end_all(user=membership.user)
    return membership
