"""Second factors: authenticator apps, passkeys and recovery codes."""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.utils import decrypt
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from mldtrial.accounts.services import passkeys, sessions

APP, PASSKEY = Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN
RECOVERY = Authenticator.Type.RECOVERY_CODES
FACTORS = (APP, PASSKEY)
LAST_STEP = "last_step"
WRONG_CODE = (
    "This code is not right, or it was used already. Codes change every 30 seconds: "
    "wait for the next one and type it in."
)


def factors(user: Any) -> QuerySet[Authenticator]:
    """Return the second factors of a person, without the recovery codes."""
    return Authenticator.objects.filter(user=user, type__in=FACTORS).order_by("created_at")


def is_enrolled(user: Any) -> bool:
    """Return whether a person has a second factor."""
    return factors(user).exists()


def asks_for_code(user: Any) -> bool:
    """Return whether a person has an authenticator app, and so a code to type."""
    return factors(user).filter(type=APP).exists()


def recovery_codes_left(user: Any) -> int:
    """Return how many recovery codes a person has not used yet."""
    found = Authenticator.objects.filter(user=user, type=RECOVERY).first()
    return len(found.wrap().get_unused_codes()) if found is not None else 0


@transaction.atomic
def enrol_app(*, user: Any, secret: str, code: str, request: Any) -> list[str]:
    """Add an authenticator app whose first code is right.

    Returns
    -------
    list of str
        New recovery codes, to be shown once; empty where the person has some already.

    Raises
    ------
    ValidationError
        At ``code``, if it is wrong; or if an app is enrolled already.
    """
    if asks_for_code(user):
        raise ValidationError("An authenticator app is enrolled already; remove it first.")
    step = _matching_step(secret, code, after=0)
    if step is None:
        raise ValidationError({"code": WRONG_CODE})
    app = totp.TOTP.activate(user, secret).instance
    app.data[LAST_STEP] = step
    app.save(update_fields=["data"])
    return _finish(user, request)


@transaction.atomic
def enrol_passkey(*, user: Any, name: str, credential: Any, request: Any) -> list[str]:
    """Add a passkey that this browser has just made.

    Returns
    -------
    list of str
        New recovery codes, to be shown once; empty where the person has some already.

    Raises
    ------
    ValidationError
        If the passkey does not answer the challenge of this session, or did not check
        who holds it.
    """
    passkeys.register(user=user, name=name, credential=credential)
    return _finish(user, request)


@transaction.atomic
def remove(*, factor: Authenticator, request: Any) -> None:
    """Remove a second factor; recovery codes go with the last one."""
    user = factor.user
    factor.delete()
    if not is_enrolled(user):
        Authenticator.objects.filter(user=user, type=RECOVERY).delete()
    sessions.end_all(user=user, but_this=request)


@transaction.atomic
def renew_recovery_codes(*, user: Any, request: Any = None) -> list[str]:
    """Make new recovery codes; the earlier ones end.

    Raises
    ------
    ValidationError
        If the person has no second factor to recover from.
    """
    if not is_enrolled(user):
        raise ValidationError("Recovery codes need a second factor; enrol one first.")
    Authenticator.objects.filter(user=user, type=RECOVERY).delete()
    codes = RecoveryCodes.activate(user).get_unused_codes()
    sessions.end_all(user=user, but_this=request)
    return codes


@transaction.atomic
def use_code(*, user: Any, code: str) -> Authenticator:
    """Use up a code of the authenticator app, or a recovery code.

    Raises
    ------
    ValidationError
        At ``code``, if it is wrong, or was used before.
    """
    app = Authenticator.objects.select_for_update().filter(user=user, type=APP).first()
    if app is not None:
        step = _matching_step(decrypt(app.data["secret"]), code, after=app.data.get(LAST_STEP, 0))
        if step is not None:
            app.data[LAST_STEP], app.last_used_at = step, timezone.now()
            app.save(update_fields=["data", "last_used_at"])
            return app
    recovery = Authenticator.objects.filter(user=user, type=RECOVERY).first()
    if recovery is None or not recovery.wrap().validate_code(code):
        raise ValidationError({"code": WRONG_CODE})
    return recovery


def _matching_step(secret: str, code: str, *, after: int) -> int | None:
    """Return the time step a code belongs to; only later ones than the last used count."""
    typed = "".join(code.split())
    for step in totp.yield_hotp_counters_from_time():
        expected = totp.format_hotp_value(totp.hotp_value(secret, step))
        if step > after and constant_time_compare(typed, expected):
            return step
    return None


def _finish(user: Any, request: Any) -> list[str]:
    codes = []
    if not Authenticator.objects.filter(user=user, type=RECOVERY).exists():
        codes = RecoveryCodes.activate(user).get_unused_codes()
    sessions.end_all(user=user, but_this=request)
    return codes
