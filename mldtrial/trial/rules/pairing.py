"""Which clinical score belongs to a scan: the nearest one, within a window."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from mldtrial.trial.rules.subtype import Subtype


@dataclass(frozen=True, slots=True)
class Windows:
    """How far a score may lie from a scan, in days; both ends belong to the window.

    Late-infantile patients can lose a level within two to four months (domain reference,
    4.1), so theirs is the narrow one.
    """

    late_infantile_days: int = 30
    other_days: int = 90

    def days(self, subtype: str) -> int:
        """Return the window of a subtype."""
        return self.late_infantile_days if subtype == Subtype.LATE_INFANTILE else self.other_days


@dataclass(frozen=True, slots=True)
class Pair:
    """A score with the day it was assessed and its distance from the scan.

    Attributes
    ----------
    gap_days : int
        Day of the score minus day of the scan: negative where the score came first.
    """

    day: date
    level: int
    gap_days: int


@dataclass(frozen=True, slots=True)
class TwoLevels:
    """A nearest day with levels that differ: which of them counts, nobody has decided.

    Attributes
    ----------
    gap_days : int
        As of a pair.
    """

    day: date
    gap_days: int


def nearest(
    scores: Sequence[tuple[date, int]], day: date, window_days: int
) -> Pair | TwoLevels | None:
    """Return the score nearest to a day, the earlier of two equally near ones.

    Where the nearest day has levels that differ, none is taken, neither of it nor of a day further
    away: the nearest is known to be in doubt.

    Parameters
    ----------
    scores : sequence of (date, level)
        In order of date.
    window_days : int
        None is returned where all lie further away than this.
    """
    days = [on for on, _ in scores]
    index = bisect_left(days, day)
    # Of two equally near ones `min` keeps the first, which is the earlier.
    beside = days[max(index - 1, 0) : index + 1]
    on = min(beside, key=lambda one: abs((one - day).days), default=None)
    if on is None or abs((on - day).days) > window_days:
        return None
    levels = {level for _, level in scores[bisect_left(days, on) : bisect_right(days, on)]}
    gap_days = (on - day).days
    return Pair(on, levels.pop(), gap_days) if len(levels) == 1 else TwoLevels(on, gap_days)
