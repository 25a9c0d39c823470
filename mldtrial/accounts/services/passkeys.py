"""Passkeys: what a browser sends is read with care, since anybody can send it."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth as webauthn
from django.core.exceptions import ValidationError

MALFORMED = (AttributeError, IndexError, KeyError, TypeError, ValueError, struct.error)
REFUSED = "This passkey was not accepted. Please try again."


def register(*, user: Any, name: str, credential: Any) -> Authenticator:
    """Keep a passkey that answers the challenge of this session.

    Raises
    ------
    ValidationError
        If it does not, or did not check who holds it.
    """
    with _refusing_what_is_malformed():
        webauthn.parse_registration_response(credential)
        made = webauthn.complete_registration(credential)
    if not made.is_user_verified():
        raise ValidationError("This passkey does not check who holds it; use another one.")
    return webauthn.WebAuthn.add(user, name.strip() or "Passkey", credential).instance


def verify(*, user: Any, credential: Any) -> Authenticator:
    """Return the person's passkey that answers the challenge of this session.

    Raises
    ------
    ValidationError
        If none does.
    """
    with _refusing_what_is_malformed():
        webauthn.parse_authentication_response(credential)
        return webauthn.complete_authentication(user, credential)


def verify_anyone(*, credential: Any) -> Authenticator:
    """Return the passkey that answers the challenge of this session, whoever it belongs to.

    Raises
    ------
    ValidationError
        If none does, or its owner is not active.
    """
    with _refusing_what_is_malformed():
        webauthn.parse_authentication_response(credential)
        user = webauthn.extract_user_from_response(credential)
        if not user.is_active:
            raise ValidationError(REFUSED)
        return webauthn.complete_authentication(user, credential)


@contextmanager
def _refusing_what_is_malformed() -> Iterator[None]:
    try:
        yield
    except MALFORMED as error:
        raise ValidationError(REFUSED) from error
