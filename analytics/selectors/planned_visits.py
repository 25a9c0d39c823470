"""Planned visits of loads: a number tells which visit it is, for a name may be changed."""

from collections import Counter
from collections.abc import Hashable, Iterable

import numpy as np

from analytics.selectors.load_columns import Codes, LoadColumns
from analytics.stats.visit_change import FEWEST_PATIENTS

Visit = tuple[float, str]
"""Number, by which visits are in order, and newest name."""


def visits_of(planned: LoadColumns) -> tuple[list[Visit], Codes]:
    """Return the visits in order, each under the name of its latest, and the place of each load."""
    numbers, place = np.unique(planned.visit_number, return_inverse=True)
    names = np.empty(numbers.size, object)
    by_day = np.argsort(planned.visit_date, kind="stable")
    # Of several values for one place the last stays.
    names[place[by_day]] = planned.visit_name[by_day]
    return list(zip(numbers.tolist(), names.tolist(), strict=True)), place.astype(np.intp)


def baseline_of(
    loads: Iterable[tuple[Visit, Hashable, Hashable]], smallest_group: int
) -> Visit | None:
    """Return the first visit at which some group has enough patients; else the first of all.

    One load at an early visit that hardly anybody has does not leave the others without a baseline.

    Parameters
    ----------
    loads : iterable of (visit, group, patient)
    """
    sizes = Counter((visit, group) for visit, group, _ in set(loads))
    fewest = max(FEWEST_PATIENTS, smallest_group)
    enough = [visit for (visit, _), size in sizes.items() if size >= fewest]
    return min(enough or [visit for visit, _ in sizes], default=None)
