"""Time under observation cut into episodes, each of one state of the patient.

Who is treated one day was not treated before it: counted as treated from birth on, the time that a
patient had to live through to be treated at all would speak for the treatment (immortal time). So
the time is cut at each treatment, and the later part enters its group late (Mantel and Byar 1974,
J Am Stat Assoc 69:81; Simon and Makuch 1984, Stat Med 3:35).
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from analytics.stats.follow_up import FollowUp

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Episode:
    """A time at risk, after `entry` and up to `end`, in which nothing changes but time.

    Attributes
    ----------
    patient, group, stratum : hashable
        Whose it is, with whom it is drawn, and among whom it is compared.
    entry, end : float
        In days since the origin.
    event : bool
        Whether the milestone was reached at `end`.
    load_ml : float or None
        The covariate, where there is one.
    goes_on : bool
        Whether the patient is watched on after `end`, in another state: nobody left there.
    """

    patient: Hashable
    group: Hashable
    stratum: Hashable
    entry: float
    end: float
    event: bool
    load_ml: float | None = None
    goes_on: bool = False


def cut(
    entry: float, end: float, event: bool, starts: Sequence[tuple[float, str]]
) -> list[tuple[tuple[str, ...], float, float, bool]]:
    """Return the parts of a time at risk between the days on which something began.

    Parameters
    ----------
    starts : sequence of (float, str)
        Day and name, in any order. What began on a day holds after it: an assessment of that very
        day shows the patient before it.

    Returns
    -------
    list of (names, entry, end, event)
        In order of time; the names of what had begun, in order of their days.
    """
    begun = sorted(starts)
    parts = []
    edges = sorted({entry, end, *(day for day, _ in begun if entry < day < end)})
    for since, until in pairwise(edges):
        names = tuple(dict.fromkeys(name for day, name in begun if day <= since))
        parts.append((names, since, until, event and until == end))
    return parts


def joined(episodes: Sequence[Episode]) -> list[Episode]:
    """Return the episodes of one patient with neighbours of one group put together again.

    Otherwise a patient would count more than once in a group.
    """
    found: list[Episode] = []
    for one in episodes:
        last = found[-1] if found else None
        if last is not None and (last.group, last.end) == (one.group, one.entry):
            found[-1] = replace(last, end=one.end, event=one.event, goes_on=one.goes_on)
        else:
            found.append(one)
    return found


def columns(episodes: Sequence[Episode]) -> tuple[Array, NDArray[np.bool_], Array]:
    """Return ends, events and entries, as the curves and models take them."""
    return (
        np.array([one.end for one in episodes], dtype=np.float64),
        np.array([one.event for one in episodes], dtype=np.bool_),
        np.array([one.entry for one in episodes], dtype=np.float64),
    )


def n_at_risk(episodes: Sequence[Episode], times: Array) -> NDArray[np.intp]:
    """Return how many are at risk, after their entry and up to their end, at each time."""
    end, event, entry = columns(episodes)
    return FollowUp(entry, end, event).n_at_risk(times)
