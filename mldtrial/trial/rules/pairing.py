"""Which clinical score belongs to a scan: the nearest one, within a window."""

from bisect import bisect_left
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


def nearest(scores: Sequence[tuple[date, int]], day: date, window_days: int) -> Pair | None:
    """Return the score nearest to a day, the earlier of two equally near ones.

    Parameters
    ----------
    scores : sequence of (date, level)
        In order of date.
    window_days : int
        None is returned where all lie further away than this.
    """
    index = bisect_left(scores, day, key=lambda score: score[0])
    best: Pair | None = None
    for on, level in scores[max(index - 1, 0) : index + 1]:
        gap_days = (on - day).days
        # In order of date, so that of two equally near ones the earlier stays.
        if abs(gap_days) <= window_days and (best is None or abs(gap_days) < abs(best.gap_days)):
            best = Pair(on, level, gap_days)
    return best
