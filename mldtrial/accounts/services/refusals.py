"""Tell whoever listens that somebody was not let in.

The access log lies above this package. So that nothing has to call upwards, every refusal ends
in the framework's own signal of a failed sign-in, as that of a wrong password does.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import ValidationError

from mldtrial.accounts.services import guesses

PASSWORD, CODE, PASSKEY = "password", "code of the second factor", "passkey"
PROVIDER = "single sign-on"
LINK = "link for a new password"
WRONG = "not right"
THROTTLED = "too many wrong attempts before it; nothing was checked"


def tell(
    what: str,
    *,
    why: str = WRONG,
    user: Any = None,
    username: str = "",
    is_confirmation: bool = False,
) -> None:
    """Tell that a sign-in, or a re-authentication, was refused.

    Parameters
    ----------
    what : str
        What was offered; never what was typed.
    user : User or None
        Whom it was for; None where that is not known.
    username : str
        The name as it was typed, where there is no user yet.
    is_confirmation : bool
        True where a signed-in person was asked again.
    """
    user_login_failed.send(
        sender=__name__,
        credentials={"username": username},
        request=None,
        user=user,
        what=what,
        why=why,
        is_confirmation=is_confirmation,
    )


@contextmanager
def told(
    what: str, *, user: Any = None, username: str = "", is_confirmation: bool = False
) -> Iterator[None]:
    """Tell of the refusal that the block raises, and let it go on.

    Of attempts that are not even checked only the first is told in a window: whoever sends
    thousands must not fill the log, nor keep its chain from others.
    """
    try:
        yield
    except ValidationError as error:
        throttled = _throttled(error)
        if throttled is None or throttled.is_first:
            why = WRONG if throttled is None else THROTTLED
            tell(what, why=why, user=user, username=username, is_confirmation=is_confirmation)
        raise


def _throttled(error: ValidationError) -> guesses.TooManyError | None:
    return next((part for part in _parts(error) if isinstance(part, guesses.TooManyError)), None)


def _parts(error: ValidationError) -> Iterator[ValidationError]:
    if hasattr(error, "error_dict"):
        for reasons in error.error_dict.values():
            yield from reasons
    else:
        yield from error.error_list
