"""Planned visits of loads: a number tells which visit it is, for a name may be changed."""

from collections import Counter
from collections.abc import Hashable, Iterable

import numpy as np

from analytics.selectors.load_columns import Codes, LoadColumns

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


def baseline_of(loads: Iterable[tuple[Visit, Hashable]]) -> Visit | None:
    """Return the first visit with at least half as many patients as the visit that has most.

    A rare early visit does not leave the others without a baseline. None without a load.

    Parameters
    ----------
    loads : iterable of (visit, patient)
        Of one stratum: 3D and 2D may begin at different visits.
    """
    sizes = Counter(visit for visit, _ in set(loads))
    most = max(sizes.values(), default=0)
    return min((visit for visit, size in sizes.items() if 2 * size >= most), default=None)
