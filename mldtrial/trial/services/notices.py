"""Give and revoke a person's calendar link, choose the digest, and send it."""

import hashlib
import logging
import secrets
from smtplib import SMTPException
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.mail import send_mail
from django.db import transaction

from mldtrial.audit.context import because
from mldtrial.trial import policies
from mldtrial.trial.models import Notices
from mldtrial.trial.selectors.digest import digest_of
from mldtrial.trial.services.saving import store

TOKEN_BYTES = 32
log = logging.getLogger(__name__)


@transaction.atomic
def new_calendar_link(*, by: Any) -> str:
    """Return the secret part of a new calendar address; the one before it ends.

    Raises
    ------
    PermissionDenied
        If nobody is signed in.
    """
    token = secrets.token_urlsafe(TOKEN_BYTES)
    own = _own(by)
    own.calendar_sha256 = token_hash(token)
    with because("A new calendar link was asked for."):
        store(own)
    return token


@transaction.atomic
def revoke_calendar_link(*, by: Any) -> Notices:
    """End a person's calendar address.

    Raises
    ------
    PermissionDenied
        If nobody is signed in.
    """
    own = _own(by)
    own.calendar_sha256 = ""
    with because("The calendar link was revoked."):
        return store(own)


@transaction.atomic
def choose_digest(*, wants_digest: bool, by: Any) -> Notices:
    """Turn a person's e-mail digest on or off.

    Raises
    ------
    PermissionDenied
        If nobody is signed in.
    """
    own = _own(by)
    own.wants_digest = wants_digest
    with because("The person chose."):
        return store(own)


def token_hash(token: str) -> str:
    """Return the hash by which a calendar address is found again."""
    return hashlib.sha256(token.encode()).hexdigest()


def send_digests() -> int:
    """Send each person who wants it what waits for them; returns how many were sent.

    Nothing is sent to whoever has no address, no role or no work.

    Raises
    ------
    ValidationError
        After all others were sent, if the mail server refused some.
    """
    people = get_user_model().objects.filter(is_active=True, memberships__is_active=True)
    sent = refused = 0
    for person in people.exclude(email="").exclude(notices__wants_digest=False).distinct():
        digest = digest_of(person)
        if not digest.lines:
            continue
        try:
            sent += send_mail("Work that waits for you", digest.text, None, [person.email])
        except (SMTPException, OSError):
            refused += 1
            log.exception("The digest of the person %s was not sent.", person.pk)
    if refused:
        raise ValidationError(
            f"{sent} digests were sent, {refused} were not: the mail server refused them. "
            "The log says whose and why."
        )
    return sent


def _own(by: Any) -> Notices:
    if not policies.is_known(by):
        raise PermissionDenied("Sign in first.")
    found = Notices.objects.select_for_update().filter(user=by).first()
    return found or Notices(user=by)
