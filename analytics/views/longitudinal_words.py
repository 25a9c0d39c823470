"""The words of the page of longitudinal models."""

import json
from collections.abc import Sequence
from html import escape
from typing import Any, cast

from analytics.figures.means import MeanMark, means_figure
from analytics.selectors.longitudinal import BY, StratumModels
from analytics.selectors.longitudinal_rows import EVERYBODY
from analytics.selectors.milestone_question import ARM, SUBTYPE, TOGETHER
from analytics.stats.arms_by_visit import VisitEstimate
from analytics.stats.errors import as_clause
from analytics.stats.visit_change import VisitChange
from analytics.stats.visit_covariances import CHAIN
from analytics.stats.yearly_change import LEVEL_AND_RATE, YearlyChange
from analytics.views.cohort_filters import Select
from analytics.views.milestone_words import group_name

GROUPINGS = {SUBTYPE: "by subtype", ARM: "by arm", TOGETHER: "all patients together"}


def grouping(arms: Sequence[str], by: str) -> Select:
    """Return the list of who may be compared; arms only where they are told."""
    offered = [key for key in BY if key != ARM or arms]
    choices = [(key, GROUPINGS[key][:1].upper() + GROUPINGS[key][1:]) for key in offered]
    return Select("by", "Compare", "", choices, by)


def shown(one: StratumModels, by: str) -> dict[str, Any]:
    """Return the models of a stratum with names in place of codes."""
    return {
        "models": one,
        "change": None if one.change.found is None else _change(one.change.found, by),
        "figure": None
        if one.change.found is None
        else json.dumps(figure(one.change.found, one.stratum, by), allow_nan=False),
        "yearly": None if one.yearly.found is None else _yearly(one.yearly.found, by),
        "odds": [
            ("All scans", one.odds, one.own_odds),
            ("Among patients of one subtype", one.odds_within, one.own_odds_within),
        ],
    }


def figure(found: VisitChange, stratum: str, by: str) -> dict[str, Any]:
    """Return the means by visit as a figure; names are escaped, for plotly reads HTML."""
    marks = [
        MeanMark(
            escape(group_name(str(one.arm), by)),
            _visit(one)[0],
            escape(_visit(one)[1]),
            one.n,
            one.estimate,
            one.ci_low,
            one.ci_high,
        )
        for one in found.found.means
    ]
    model = found.found.model
    return means_figure(
        marks,
        title=f"{stratum}: change since {escape(found.baseline)}",
        baseline=escape(found.baseline),
        subtitle=f"n = {model.n} values of {model.n_patients} patients",
    )


def _change(found: VisitChange, by: str) -> dict[str, Any]:
    arms = found.found
    structure = arms.model.structure
    return {
        "baseline": found.baseline,
        "at": _at(found),
        "caption": f"Least-squares means with their 95 % intervals, at the mean load at"
        f" {found.baseline} {_at(found)}.",
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


def _at(found: VisitChange) -> str:
    """Return whose mean load the means stand at."""
    if len(found.found.patients_of) == 1:
        return "of these patients"
    return "of all arms" if found.is_randomised else "of the group"


def _row(one: VisitEstimate, by: str) -> dict[str, Any]:
    return {"group": group_name(str(one.arm), by), "visit": _visit(one)[1], "estimate": one}


def _visit(one: VisitEstimate) -> tuple[float, str]:
    """Return number and name, as the model was given them."""
    return cast(tuple[float, str], one.visit)


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
