"""Prove again who is at the keyboard, before something that cannot be taken back."""

from typing import Any

from django.core.exceptions import ValidationError


def confirm(*, user: Any, password: str, code: str = "") -> None:  # noqa: ARG001 - none can be enrolled yet
    """Check the password of a signed-in person, and the second factor where one is enrolled.

    Parameters
    ----------
    code : str
        The current code of the second factor; empty where none is enrolled.

    Raises
    ------
    ValidationError
        At the field ``password`` or ``code``.
    """
    if not user.is_active or not user.check_password(password):
        raise ValidationError({"password": "This is not your password. Nothing was changed."})
