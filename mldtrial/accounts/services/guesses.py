"""How often a password or a code may be guessed: per account, per address, per signed-in person.

One table for everything a person can guess, in the database: it is shared by every web process,
it survives a restart, and a lock makes it exact for guesses that arrive at the same moment.
"""

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from mldtrial.accounts.addresses import network_of
from mldtrial.accounts.models import Guess

TOO_MANY = "too_many_guesses"
SALT = "mldtrial.accounts.guesses"


@dataclass(frozen=True, slots=True)
class _Counter:
    """What is counted together, and how many wrong guesses it may hold."""

    kind: str
    value: str
    limit: int

    @property
    def key(self) -> str:
        # People type passwords into the field of the user name: what was typed is not stored.
        named = f"{self.kind}:{self.value}"
        return salted_hmac(SALT, named, algorithm="sha256").hexdigest()


def begin(*, account: str, address: str) -> list[int]:
    """Take the right to one guess at a sign-in; it counts as wrong until `forgive` is called.

    Parameters
    ----------
    account : str
        The user name, as it was typed: one that nobody has is counted as well.
    address : str
        Where the guess comes from.

    Raises
    ------
    ValidationError
        With the code `TOO_MANY`, if the limit of the account or of the address is reached.
    """
    of_account = _Counter("account", account.strip().casefold(), settings.GUESS_LIMIT)
    of_address = _Counter("address", network_of(address), settings.GUESS_LIMIT_OF_ADDRESS)
    return _take([of_account, of_address], meanwhile="A passkey works meanwhile.")


def begin_confirmation(*, user: Any) -> list[int]:
    """Take the right to one guess at a re-authentication; wrong until `forgive` is called.

    It has a counter of its own: strangers guess at a name on the sign-in page, and must not be
    able to keep a signed-in person from a signature or an emergency unblinding.

    Raises
    ------
    ValidationError
        With the code `TOO_MANY`, if the limit of the person is reached.
    """
    return _take([_Counter("confirmation", str(user.pk), settings.GUESS_LIMIT)])


def begin_link(*, email: str, address: str) -> None:
    """Count a request for a link by e-mail; nothing takes it back.

    Raises
    ------
    ValidationError
        With the code `TOO_MANY`, if the limit of the e-mail or of the client address is reached.
    """
    of_email = _Counter("link", email.strip().casefold(), settings.LINK_LIMIT)
    of_address = _Counter("link address", network_of(address), settings.GUESS_LIMIT_OF_ADDRESS)
    _take([of_email, of_address], refused="Too many links were asked for. None is sent")


def forgive(taken: list[int]) -> None:
    """Take back what was counted: the guess was right."""
    Guess.objects.filter(pk__in=taken).delete()


# Durable: inside another transaction, the refusal of a wrong guess would take back its count.
@transaction.atomic(durable=True)
def _take(
    counters: list[_Counter],
    *,
    refused: str = "Too many wrong attempts. Nothing is checked",
    meanwhile: str = "",
) -> list[int]:
    _lock([counter.key for counter in counters])
    since = timezone.now() - timedelta(seconds=settings.GUESS_WINDOW_SECONDS)
    Guess.objects.filter(at__lte=since).delete()
    for counter in counters:
        found = Guess.objects.filter(key=counter.key).order_by("-at")
        times = list(found.values_list("at", flat=True)[: counter.limit])
        if len(times) == counter.limit:
            raise _refusal(refused, (times[-1] - since).total_seconds(), meanwhile)
    made = Guess.objects.bulk_create([Guess(key=counter.key) for counter in counters])
    return [guess.pk for guess in made]


def _refusal(refused: str, seconds: float, meanwhile: str) -> ValidationError:
    minutes = max(1, math.ceil(seconds / 60))
    unit = "minute" if minutes == 1 else "minutes"
    sentence = f"{refused} for another {minutes} {unit}; then please try again. {meanwhile}"
    return ValidationError(sentence.strip(), code=TOO_MANY)


def _lock(keys: list[str]) -> None:
    with connection.cursor() as cursor:
        for key in sorted(keys):
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])
