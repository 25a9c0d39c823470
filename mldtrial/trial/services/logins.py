"""Change a login: its printed name, and whether it opens anything."""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import transaction

from mldtrial.accounts.services import sessions
from mldtrial.audit.context import because
from mldtrial.audit.models import AccessAction
from mldtrial.audit.services import access_log
from mldtrial.trial import policies
from mldtrial.trial.models import Membership, Study
from mldtrial.trial.services.saving import store


@transaction.atomic
def rename(*, user: Any, full_name: str, reason: str) -> Any:
    """Change a person's own printed name; signatures keep the name under which they were made.

    Raises
    ------
    ValidationError
        If the name or the reason is empty, or nothing changes.
    """
    full_name = " ".join(full_name.split())
    if not full_name:
        raise ValidationError({"full_name": "Give your name as it shall stand on signatures."})
    reason = _given(reason)
    locked = _locked(user)
    if locked.full_name == full_name:
        raise ValidationError({"full_name": "This is your name already."})
    locked.full_name = full_name
    with because(reason):
        return store(locked)


@transaction.atomic
def set_active(*, membership: Membership, is_active: bool, reason: str, by: Any) -> Any:
    """Deactivate the login of a person of a study, or activate it again; sessions end with it.

    A login opens every study of its person, so whoever closes it administers all of them.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, it is the own login, there is no reason, it is so already, or the
        person takes part in a study that the administrator does not administer. Whoever closes
        a login stays, so no study is left without an administrator.
    """
    policies.require(by, "manage_people", membership.study)
    reason = _given(reason)
    if membership.user_id == by.pk:
        raise ValidationError("This is your own login: another administrator closes it.")
    # The study first: of two administrators who close each other one finds the own login closed.
    Study.objects.select_for_update().get(pk=membership.study_id)
    policies.require(get_user_model().objects.get(pk=by.pk), "manage_people", membership.study)
    locked = _locked(membership.user)
    _require_all(by, locked)
    if locked.is_active == is_active:
        state = "active" if is_active else "deactivated"
        raise ValidationError(f"This login is {state} already.")
    locked.is_active = is_active
    with because(reason):
        store(locked)
        sessions.end_all(user=locked)
    access_log.record(
        action=AccessAction.LOGIN_OPENED if is_active else AccessAction.LOGIN_CLOSED,
        study_id=membership.study_id,
        subject=str(locked),
        details={"reason": reason, "user": str(locked.pk)},
    )
    return locked


def _require_all(by: Any, user: Any) -> None:
    held = Membership.objects.filter(user=user, is_active=True).select_related("study")
    if any(not policies.may(by, "manage_people", one.study) for one in held):
        raise ValidationError(
            "This login cannot be closed or opened from here: end the role instead. A login opens "
            "more than one study; the operator of the platform changes it."
        )


def _given(reason: str) -> str:
    if not reason.strip():
        raise ValidationError({"reason": "Give the reason."})
    return reason.strip()


def _locked(user: Any) -> Any:
    return get_user_model().objects.select_for_update().get(pk=user.pk)
