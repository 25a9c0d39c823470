"""When a training has learnt what it can."""

from collections.abc import Sequence

SMALLEST_GAIN = 0.001
"""A smoothed pseudo-Dice that is better by less than this is no better."""


def has_stopped_rising(values: Sequence[float], patience: int) -> bool:
    """Return whether none of the last values is better than the best one before them.

    Parameters
    ----------
    values : sequence of float
        The smoothed pseudo-Dice of each epoch.
    patience : int
        How many values in a row may be no better; 0: any number.
    """
    if patience == 0 or len(values) <= patience:
        return False
    earlier, recent = values[:-patience], values[-patience:]
    return max(recent) < max(earlier) + SMALLEST_GAIN
