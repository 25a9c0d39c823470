"""The change since baseline by planned visit, in the model of repeated measures as declared.

Which groups and visits the model can hold is decided before it is fitted, by counts alone, and
said: a group of few patients is left out, and then a visit at which some group has next to nobody.
"""

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from analytics.stats.arms_by_visit import ArmsByVisit, compare_arms
from analytics.stats.errors import NotEstimableError

Array = NDArray[np.float64]
FEWEST_PATIENTS = 5
"""Patients of a group with a later value below which it is left out."""
FEWEST_AT_VISIT = 2
"""Values of a group at a visit below which the visit is left out: one has no spread."""


@dataclass(frozen=True, slots=True)
class VisitValue:
    """A value of a patient at a planned visit.

    Attributes
    ----------
    visit : tuple of (float, str)
        Number, by which visits are in order, and name.
    stratum : str
        A class of the patient whose mean course is adjusted for; empty for none.
    """

    patient: Hashable
    group: str
    visit: tuple[float, str]
    value: float
    stratum: str = ""


@dataclass(frozen=True, slots=True)
class VisitChange:
    """The fitted model, and what it could not hold.

    Attributes
    ----------
    groups_left_out, visits_left_out : list of str
        With fewer than the fewest patients, or at which some group has too few values.
    n_without_baseline : int
        Patients with a later value but none at baseline.
    adjusted_for : list of str
        Strata that have a column of their own.
    is_randomised : bool
        Means are at the mean baseline of all groups; otherwise each at that of its own.
    """

    found: ArmsByVisit
    baseline: str
    groups_left_out: list[str]
    visits_left_out: list[str]
    n_without_baseline: int
    adjusted_for: list[str]
    is_randomised: bool


def visit_change(
    values: Sequence[VisitValue],
    baseline: tuple[float, str],
    groups: Sequence[str],
    *,
    is_randomised: bool = False,
    fewest_patients: int = FEWEST_PATIENTS,
    fewest_at_visit: int = FEWEST_AT_VISIT,
) -> VisitChange:
    """Return the model of the change since baseline.

    Parameters
    ----------
    baseline : tuple of (float, str)
        The visit that all later ones are compared with.
    groups : sequence of str
        In order; the one of most patients is the reference, and comes first.
    is_randomised : bool
        Chance alone has dealt patients out to the groups; the first of them is the reference then,
        for the largest may be another one with each enrolment.

    Raises
    ------
    NotEstimableError
        As `arms_by_visit.compare_arms`, or if too few groups or visits are left.
    """
    first = {one.patient: one.value for one in values if one.visit == baseline}
    later = [one for one in values if one.visit > baseline]
    earlier = sorted({one.visit for one in values if one.visit < baseline})
    paired = [one for one in later if one.patient in first]
    sizes = Counter({one.patient: one.group for one in paired}.values())
    kept = [group for group in groups if sizes[group] >= fewest_patients]
    if not kept:
        raise NotEstimableError(
            f"No group has {fewest_patients} patients with a load at {baseline[1]} and a later one."
        )
    held = [one for one in paired if one.group in kept]
    cells = Counter((one.visit, one.group) for one in held)
    visits = sorted({one.visit for one in paired})
    planned = [v for v in visits if all(cells[v, group] >= fewest_at_visit for group in kept)]
    if len(planned) < 2:
        raise NotEstimableError(
            f"Repeated measures need two visits after {baseline[1]} at which every group has"
            f" {fewest_at_visit} loads; found {len(planned)}."
        )
    rows = [one for one in held if one.visit in planned]
    columns, adjusted_for = _strata(rows)
    largest = max(kept, key=lambda group: (sizes[group], -kept.index(group)))
    reference = kept[0] if is_randomised else largest
    found = compare_arms(
        [one.value - first[one.patient] for one in rows],
        [one.patient for one in rows],
        [one.visit for one in rows],
        [one.group for one in rows],
        planned,
        reference,
        baseline=[first[one.patient] for one in rows],
        covariates=columns,
        is_randomised=is_randomised,
        others=kept,
    )
    return VisitChange(
        # What was searched in takes a megabyte with 1,000 patients, and all was asked of it.
        replace(found, model=replace(found.model, parts=None)),
        baseline[1],
        [group for group in groups if sizes[group] > 0 and group not in kept],
        [name for number, name in [*earlier, *visits] if (number, name) not in planned],
        len({one.patient for one in later} - set(first)),
        adjusted_for,
        is_randomised,
    )


def _strata(rows: Sequence[VisitValue]) -> tuple[Array | None, list[str]]:
    """Return a column for each stratum but the commonest."""
    sizes = Counter({one.patient: one.stratum for one in rows}.values())
    others = [name for name, _ in sizes.most_common()][1:]
    if not others:
        return None, []
    table = np.array([[one.stratum == name for name in others] for one in rows], dtype=np.float64)
    return table, [name for name, _ in sizes.most_common()]
