"""The words, the lists and the figure of the milestones page."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from analytics.figures.survival import StepCurve, survival_figure
from analytics.selectors.clocks import PARAMETER as AGAINST
from analytics.selectors.cohort_filters import NO_THERAPY, THERAPIES
from analytics.selectors.milestone_question import (
    AGE,
    ARM,
    KIND,
    LEVELS,
    ONSET,
    SUBTYPE,
    THERAPY,
    TOGETHER,
    TREATMENT,
    Question,
)
from analytics.selectors.milestone_results import EVERYBODY, Results
from analytics.selectors.milestones import MilestonePart
from analytics.stats.milestone_groups import LOAD, LOAD_STEP_ML, GroupCurve
from analytics.stats.milestones import EARLIEST, LATEST, MIDDLE
from analytics.views.cohort_filters import Select
from mldtrial.trial.models import AcqStratum
from mldtrial.trial.rules.levels import level_instrument
from mldtrial.trial.rules.subtype import SUBTYPE_NAMES

Choice = tuple[str, str]
GROUPINGS = {
    SUBTYPE: "by subtype",
    THERAPY: "before and after a documented therapy",
    KIND: "by the first documented therapy",
    ARM: "by arm",
    TOGETHER: "all patients together",
}
CLOCKS = {
    AGE: "age",
    ONSET: "time since the first symptom",
    TREATMENT: "time since the first treatment",
}
AXES = {
    AGE: "Age, months",
    ONSET: "Months since the first symptom",
    TREATMENT: "Months since the first treatment",
}
BEGINS = {
    AGE: "the middle of the month of birth",
    ONSET: "the age at the first symptom, which is known to the month",
    TREATMENT: "the first documented therapy or study dose",
}
PLACES = {
    EARLIEST: "on the day after the last visit without it",
    MIDDLE: "midway between the two visits",
    LATEST: "on the day it was first seen",
}


@dataclass(frozen=True, slots=True)
class CurveRow:
    """A group in the table, with its name."""

    label: str
    curve: GroupCurve


def milestone(question: Question) -> str:
    """Return what the milestone is, as the instrument words it."""
    return f"GMFC-MLD {question.level} or worse"


def group_name(group: str, by: str) -> str:
    """Return what people call a group of those who are compared."""
    if by == SUBTYPE:
        return {kind.value: name for kind, name in SUBTYPE_NAMES.items()}.get(group, group)
    if group == EVERYBODY:
        return "all patients"
    if by == ARM:
        return f"arm {group}" if group else "no arm"
    return THERAPIES.get(group, group)


def narrowed_to(part: MilestonePart) -> str:
    """Return what a part is narrowed to, to stand after its counts."""
    chosen = part.question.filters
    subtypes: dict[str, str] = {kind.value: name for kind, name in SUBTYPE_NAMES.items()}
    said = (
        subtypes.get(chosen.subtype, ""),
        THERAPIES.get(chosen.therapy, ""),
        chosen.site and f"site {chosen.site}",
        chosen.arm and f"arm {chosen.arm}",
    )
    return "".join(f", {one}" for one in said if one)


def selects(part: MilestonePart) -> list[Select]:
    """Return the lists of the form; a list that tells nothing apart is left out."""
    question = part.question
    levels = level_instrument("GMFC-MLD").levels
    groupings = [(key, _upper(name)) for key, name in GROUPINGS.items() if key != ARM or part.arms]
    offered: list[tuple[str, str, str, Sequence[Choice], str]] = [
        (
            "level",
            "Milestone, GMFC-MLD",
            "",
            [(str(n), f"{n} or worse: {levels[n].text.partition(';')[0].lower()}") for n in LEVELS],
            str(question.level),
        ),
        (AGAINST, "Time", "", [(k, _upper(v)) for k, v in CLOCKS.items()], question.clock),
        ("by", "Compare", "", groupings, question.by),
        (
            "confirmed",
            "Counts",
            "When it is first seen",
            [("1", "When the next visit confirms it")],
            "1" if question.is_confirmed else "",
        ),
        (
            "load",
            "Load at entry",
            "Not in the model",
            [(s, f"In the model, {s} scans") for s in AcqStratum.values],
            question.load_stratum,
        ),
    ]
    chosen = question.filters
    narrowing: list[tuple[str, str, str, Sequence[Choice], str]] = [
        ("subtype", "Subtype", "All subtypes", _all(SUBTYPE_NAMES), chosen.subtype),
        ("therapy", "Documented therapy", "With and without", _all(THERAPIES), chosen.therapy),
        ("site", "Site", "All sites", [(c, f"{c}, {n}") for c, n in part.sites], chosen.site),
        ("arm", "Arm", "All arms", [(arm, arm) for arm in part.arms], chosen.arm),
    ]
    narrowing = [one for one in narrowing if len(one[3]) > 1 or one[4]]
    return [Select(*one) for one in (*offered, *narrowing)]


def curve_rows(said: Results, question: Question) -> list[CurveRow]:
    """Return the groups of the table, the milestone on the day it was seen."""
    return [CurveRow(group_name(str(c.group), question.by), c) for c in said.latest.curves]


def places(said: Results, question: Question) -> dict[str, Any]:
    """Return what comes out with the milestone on each of three days, a column for each."""
    groups = [str(curve.group) for curve in said.latest.curves]
    found = [{str(curve.group): curve for curve in one.curves} for one in said.placed]
    return {
        "labels": [PLACES[one.place] for one in said.placed],
        "rows": [
            {
                "label": group_name(group, question.by),
                "cells": _labelled(said, [one.get(group) for one in found]),
            }
            for group in groups
        ],
        "tests": _labelled(said, [one.test for one in said.placed]),
        "left_out": [
            (label, n)
            for label, n in _labelled(
                said, [said.n_patients - one.n_patients for one in said.placed]
            )
            if n
        ],
    }


def _labelled(said: Results, cells: Sequence[Any]) -> list[tuple[str, Any]]:
    """Return cells, each with the head of its column for who reads them one below the other."""
    return [(PLACES[one.place], cell) for one, cell in zip(said.placed, cells, strict=True)]


def model(said: Results, question: Question) -> dict[str, Any]:
    """Return the Cox model as rows with names."""
    found = said.model.found
    if found is None:
        return {"reason": said.model.reason}
    reference = "" if found.reference is None else group_name(str(found.reference), question.by)
    return {
        "found": found,
        "reference": reference,
        "why_reference": _why_reference(str(found.reference), question.by),
        "rows": [
            {
                "label": f"{LOAD_STEP_ML:g} mL more load at entry"
                if one.name == LOAD
                else f"{_upper(group_name(str(one.name), question.by))} against {reference}",
                "ratio": one,
            }
            for one in found.ratios
        ],
    }


def _why_reference(reference: str, by: str) -> str:
    if by == ARM:
        return "the first by name; which arm is the control is not on record"
    return "" if reference == NO_THERAPY else "the group of most patients"


def subtypes_mixed(said: Results) -> list[Choice]:
    """Return the subtypes that each curve mixes but the test keeps apart; empty where none are."""
    there = said.subtypes_compared
    return [(one, group_name(one, SUBTYPE)) for one in there] if len(there) > 1 else []


def figure(said: Results, question: Question) -> dict[str, Any]:
    """Return the curves that can be drawn as a figure."""
    drawn = []
    for curve in said.latest.curves:
        if curve.found is None and curve.n_events:
            continue
        own = [one for one in said.episodes if one.group == curve.group]
        none = np.array([])
        steps = (none,) * 4
        if curve.found is not None:
            shape = curve.found
            steps = (shape.times, shape.survival, shape.ci_low, shape.ci_high)
        drawn.append(
            StepCurve(
                # Plotly reads HTML, and people name arms.
                escape(group_name(str(curve.group), question.by)),
                *steps,
                entry=np.array([one.entry for one in own]),
                end=np.array([one.end for one in own]),
                censored=np.sort([o.end for o in own if not (o.event or o.goes_on)]),
            )
        )
    return survival_figure(
        drawn,
        title=f"Free of {milestone(question)}",
        axis_title=AXES[question.clock],
        subtitle=f"n = {said.n_patients} patients, {said.n_events} reached it",
    )


def _upper(words: str) -> str:
    return words[:1].upper() + words[1:]


def _all(names: Any) -> list[Choice]:
    return [(str(key), _upper(label)) for key, label in names.items()]
