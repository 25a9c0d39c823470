"""How often a password or a code may be guessed: per account, and per address.

One counter for everything a person can guess, in the database: it is shared by every web process,
it survives a restart, and a lock makes it exact for guesses that arrive at the same moment.
"""

import math
from datetime import timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from mldtrial.accounts.addresses import network_of
from mldtrial.accounts.models import Guess

TOO_MANY = "too_many_guesses"
SALT = "mldtrial.accounts.guesses"


# Durable: inside another transaction, the refusal of a wrong guess would take back its count.
@transaction.atomic(durable=True)
def begin(*, account: str, address: str = "") -> list[int]:
    """Take the right to one guess; it counts as wrong until `forgive` is called.

    Parameters
    ----------
    account : str
        The user name, as it was typed: one that nobody has is counted as well.
    address : str
        Where the guess comes from; empty where the person is signed in.

    Raises
    ------
    ValidationError
        With the code `TOO_MANY`, if the limit of the account or of the address is reached.
    """
    keys = [_key("account", account.strip().casefold())]
    if address:
        keys.append(_key("address", network_of(address)))
    _lock(keys)
    since = timezone.now() - timedelta(seconds=settings.GUESS_WINDOW_SECONDS)
    Guess.objects.filter(at__lte=since).delete()
    for key in keys:
        times = list(Guess.objects.filter(key=key).order_by("-at").values_list("at", flat=True))
        if len(times) >= settings.GUESS_LIMIT:
            raise _refusal((times[settings.GUESS_LIMIT - 1] - since).total_seconds())
    return [guess.pk for guess in Guess.objects.bulk_create([Guess(key=key) for key in keys])]


def forgive(taken: list[int]) -> None:
    """Take back what `begin` counted: the guess was right."""
    Guess.objects.filter(pk__in=taken).delete()


def _refusal(seconds: float) -> ValidationError:
    minutes = max(1, math.ceil(seconds / 60))
    unit = "minute" if minutes == 1 else "minutes"
    return ValidationError(
        f"Too many wrong attempts. Nothing is checked for another {minutes} {unit}; then please "
        "try again. A passkey works meanwhile.",
        code=TOO_MANY,
    )


def _key(kind: str, value: str) -> str:
    # People type passwords into the field of the user name: what was typed is not stored.
    return salted_hmac(SALT, f"{kind}:{value}", algorithm="sha256").hexdigest()


def _lock(keys: list[str]) -> None:
    with connection.cursor() as cursor:
        for key in sorted(keys):
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])
