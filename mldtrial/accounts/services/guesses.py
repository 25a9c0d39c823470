"""How often a password or a code may be guessed: per account, per address, per signed-in person.

One table for everything a person can guess, in the database: it is shared by every web process,
it survives a restart, and a lock makes it exact for guesses that arrive at the same moment.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from mldtrial.accounts.addresses import network_of
from mldtrial.accounts.holds import hold
from mldtrial.accounts.models import Guess

TOO_MANY = "too_many_guesses"
SALT = "mldtrial.accounts.guesses"


def _digest(kind: str, value: str) -> str:
    # People type passwords into the field of the user name: what was typed is not stored.
    return salted_hmac(SALT, f"{kind}:{value}", algorithm="sha256").hexdigest()


class TooManyError(ValidationError):
    """Nothing was checked, since the limit of a counter is reached.

    `is_first` is True for the first refusal of the counter in a window, so that a flood of
    attempts can be told of once.
    """

    def __init__(self, full: "_Full", refused: str, meanwhile: str) -> None:
        minutes = max(1, math.ceil(full.seconds / 60))
        unit = "minute" if minutes == 1 else "minutes"
        sentence = f"{refused} for another {minutes} {unit}; then please try again. {meanwhile}"
        super().__init__(sentence.strip(), code=TOO_MANY)
        self.is_first = full.is_first


@dataclass(frozen=True, slots=True)
class _Counter:
    """What is counted together, and how much of it there may be.

    With `about` it counts what the guesses are about, each once, and not the guesses.
    """

    kind: str
    value: str
    limit: int
    about: str = ""

    @property
    def key(self) -> str:
        return _digest(self.kind, self.value)


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
        With the code `TOO_MANY`, if the limit of the account is reached, or that of accounts
        guessed at from the address.
    """
    of_account = _Counter("account", account.strip().casefold(), settings.GUESS_LIMIT)
    of_address = _Counter(
        "address", network_of(address), settings.ACCOUNT_LIMIT_OF_ADDRESS, about=of_account.key
    )
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
    of_address = _Counter("link address", network_of(address), settings.LINK_LIMIT_OF_ADDRESS)
    _take([of_email, of_address], refused="Too many links were asked for. None is sent")


def forgive(taken: list[int]) -> None:
    """Take back what was counted: the guess was right."""
    Guess.objects.filter(pk__in=taken).delete()


def _take(
    counters: list[_Counter],
    *,
    refused: str = "Too many wrong attempts. Nothing is checked",
    meanwhile: str = "",
) -> list[int]:
    taken, full = _taken_or_full(counters)
    if full is not None:
        raise TooManyError(full, refused, meanwhile)
    return taken


@dataclass(frozen=True, slots=True)
class _Full:
    """A counter at its limit: for how long, and whether this refusal is the first."""

    seconds: float
    is_first: bool


# Durable: inside another transaction, the refusal of a wrong guess would take back its count.
@transaction.atomic(durable=True)
def _taken_or_full(counters: list[_Counter]) -> tuple[list[int], _Full | None]:
    hold(counter.key for counter in counters)
    now = timezone.now()
    since = now - timedelta(seconds=settings.GUESS_WINDOW_SECONDS)
    Guess.objects.filter(at__lte=since).delete()
    for counter in counters:
        found = Guess.objects.filter(key=counter.key).order_by("-at")
        if counter.about and found.filter(about=counter.about).exists():
            continue
        times = list(found.values_list("at", flat=True)[: counter.limit])
        if len(times) == counter.limit:
            _, is_first = Guess.objects.get_or_create(
                key=_digest("refused", counter.key), defaults={"at": now}
            )
            return [], _Full((times[-1] - since).total_seconds(), is_first)
    return [_count(counter, now) for counter in counters], None


def _count(counter: _Counter, now: datetime) -> int:
    if not counter.about:
        return Guess.objects.create(key=counter.key, at=now).pk
    # What is guessed at again counts from its last guess; once it was right it counts no more.
    row, _ = Guess.objects.update_or_create(
        key=counter.key, about=counter.about, defaults={"at": now}
    )
    return row.pk
