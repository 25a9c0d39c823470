"""When a training has learnt what it can."""

from collections.abc import Sequence
from math import isfinite

SMALLEST_GAIN = 0.001
"""A smoothed pseudo-Dice that is better by less than this is no better."""


class NothingToWatchError(Exception):
    """No recent epoch has a value: what they were watched by held nothing to find."""


def has_stopped_rising(values: Sequence[float], patience: int) -> bool:
    """Return whether none of the last values is better than the best one before them.

    Parameters
    ----------
    values : sequence of float
        The smoothed pseudo-Dice of each epoch; not a number where it has none.
    patience : int
        How many values in a row may be no better; 0: any number.

    Raises
    ------
    NothingToWatchError
        If none of the last values is a number: smoothed, none ever will be again.
    """
    if patience == 0 or len(values) <= patience:
        return False
    earlier = [value for value in values[:-patience] if isfinite(value)]
    recent = [value for value in values[-patience:] if isfinite(value)]
    if not recent:
        raise NothingToWatchError
    return bool(earlier) and max(recent) < max(earlier) + SMALLEST_GAIN
