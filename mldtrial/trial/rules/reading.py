"""What two independent reads of one case come to, and the names of cases."""

import secrets
from collections.abc import Mapping, Sequence
from enum import StrEnum

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Without 0, 1, I and O, which people mistake for each other."""

Items = Mapping[str, float | int | None]


class Agreement(StrEnum):
    """What two totals say together."""

    AGREED = "AGREED"
    NOT_EVALUABLE = "NOT_EVALUABLE"
    DISAGREED = "DISAGREED"


def compare(first: int | None, second: int | None, tolerance: int) -> Agreement:
    """Return whether two readers agree; who is called the first makes no difference.

    Parameters
    ----------
    first, second : int or None
        The totals; None where a region could not be evaluated. One such total against a
        number is a disagreement, for nothing is filled in (domain reference, 5.3).
    tolerance : int
        Largest difference of two readers who agree (Eichler 2009: 2 points).
    """
    if first is None and second is None:
        return Agreement.NOT_EVALUABLE
    if first is None or second is None or abs(first - second) > tolerance:
        return Agreement.DISAGREED
    return Agreement.AGREED


def mean_items(reads: Sequence[Items]) -> dict[str, float | int | None]:
    """Return the mean of each item over reads; their sum is the mean of the totals.

    An item that a reader could not evaluate has no mean.
    """
    return {key: _mean([read[key] for read in reads]) for key in reads[0]}


def _mean(values: Sequence[float | int | None]) -> float | int | None:
    scored = [value for value in values if value is not None]
    if len(scored) < len(values):
        return None
    mean = sum(scored) / len(scored)
    return int(mean) if mean == int(mean) else mean


def new_reading_id(prefix: str = "R") -> str:
    """Return a name for a case, drawn at random: nothing of the patient or visit is in it."""
    drawn = "".join(secrets.choice(ALPHABET) for _ in range(8))
    return f"{prefix}-{drawn[:4]}-{drawn[4:]}"
