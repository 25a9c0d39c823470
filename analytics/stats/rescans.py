"""Which scans of a patient are repeats of one another: so near in time that nothing has changed.

A repeat differs from the scan before by the error of the measurement alone, or nearly so; its own
images are part of that error, so two loads that share an image are none.
"""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from enum import StrEnum

REPEAT_DAYS = 7
"""Scans this far apart at most repeat each other. At the fastest course expected of MLD, 120 mL a
year, a load grows by 2.3 mL meanwhile, less than half of what one state of the disease is taken to
differ by (5.5 mL); in 14 days it would nearly be that."""


class Change(StrEnum):
    """What lies between two scans of a patient; the settings of a study know none and any."""

    NONE = "NONE"
    ACQUISITION = "ACQUISITION"
    STRATUM = "STRATUM"


@dataclass(frozen=True, slots=True)
class Scan:
    """A load with what decides of which other loads it is a repeat.

    Attributes
    ----------
    key : str
        Orders scans of one day; the same data then have the same pairs.
    day : int
        Of the acquisition, in days from any origin.
    value : float
        The load, in mL.
    acquisition : hashable
        Scanner, sequences and stratum as one comparable value.
    images : frozenset
        The images that the load was made from.
    """

    key: str
    subject: str
    day: int
    value: float
    acq_stratum: str
    acquisition: Hashable
    images: frozenset[Hashable]


@dataclass(frozen=True, slots=True)
class Situation:
    """What lies between repeats, and their stratum; empty where that is what changed."""

    change: Change
    acq_stratum: str


@dataclass(frozen=True, slots=True)
class Session:
    """Repeats of one state of a patient: two values or more, in mL."""

    subject: str
    values: tuple[float, ...]


Sessions = dict[Situation, list[Session]]


def sessions(scans: Sequence[Scan], *, days: int = REPEAT_DAYS) -> Sessions:
    """Return the repeats among scans of one method version, by what lies between them.

    Within a situation each scan counts once. Scans acquired alike are taken together, from the
    first on for so many days; of scans acquired otherwise, each is paired with the next one.

    Parameters
    ----------
    days : int
        How far apart repeats may lie.
    """
    by_subject: dict[str, list[Scan]] = defaultdict(list)
    for scan in sorted(scans, key=lambda scan: (scan.day, scan.key)):
        by_subject[scan.subject].append(scan)
    found: Sessions = defaultdict(list)
    for mine in by_subject.values():
        _add_unchanged(mine, days, found)
        _add_changed(mine, days, found)
    return dict(found)


def _add_unchanged(mine: Sequence[Scan], days: int, found: Sessions) -> None:
    alike: dict[Hashable, list[Scan]] = defaultdict(list)
    for scan in mine:
        alike[scan.acquisition].append(scan)
    for scans in alike.values():
        group: list[Scan] = []
        for scan in scans:
            if group and scan.day - group[0].day > days:
                _add_group(group, found)
                group = []
            if all(_repeats(one, scan, days) for one in group):
                group.append(scan)
        _add_group(group, found)


def _add_group(group: Sequence[Scan], found: Sessions) -> None:
    if len(group) > 1:
        situation = Situation(Change.NONE, group[0].acq_stratum)
        found[situation].append(Session(group[0].subject, tuple(one.value for one in group)))


def _add_changed(mine: Sequence[Scan], days: int, found: Sessions) -> None:
    used: set[tuple[Situation, str]] = set()
    for index, first in enumerate(mine):
        for second in mine[index + 1 :]:
            situation = _situation(first, second)
            keys = {(situation, first.key), (situation, second.key)}
            if (
                situation.change is not Change.NONE
                and _repeats(first, second, days)
                and not keys & used
            ):
                used |= keys
                found[situation].append(Session(first.subject, (first.value, second.value)))


def _situation(first: Scan, second: Scan) -> Situation:
    if first.acq_stratum != second.acq_stratum:
        return Situation(Change.STRATUM, "")
    change = Change.NONE if first.acquisition == second.acquisition else Change.ACQUISITION
    return Situation(change, first.acq_stratum)


def _repeats(first: Scan, second: Scan, days: int) -> bool:
    return second.day - first.day <= days and not first.images & second.images
