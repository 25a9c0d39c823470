"""Time to a milestone of GMFC-MLD, from the dated levels of each patient.

A milestone is seen at a visit but happens between two: all that is known is the last visit at a
lower level and the first at the milestone or above (interval censoring). Curves and models that
take one day for it are right only if visits are frequent against the course; in the late infantile
form, where a level is lost in two to four months, they may not be. So each time is made for the
`EARLIEST`, the `MIDDLE` and the `LATEST` day possible: where they tell different stories, the
visits do not carry the claim.
Death before the milestone is censored here like leaving the study, so that a curve is that of a
world without death; say so beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

Assessments = Sequence[tuple[date, int]]
EARLIEST = "earliest"
MIDDLE = "middle"
LATEST = "latest"
PLACES = (EARLIEST, MIDDLE, LATEST)
WORST = 6
REACHED_BEFORE = "the milestone was reached before or at the first assessment"
NEVER_AT_RISK = "no later assessment shows the patient without the milestone"


@dataclass(frozen=True, slots=True)
class Milestone:
    """When a patient reached a milestone, in days since the origin (birth, onset).

    Attributes
    ----------
    entry : float
        The first assessment below the milestone, from which on the patient is watched; 0 if it was
        before the origin.
    event : bool
        Whether it was reached; otherwise the patient was last seen without it on `latest`.
    earliest, latest : float
        The day after the last assessment at a lower level, and the first assessment at the
        milestone; equal without event.
    recovered : bool
        A later level was better than the milestone again.
    """

    entry: float
    event: bool
    earliest: float
    latest: float
    recovered: bool

    def end(self, place: str) -> float:
        """Return the day that is taken for the event, or the day of censoring."""
        if place not in PLACES:
            raise ValueError(f"The place is one of {', '.join(PLACES)}, got {place}.")
        middle = (self.earliest + self.latest) / 2
        return {EARLIEST: self.earliest, MIDDLE: middle, LATEST: self.latest}[place]


def milestone(
    assessments: Assessments, level: int, origin: date, *, confirmed: bool = False
) -> Milestone | str:
    """Return when a level was first reached, or the reason why a patient cannot be counted.

    Parameters
    ----------
    assessments : sequence of (date, int)
        GMFC-MLD levels 0 to 6 in any order, one per day.
    level : int
        The milestone: this level or a worse one.
    origin : date
        Day 0 of the clock, for example of birth or of the first symptom.
    confirmed : bool
        It counts only if the next assessment is at the milestone or worse too, and dates from the
        first. A first assessment at the milestone that the next one takes back excludes nobody, but
        the patient is watched from the next one only: had that been at the milestone too, the
        patient would be excluded, so that nothing could have happened between them. A last
        assessment that nothing confirms neither counts nor adds time at risk. To end the
        observation before it is informative, for it is those who may have reached the milestone who
        lose their last interval: the curve falls too late. Show the unconfirmed one beside it.

    Raises
    ------
    ValueError
        If a level is not 0 to 6, the milestone not 1 to 6, or two levels are of one day.
    """
    days, levels = _dated(assessments, level, origin)
    reached = [value >= level for value in levels]
    first = _first(reached, confirmed=confirmed)
    if first is not None and (first == 0 or days[first] <= 0):
        return REACHED_BEFORE
    if all(reached):
        return NEVER_AT_RISK
    entry = max(days[reached.index(False)], 0.0)
    if first is None:
        # The last assessment without the milestone: one that nothing confirms is the very last.
        free = len(days) - (2 if reached[-1] else 1)
        if days[free] <= entry:
            return NEVER_AT_RISK
        return Milestone(entry, False, days[free], days[free], False)
    earliest = max(days[first - 1], entry) + 1
    recovered = any(value < level for value in levels[first + 1 :])
    return Milestone(entry, True, earliest, days[first], recovered)


def _dated(assessments: Assessments, level: int, origin: date) -> tuple[list[float], list[int]]:
    if not 1 <= level <= WORST:
        raise ValueError(f"A milestone is a level from 1 to {WORST}, got {level}.")
    dated = sorted(assessments)
    days = [float((day - origin).days) for day, _ in dated]
    levels = [value for _, value in dated]
    if any(not 0 <= value <= WORST for value in levels):
        raise ValueError(f"A level of GMFC-MLD is 0 to {WORST}.")
    if len(set(days)) < len(days):
        raise ValueError("Two levels are of one day; decide which one counts.")
    return days, levels


def _first(reached: Sequence[bool], *, confirmed: bool) -> int | None:
    for index, here in enumerate(reached):
        if here and (not confirmed or (index + 1 < len(reached) and reached[index + 1])):
            return index
    return None
