"""Which scans of a patient are repeats of one another: so near in time that nothing has changed.

A repeat differs from the scan before by the error of the measurement alone, or nearly so; its own
images are part of that error, so two loads that share an image are none.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from typing import Any

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
    day : int
        Of the acquisition, in days from any origin.
    value : float
        The load, in mL.
    acquisition : hashable
        How it was acquired; what differs between two of them, `sessions` is told.
    images : frozenset of str
        The images that the load was made from, by their content. They order the scans of one day,
        so that the same data have the same repeats.
    """

    subject: str
    day: int
    value: float
    acq_stratum: str
    acquisition: Hashable
    images: frozenset[str]


@dataclass(frozen=True, slots=True)
class Situation:
    """What lies between repeats, and their stratum; empty where that is what changed."""

    change: Change
    acq_stratum: str


@dataclass(frozen=True, slots=True)
class Session:
    """Repeats of one state of a patient: two values or more, in mL, and what changed between."""

    subject: str
    values: tuple[float, ...]
    changed: tuple[str, ...] = ()


Sessions = dict[Situation, list[Session]]
Changed = Callable[[Any, Any], tuple[str, ...]]


def otherwise(one: Hashable, other: Hashable) -> tuple[str, ...]:
    """Return that something changed where two acquisitions are not equal."""
    return () if one == other else ("acquisition",)


def sessions(
    scans: Sequence[Scan], *, days: int = REPEAT_DAYS, changed: Changed = otherwise
) -> Sessions:
    """Return the repeats among scans of one method version, by what lies between them.

    Within a situation each scan counts once. Scans acquired alike are taken together, from the
    first on for so many days, and as many as share no image; of scans acquired otherwise, each is
    paired with the next one.

    Parameters
    ----------
    days : int
        How far apart repeats may lie.
    changed : callable
        What changed between two acquisitions, in words; nothing between those that are alike.
    """
    by_subject: dict[str, list[Scan]] = defaultdict(list)
    for scan in sorted(scans, key=lambda scan: (scan.day, sorted(scan.images), scan.value)):
        by_subject[scan.subject].append(scan)
    found: Sessions = defaultdict(list)
    for mine in by_subject.values():
        _add_unchanged(mine, days, found, changed)
        _add_changed(mine, days, found, changed)
    return dict(found)


def _add_unchanged(mine: Sequence[Scan], days: int, found: Sessions, changed: Changed) -> None:
    groups: list[list[Scan]] = []
    for scan in mine:
        # Alike is not transitive: a scan of no known device is like those of two. So a group is
        # asked of its own days alone; what was scanned long before takes no scan from another.
        for group in groups:
            if scan.day - group[0].day <= days and not any(
                changed(one.acquisition, scan.acquisition) for one in group
            ):
                group.append(scan)
                break
        else:
            groups.append([scan])
    for group in groups:
        _add_group(_most_apart(group), found)


def _most_apart(scans: Sequence[Scan]) -> list[Scan]:
    """Return the most scans of which no two share an image, the first of several such sets."""
    best: list[Scan] = []
    waiting: list[tuple[list[Scan], list[Scan]]] = [([], list(scans))]
    while waiting:
        chosen, left = waiting.pop()
        if len(chosen) > len(best):
            best = chosen
        if len(chosen) + _at_most(left) <= len(best):
            continue
        first, *others = left
        apart = [scan for scan in others if not scan.images & first.images]
        if len(apart) < len(others):  # else nothing is gained by leaving the first one out
            waiting.append((chosen, others))
        waiting.append(([*chosen, first], apart))
    return best


def _at_most(scans: Sequence[Scan]) -> int:
    """Return a number of scans that no set without shared images exceeds."""
    fewest = min((len(scan.images) for scan in scans), default=0)
    if fewest == 0:
        return len(scans)
    images = frozenset[str]().union(*(scan.images for scan in scans))
    return min(len(scans), len(images) // fewest)


def _add_group(group: Sequence[Scan], found: Sessions) -> None:
    if len(group) > 1:
        situation = Situation(Change.NONE, group[0].acq_stratum)
        found[situation].append(Session(group[0].subject, tuple(one.value for one in group)))


def _add_changed(mine: Sequence[Scan], days: int, found: Sessions, changed: Changed) -> None:
    used: set[tuple[Situation, int]] = set()
    for (one, first), (other, second) in combinations(enumerate(mine), 2):
        what = changed(first.acquisition, second.acquisition)
        situation = _situation(first, second, what)
        keys = {(situation, one), (situation, other)}
        if (
            situation.change is not Change.NONE
            and _repeats(first, second, days)
            and not keys & used
        ):
            used |= keys
            found[situation].append(Session(first.subject, (first.value, second.value), what))


def _situation(first: Scan, second: Scan, what: tuple[str, ...]) -> Situation:
    if first.acq_stratum != second.acq_stratum:
        return Situation(Change.STRATUM, "")
    return Situation(Change.ACQUISITION if what else Change.NONE, first.acq_stratum)


def _repeats(first: Scan, second: Scan, days: int) -> bool:
    return second.day - first.day <= days and not first.images & second.images
