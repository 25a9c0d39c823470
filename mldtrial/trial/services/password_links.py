"""A new password for who has forgotten it: by a link to the e-mail address of the login."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string

from mldtrial.accounts.services import guesses, passwords, refusals
from mldtrial.audit import context
from mldtrial.audit.models import AccessAction
from mldtrial.trial.services import access, mailing

GONE = "This link was used, or is too old. Ask for a new one."


class _Tokens(PasswordResetTokenGenerator):
    """Tokens that end with the password, and with whatever else ends the person's sessions."""

    key_salt = "mldtrial.trial.password_link"

    def _make_hash_value(self, user: Any, timestamp: int) -> str:
        return f"{super()._make_hash_value(user, timestamp)}{user.session_epoch}"


_tokens = _Tokens()


def send_link(*, email: str, address: str, link_of: Callable[[UUID, str], str]) -> None:
    """Send a link to whoever has this address; nothing tells the caller whether anybody has.

    Parameters
    ----------
    address : str
        Where the request comes from.
    link_of : callable
        Makes the link out of the id of a user and a token.

    Raises
    ------
    ValidationError
        If too many links were asked for, for this e-mail address or from that address.
    """
    with refusals.told(refusals.LINK, username=email):
        guesses.begin_link(email=email, address=address)
    user = get_user_model().objects.filter(email__iexact=email, is_active=True).first()
    if user is None:
        refusals.tell(refusals.LINK, why="nobody active has this address", username=email)
        return
    access.log(AccessAction.LINK_ASKED, by=user)
    text = {
        "user": user,
        "link": link_of(user.pk, _tokens.make_token(user)),
        "minutes": settings.PASSWORD_RESET_TIMEOUT // 60,
    }
    mailing.send_later(
        EmailMessage(
            subject="A new password",
            body=render_to_string("accounts/mail_password_link.txt", text),
            to=[user.email],
        )
    )


def find(user_id: UUID, token: str) -> Any:
    """Return the person a link belongs to, while it can be used; None otherwise."""
    user = get_user_model().objects.filter(pk=user_id, is_active=True).first()
    return user if user is not None and _tokens.check_token(user, token) else None


@transaction.atomic
def use_link(*, user_id: UUID, token: str, new_password: str) -> None:
    """Give the person of a link a new password: the link and every session of theirs end.

    Second factors stay, and are asked for at the next sign-in.

    Raises
    ------
    ValidationError
        If the link is used up or too old, or at ``new_password``, if that is too weak.
    """
    # Locked, so that of two uses at the same moment one finds the link used.
    get_user_model().objects.select_for_update().filter(pk=user_id).first()
    user = find(user_id, token)
    if user is None:
        raise ValidationError(GONE)
    said = context.said()
    with context.acting(
        user=user,
        origin=said.get("origin", ""),
        reason="New password by a link",
        address=said.get("address", ""),
    ):
        passwords.set_password(user=user, new_password=new_password)
        access.log(AccessAction.PASSWORD_SET, by=user)
