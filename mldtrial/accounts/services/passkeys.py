"""Passkeys: what a browser sends is read with care, since anybody can send it."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth as webauthn
from django.core.exceptions import ValidationError

from mldtrial.accounts.services import refusals

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
    with refusals.told(refusals.PASSKEY, user=user), _refusing_what_is_malformed():
        webauthn.parse_authentication_response(credential)
        return webauthn.complete_authentication(user, credential)


def verify_anyone(*, credential: Any) -> Authenticator:
    """Return the passkey that answers the challenge of this session, whoever it belongs to.

    Here the passkey is the whole sign-in, so it must have checked who holds it.

    Raises
    ------
    ValidationError
        If none does, or it did not check who holds it, or its owner is not active.
    """
    with refusals.told(refusals.PASSKEY), _refusing_what_is_malformed():
        given = webauthn.parse_authentication_response(credential)
        user = webauthn.extract_user_from_response(credential)
    with refusals.told(refusals.PASSKEY, user=user), _refusing_what_is_malformed():
        # The challenge may be that of a second factor, which allauth remembers in the same place.
        if not user.is_active or not given.response.authenticator_data.is_user_verified():
            raise ValidationError(REFUSED)
        return webauthn.complete_authentication(user, credential)


@contextmanager
def _refusing_what_is_malformed() -> Iterator[None]:
    try:
        yield
    except MALFORMED as error:
        raise ValidationError(REFUSED) from error
