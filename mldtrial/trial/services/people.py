"""Make logins."""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from mldtrial.trial.services.saving import store


def create_user(*, username: str, full_name: str, password: str, email: str = "") -> Any:
    """Make a login for a person; what the person may do is a membership.

    Raises
    ------
    ValidationError
        If the user name is taken or not allowed, the address is another person's, or the
        password is too weak.
    """
    user = get_user_model()(username=username, full_name=full_name, email=email)
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise ValidationError({"password": error.messages}) from error
    user.set_password(password)
    return store(user)
