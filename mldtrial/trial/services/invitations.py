"""Invite people to a study by e-mail, and let them in."""

import hashlib
import secrets
from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.core.validators import validate_email
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone

from mldtrial.audit.context import because
from mldtrial.trial import policies
from mldtrial.trial.models import Invitation, Membership, Site, Study
from mldtrial.trial.services import people, studies
from mldtrial.trial.services.saving import store

VALID_DAYS = 7
GONE = "This invitation is used, withdrawn or older than seven days. Ask for a new one."


@transaction.atomic
def invite_person(
    *, study: Study, email: str, role: str, site: Site | None, by: Any
) -> tuple[Invitation, str]:
    """Offer a role to whoever reads an e-mail address; an earlier offer of the same ends.

    Returns
    -------
    tuple of Invitation and str
        The invitation, and the token of its link, which is stored nowhere.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, the address is none, site and role do not fit, or the role
        is held already.
    """
    policies.require(by, "manage_people", study)
    email = _checked(email)
    if site is not None and site.study_id != study.pk:
        raise ValidationError({"site": "This site belongs to another study."})
    same = {"study": study, "role": role, "site": site}
    if Membership.objects.filter(user__email__iexact=email, is_active=True, **same).exists():
        raise ValidationError({"email": "A person with this address holds this role already."})
    for earlier in _open_ones().filter(email__iexact=email, **same).select_for_update():
        _withdraw(earlier, "Invited again")
    token = secrets.token_urlsafe(32)
    invitation = Invitation(
        email=email,
        token_sha256=_hash(token),
        invited_by=by,
        expires_at=timezone.now() + timedelta(days=VALID_DAYS),
        **same,
    )
    return store(invitation), token


def send_invitation(*, invitation: Invitation, link: str) -> None:
    """Send the e-mail of an invitation; call it when the invitation is stored for good."""
    context = {"invitation": invitation, "link": link, "days": VALID_DAYS}
    send_mail(
        subject=f"Invitation to the study {invitation.study.code}",
        message=render_to_string("accounts/mail_invitation.txt", context),
        from_email=None,
        recipient_list=[invitation.email],
    )


@transaction.atomic
def withdraw_invitation(*, invitation: Invitation, by: Any) -> None:
    """Make the link of an invitation void.

    Raises
    ------
    PermissionDenied, ValidationError
        If the person may not, or the invitation is accepted or withdrawn already.
    """
    policies.require(by, "manage_people", invitation.study)
    locked = Invitation.objects.select_for_update().get(pk=invitation.pk)
    if locked.accepted_at is not None or locked.withdrawn_at is not None:
        raise ValidationError("This invitation is accepted or withdrawn already.")
    _withdraw(locked, "Withdrawn by an administrator")


def find(token: str) -> Invitation | None:
    """Return the invitation that a link belongs to, while it can be accepted."""
    return (
        _open_ones()
        .filter(token_sha256=_hash(token))
        .select_related("study", "site", "invited_by")
        .first()
    )


def login_of(invitation: Invitation) -> Any:
    """Return the person who is known by the address of an invitation, or None."""
    return get_user_model().objects.filter(email__iexact=invitation.email).first()


@transaction.atomic
def accept_as_new_person(*, token: str, full_name: str, username: str, password: str) -> Any:
    """Make a login for the person who was invited, with the role that was offered.

    Raises
    ------
    ValidationError
        If the invitation is gone, or the name, user name or password is refused.
    """
    invitation = _locked(token)
    if not full_name.strip():
        raise ValidationError({"full_name": "Give your name as it shall stand on signatures."})
    with because("Invitation accepted"):
        user = people.create_user(
            username=username,
            full_name=full_name.strip(),
            password=password,
            email=invitation.email,
        )
    _join(invitation, user)
    return user


@transaction.atomic
def accept_invitation(*, token: str, by: Any) -> None:
    """Take an offered role with a login that one has already.

    Raises
    ------
    ValidationError
        If the invitation is gone, or went to another address than the person's.
    """
    invitation = _locked(token)
    if not by.email or by.email.casefold() != invitation.email.casefold():
        raise ValidationError("This invitation went to another person.")
    _join(invitation, by)


def _join(invitation: Invitation, user: Any) -> None:
    with because("Invitation accepted"):
        studies.grant_membership(
            user=user, study=invitation.study, role=invitation.role, site=invitation.site
        )
        invitation.accepted_at, invitation.accepted_by = timezone.now(), user
        store(invitation)


def _withdraw(invitation: Invitation, reason: str) -> None:
    invitation.withdrawn_at = timezone.now()
    with because(reason):
        store(invitation)


def _locked(token: str) -> Invitation:
    found = _open_ones().filter(token_sha256=_hash(token)).select_for_update(of=("self",)).first()
    if found is None:
        raise ValidationError(GONE)
    return found


def _open_ones() -> Any:
    return Invitation.objects.filter(
        accepted_at__isnull=True, withdrawn_at__isnull=True, expires_at__gt=timezone.now()
    )


def _checked(email: str) -> str:
    email = email.strip()
    try:
        validate_email(email)
    except ValidationError as error:
        raise ValidationError(
            {"email": "Give one e-mail address, like name@example.org."}
        ) from error
    return email


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
