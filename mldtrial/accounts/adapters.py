"""How allauth is used here: its login stages and its second factors, with our pages and limits."""

import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib.auth import get_user_model
from django.http import HttpRequest
from django.shortcuts import render

from mldtrial.accounts import encryption
from mldtrial.accounts.addresses import client_address
from mldtrial.accounts.services import passkeys, refusals, sessions

STAGES = ["mldtrial.accounts.stages.SecondFactor"]


class AccountAdapter(DefaultAccountAdapter):
    """Nobody signs up; the only stage between a password and a session is the second factor."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - of allauth
        """Return False: people are invited."""
        return False

    def get_login_stages(self) -> list[str]:
        """Return what stands between the right password and a session."""
        return STAGES

    def login(self, request: HttpRequest, user: Any) -> None:
        """Begin a session, and note when."""
        super().login(request, user)
        sessions.begin(request.session, now=time.time())

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Say nothing: our pages say what happened."""

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """Send nothing."""

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the address counted from the trusted proxies."""
        return client_address(request)


class FactorAdapter(DefaultMFAAdapter):
    """Second factors whose secrets are encrypted at rest."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": passkeys.REFUSED,
    }

    def get_totp_label(self, user: Any) -> str:
        """Return the user name, which is what people type here."""
        return user.get_username()

    def encrypt(self, text: str) -> str:
        """Return a secret as it may be stored."""
        return encryption.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Return the secret again."""
        return encryption.decrypt(encrypted_text)

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Return the host that passkeys are bound to, under the name of the platform."""
        return {**super().get_public_key_credential_rp_entity(), "name": "MLD trial"}


class SocialAdapter(DefaultSocialAccountAdapter):
    """A provider vouches for an e-mail address; who is not known by it stays outside.

    Nothing of the provider is stored, and a password is not touched.
    """

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:  # noqa: ARG002 - of allauth
        """Return False: people are invited."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Go on to the second factor with the person of the address, or refuse."""
        user = _known(sociallogin)
        if user is None:
            raise _refusal(request, "the provider proved no address that is known here")
        record_authentication(request, user, method="oidc")
        asked = sociallogin.state.get("next") or None
        raise ImmediateHttpResponse(perform_login(request, Login(user=user, redirect_url=asked)))

    def on_authentication_error(self, request: HttpRequest, *_: Any, **__: Any) -> None:
        """Say that it did not work, without the details a stranger could use."""
        raise _refusal(request, "the provider's answer was not accepted")


def _known(sociallogin: Any) -> Any:
    trusted = settings.OIDC_TRUST_EMAIL
    addresses = [
        e.email for e in sociallogin.email_addresses if e.email and (e.verified or trusted)
    ]
    people = get_user_model()._default_manager
    found = [people.filter(email__iexact=email, is_active=True).first() for email in addresses]
    return next((user for user in found if user is not None), None)


def _refusal(request: HttpRequest, why: str) -> ImmediateHttpResponse:
    refusals.tell(refusals.PROVIDER, why=why)
    return ImmediateHttpResponse(render(request, "accounts/oidc_refused.html", status=403))
