"""Groups of patients compared in the time to a milestone: curves, log-rank test, Cox model.

Nothing is tested with fewer than five events for each difference that is asked for: below that,
intervals of a Cox model hold the truth too seldom (Vittinghoff and McCulloch 2007, Am J Epidemiol
165:710). An event while a single group is at risk compares nothing, and does not count.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.stats import cox, survival
from analytics.stats.cox_checks import Proportionality, proportional_hazards
from analytics.stats.episodes import Episode, columns, n_at_risk
from analytics.stats.errors import NotEstimableError, as_clause
from analytics.stats.survival import LogRank, SurvivalCurve

Array = NDArray[np.float64]
EVENTS_EACH = 5
"""Events for each difference below which there is no test."""
LOAD = "load"
LOAD_STEP_ML = 10.0
"""mL of load to which a hazard ratio belongs."""


@dataclass(frozen=True, slots=True)
class GroupCurve:
    """The curve of one group; `found` is None where `reason` says why.

    Attributes
    ----------
    n, n_events : int
        Patients at risk at some time, and events among them.
    """

    group: Hashable
    n: int
    n_events: int
    found: SurvivalCurve | None
    reason: str


@dataclass(frozen=True, slots=True)
class HazardRatio:
    """How much more often the milestone is reached, of those who have not reached it yet.

    Attributes
    ----------
    name : hashable
        The group, or ``load`` for 10 mL more of it.
    changes_p : float or None
        Of the test that the ratio stays the same over time; None where that cannot be told.
    """

    name: Hashable
    ratio: float
    ci_low: float
    ci_high: float
    p_value: float
    changes_p: float | None


@dataclass(frozen=True, slots=True)
class Hazards:
    """The Cox model of all groups.

    Attributes
    ----------
    reference : hashable or None
        The group that the others are compared with.
    overall_changes : tuple of float, int and float, or None
        Test of proportional hazards of all ratios together: statistic, degrees of freedom, p.
    why_unchecked : str
        Why there is no such test.
    """

    ratios: list[HazardRatio]
    reference: Hashable | None
    n: int
    n_events: int
    overall_changes: tuple[float, int, float] | None
    why_unchecked: str


def curves(episodes: Sequence[Episode], groups: Sequence[Hashable]) -> list[GroupCurve]:
    """Return the curve of each group that has somebody at risk, in the order given."""
    found = []
    for group in groups:
        own = [one for one in episodes if one.group == group]
        if own:
            found.append(_curve(group, own))
    return found


def _curve(group: Hashable, own: Sequence[Episode]) -> GroupCurve:
    n, n_events = len({one.patient for one in own}), sum(one.event for one in own)
    if not n_events:
        return GroupCurve(group, n, 0, None, "no patient of this group reached it")
    try:
        return GroupCurve(group, n, n_events, survival.kaplan_meier(*columns(own)), "")
    except NotEstimableError as error:
        return GroupCurve(group, n, n_events, None, as_clause(str(error)))


def difference(episodes: Sequence[Episode]) -> LogRank:
    """Return the log-rank test of the groups, within strata.

    Raises
    ------
    NotEstimableError
        As `survival.log_rank`, or if there are too few events.
    """
    if not episodes:
        raise NotEstimableError("Nobody is at risk.")
    groups = [one.group for one in episodes]
    differences = len(set(groups)) - 1
    if differences:
        _must_be_enough(episodes, differences, of_groups=True)
    end, event, entry = columns(episodes)
    return survival.log_rank(end, event, groups, entry, [one.stratum for one in episodes])


def hazards(episodes: Sequence[Episode], reference: Hashable, *, with_load: bool) -> Hazards:
    """Return the Cox model of the groups, and of the load at entry, within strata.

    Parameters
    ----------
    reference : hashable
        The group that the others are compared with; groups are compared if there are two.

    Raises
    ------
    NotEstimableError
        As `cox.fit`; if there are too few events; or if there is nothing to compare.
    ValueError
        If the load is asked for and an episode has none.
    """
    groups = [one.group for one in episodes]
    others = [group for group in dict.fromkeys(groups) if group != reference]
    names: list[Hashable] = [*others, LOAD] if with_load else others
    if not names or (others and reference not in groups):
        raise NotEstimableError("A hazard ratio needs two groups, or the load.")
    if others:
        _must_be_enough(episodes, len(others), of_groups=True)
    if with_load:
        _must_be_enough(episodes, len(names), of_groups=False)
    design = np.array([[group == name for name in others] for group in groups], dtype=np.float64)
    if with_load:
        design = np.column_stack([design, _loads(episodes) / LOAD_STEP_ML])
    end, event, entry = columns(episodes)
    model = cox.fit(end, event, design, entry, [one.stratum for one in episodes])
    checked, why = _checked(model)
    ratios = [
        HazardRatio(
            name,
            float(model.hazard_ratios[i]),
            float(model.ci_low[i]),
            float(model.ci_high[i]),
            float(model.p_values[i]),
            None if checked is None else float(checked.p_values[i]),
        )
        for i, name in enumerate(names)
    ]
    overall = None if checked is None else checked.overall
    n = len({one.patient for one in episodes})
    return Hazards(ratios, reference if others else None, n, model.n_events, overall, why)


def _checked(model: cox.CoxModel) -> tuple[Proportionality | None, str]:
    try:
        return proportional_hazards(model), ""
    except NotEstimableError as error:
        return None, str(error)


def _loads(episodes: Sequence[Episode]) -> Array:
    if any(one.load_ml is None for one in episodes):
        raise ValueError("Every patient needs a load, or is left out.")
    return np.array([one.load_ml for one in episodes], dtype=np.float64)


def _must_be_enough(episodes: Sequence[Episode], differences: int, *, of_groups: bool) -> None:
    found, needed = _events_compared(episodes, of_groups=of_groups), EVENTS_EACH * differences
    if found >= needed:
        return
    alone = sum(one.event for one in episodes) - found
    if of_groups and alone and not found:
        raise NotEstimableError(
            "The groups are never at risk together when one of them reaches it; nothing compares."
        )
    said = f"{found} event{' is' if found == 1 else 's are'} too few: {needed} are needed,"
    said += f" {EVENTS_EACH} for each difference"
    if alone:
        what = "group" if of_groups else "patient"
        said += f"; {alone} more do not count, for one {what} alone was at risk then"
    raise NotEstimableError(f"{said}.")


def _events_compared(episodes: Sequence[Episode], *, of_groups: bool) -> int:
    """Return at how many events two groups, or two patients, of the stratum were at risk."""
    found = 0
    for stratum in {one.stratum for one in episodes}:
        own = [one for one in episodes if one.stratum == stratum]
        times = np.array([one.end for one in own if one.event])
        at_risk = np.array(
            [
                n_at_risk([one for one in own if one.group == group], times)
                for group in {one.group for one in own}
            ]
        )
        there = (at_risk > 0) if of_groups else at_risk
        found += int((there.sum(axis=0) >= 2).sum())
    return found
