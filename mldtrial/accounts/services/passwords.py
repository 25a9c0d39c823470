"""Change a password."""

from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils import timezone

from mldtrial.accounts.services import sessions


def set_password(*, user: Any, new_password: str, request: Any = None) -> None:
    """Give a person a new password; every other session of theirs ends.

    Raises
    ------
    ValidationError
        At ``new_password``, if it is too weak.
    """
    try:
        validate_password(new_password, user)
    except ValidationError as error:
        raise ValidationError({"new_password": error.messages}) from error
    user.set_password(new_password)
    user.password_changed_at = timezone.now()
    user.save(update_fields=["password", "password_changed_at"])
    sessions.end_all(user=user, but_this=request)
