"""Make logins."""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError


def create_user(*, username: str, full_name: str, password: str) -> Any:
    """Make a login for a person; what the person may do is a membership.

    Raises
    ------
    ValidationError
        If the user name is taken or not allowed, or the password is too weak.
    """
    user = get_user_model()(username=username, full_name=full_name)
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise ValidationError({"password": error.messages}) from error
    user.set_password(password)
    user.full_clean()
    user.save()
    return user
