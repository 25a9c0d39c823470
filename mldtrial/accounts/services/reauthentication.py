"""Prove again who is at the keyboard, before something that cannot be taken back."""

from typing import Any

from django.core.exceptions import ValidationError

from mldtrial.accounts.services import guesses, refusals, second_factors


def confirm(*, user: Any, password: str, code: str = "") -> None:
    """Check the password of a signed-in person, and the code where an app is enrolled.

    Call it before the transaction that it guards: a wrong guess is counted and told, and must
    stay so when everything else is taken back.

    Parameters
    ----------
    code : str
        The current code of the authenticator app, or a recovery code; empty where no app
        is enrolled. It cannot be used a second time.

    Raises
    ------
    ValidationError
        At the field ``password`` or ``code``.
    """
    with refusals.told(refusals.PASSWORD, user=user, is_confirmation=True):
        taken = _counted(user)
        if not user.is_active or not user.check_password(password):
            raise ValidationError({"password": "This is not your password. Nothing was changed."})
    if second_factors.asks_for_code(user):
        with refusals.told(refusals.CODE, user=user, is_confirmation=True):
            second_factors.use_code(user=user, code=code)
    guesses.forgive(taken)


def _counted(user: Any) -> list[int]:
    try:
        return guesses.begin_confirmation(user=user)
    except ValidationError as error:
        raise ValidationError({"password": error}) from error
