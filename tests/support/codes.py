"""Codes of an authenticator app, as the app of a person would show them."""

import time
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp

from mldtrial.accounts.services import second_factors

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code(secret: str = SECRET, *, later: int = 0) -> str:
    """Return the code of now, or of so many steps of 30 s later."""
    step = int(time.time()) // 30 + later
    return totp.format_hotp_value(totp.hotp_value(secret.replace(" ", ""), step))


def enrol(user: Any) -> list[str]:
    """Enrol an app with the known secret; returns the recovery codes."""
    codes = second_factors.enrol_app(user=user, secret=SECRET, code=code(), request=None)
    let_time_pass(user)
    return codes


def let_time_pass(user: Any) -> None:
    """Forget which code was used last, as if its 30 s were long over."""
    app = Authenticator.objects.get(user=user, type=second_factors.APP)
    app.data[second_factors.LAST_STEP] = 0
    app.save()
