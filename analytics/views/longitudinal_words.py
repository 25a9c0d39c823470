"""The words of the page of longitudinal models."""

from typing import Any

from analytics.selectors.cohort import Part
from analytics.selectors.longitudinal import BY, EVERYBODY, StratumModels
from analytics.selectors.milestone_question import ARM, SUBTYPE, TOGETHER
from analytics.stats.arms_by_visit import VisitEstimate
from analytics.stats.errors import as_clause
from analytics.stats.visit_change import VisitChange
from analytics.stats.visit_covariances import CHAIN
from analytics.stats.yearly_change import LEVEL_AND_RATE, YearlyChange
from analytics.views.cohort_filters import Select
from analytics.views.milestone_words import group_name

GROUPINGS = {SUBTYPE: "by subtype", ARM: "by arm", TOGETHER: "all patients together"}


def grouping(part: Part, by: str) -> Select:
    """Return the list of who may be compared; arms only where they are told."""
    offered = [key for key in BY if key != ARM or part.arms]
    choices = [(key, GROUPINGS[key][:1].upper() + GROUPINGS[key][1:]) for key in offered]
    return Select("by", "Compare", "", choices, by)


def shown(one: StratumModels, by: str) -> dict[str, Any]:
    """Return the models of a stratum with names in place of codes."""
    return {
        "models": one,
        "change": None if one.change.found is None else _change(one.change.found, by),
        "yearly": None if one.yearly.found is None else _yearly(one.yearly.found, by),
        "odds": [
            ("All scans", one.odds),
            ("Among patients of one subtype", one.odds_within),
        ],
    }


def _change(found: VisitChange, by: str) -> dict[str, Any]:
    arms = found.found
    structure = arms.model.structure
    return {
        "baseline": found.baseline,
        "means": [_row(one, by) for one in arms.means],
        "differences": [_row(one, by) for one in arms.differences],
        "reference": group_name(str(arms.reference), by),
        "n_patients": arms.model.n_patients,
        "n_values": arms.model.n,
        "structure": structure,
        "passed_over": [
            (name, as_clause(reason)) for name, reason in arms.model.passed_over.items()
        ],
        "is_fallback": structure != CHAIN[0],
        "left_out": [
            *(group_name(group, by) for group in found.groups_left_out),
            *found.visits_left_out,
        ],
        "n_without_baseline": found.n_without_baseline,
        "adjusted_for": [group_name(name, SUBTYPE) for name in found.adjusted_for],
    }


def _row(one: VisitEstimate, by: str) -> dict[str, Any]:
    visit = one.visit[1] if isinstance(one.visit, tuple) else one.visit
    return {"group": group_name(str(one.arm), by), "visit": visit, "estimate": one}


def _yearly(found: YearlyChange, by: str) -> dict[str, Any]:
    def named(group: str) -> str:
        return "all patients" if group == EVERYBODY else group_name(group, by)

    return {
        "rates": [(named(one.group), one) for one in found.rates],
        "differences": [(named(one.group), one) for one in found.differences],
        "reference": named(found.reference),
        "has_rates": found.random == LEVEL_AND_RATE,
        "why_not_rates": as_clause(found.why_not_rates),
        "components": found.components,
        "is_singular": found.is_singular,
        "left_out": [named(group) for group in found.groups_left_out],
    }
