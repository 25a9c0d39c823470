"""What the milestones of a part of the cohort say: curves, tests, a model."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from analytics.selectors.cohort_filters import ANY_THERAPY, NO_THERAPY, THERAPIES
from analytics.selectors.milestone_question import ARM, KIND, SUBTYPE, THERAPY, Question
from analytics.selectors.milestones import MilestonePart, Watched
from analytics.stats import episodes
from analytics.stats.episodes import Episode
from analytics.stats.errors import NotEstimableError, as_clause
from analytics.stats.milestone_groups import GroupCurve, Hazards, curves, difference, hazards
from analytics.stats.milestones import LATEST, PLACES, Milestone
from analytics.stats.survival import LogRank
from mldtrial.trial.rules.age import DAYS_PER_MONTH
from mldtrial.trial.rules.subtype import Subtype

EVERYBODY = "EVERYBODY"


@dataclass(frozen=True, slots=True)
class Tested:
    """A log-rank test, or why there is none."""

    found: LogRank | None
    reason: str


@dataclass(frozen=True, slots=True)
class Placed:
    """What comes out where the milestone is put on one day between two visits.

    Who would have reached it by then before being at risk is not among its patients.
    """

    place: str
    n_patients: int
    curves: list[GroupCurve]
    test: Tested


@dataclass(frozen=True, slots=True)
class Modelled:
    """A Cox model, or why there is none."""

    found: Hazards | None
    reason: str


@dataclass(frozen=True, slots=True)
class Results:
    """All that the page says of a question; times in months.

    Attributes
    ----------
    episodes : list of Episode
        With the milestone on the day it was seen.
    groups : list of str
        Those with somebody at risk, in order.
    n_patients, n_events : int
    n_too_late : int
        Patients who had no time at risk left in what is asked for.
    n_recovered : int
        Patients among the events with a better level again after the milestone.
    undetermined_left_out : int
        Patients drawn but not compared: their subtype is not determined, or their arm.
    undetermined_stratum : int
        Patients of no determined subtype whose arms are compared in a stratum of their own.
    """

    episodes: list[Episode]
    groups: list[str]
    n_patients: int
    n_events: int
    n_too_late: int
    n_recovered: int
    undetermined_left_out: int
    undetermined_stratum: int
    placed: list[Placed]
    model: Modelled

    @property
    def latest(self) -> Placed:
        """What is shown first: the milestone on the day it was seen."""
        return next(one for one in self.placed if one.place == LATEST)

    @property
    def subtypes_compared(self) -> list[str]:
        """The subtypes that curves mix; empty where test and model do not keep them apart."""
        strata = {str(one.stratum) for one in self.episodes}
        return [kind.value for kind in Subtype if kind.value in strata]


def results(part: MilestonePart) -> Results:
    """Return what the patients of a part say, with each milestone on three days."""
    placed, shown = [], []
    for place in PLACES:
        found = [one for own in part.watched for one in episodes_of(own, part.question, place)]
        groups = _in_order(part.question, found)
        compared = _compared(part.question, found)
        n_patients = len({one.patient for one in found})
        placed.append(Placed(place, n_patients, curves(found, groups), _tested(compared)))
        if place == LATEST:
            shown = found
    at_risk = {one.patient for one in shown}
    reached = {one.patient for one in shown if one.event}
    counted = [one for one in part.watched if isinstance(one.reached, Milestone)]
    compared = _compared(part.question, shown)
    return Results(
        episodes=shown,
        groups=_in_order(part.question, shown),
        n_patients=len(at_risk),
        n_events=sum(one.event for one in shown),
        n_too_late=sum(one.patient_id not in at_risk for one in counted),
        n_recovered=sum(
            isinstance(one.reached, Milestone)
            and one.reached.recovered
            and one.patient_id in reached
            for one in counted
        ),
        undetermined_left_out=len(at_risk - {one.patient for one in compared}),
        undetermined_stratum=len(
            {one.patient for one in compared if one.stratum == Subtype.UNDETERMINED}
        ),
        placed=placed,
        model=_modelled(part.question, compared),
    )


def episodes_of(one: Watched, question: Question, place: str) -> list[Episode]:
    """Return the times at risk of a patient that a question is about, in months."""
    if not isinstance(one.reached, Milestone):
        return []
    load_ml = None if one.baseline is None else one.baseline.load_ml
    # The load is known from its scan on, and nobody is at risk before it is.
    known_from = 0.0 if one.baseline is None else one.baseline.day
    entry = max(
        one.reached.entry, known_from, one.counts_from, question.from_months * DAYS_PER_MONTH
    )
    end = one.reached.end(place)
    if end <= entry:
        return []
    starts = one.therapies if question.tells_therapy else ()
    stratum = one.subtype if question.is_within_subtypes else ""
    parts = [
        Episode(
            one.patient_id,
            _group(question, one, begun),
            stratum,
            since / DAYS_PER_MONTH,
            until / DAYS_PER_MONTH,
            event,
            load_ml,
            goes_on=until < end,
        )
        for begun, since, until, event in episodes.cut(entry, end, one.reached.event, starts)
        if _accepts_therapies(question.filters.therapy, begun)
    ]
    return episodes.joined(parts)


def _accepts_therapies(asked: str, begun: Sequence[str]) -> bool:
    if asked == NO_THERAPY:
        return not begun
    if asked == ANY_THERAPY:
        return bool(begun)
    return not asked or asked in begun


def _group(question: Question, one: Watched, begun: Sequence[str]) -> str:
    if question.by == SUBTYPE:
        return one.subtype
    if question.by == ARM:
        return one.arm
    if question.by == THERAPY:
        return ANY_THERAPY if begun else NO_THERAPY
    if question.by == KIND:
        return begun[0] if begun else NO_THERAPY
    return EVERYBODY


def _in_order(question: Question, found: Sequence[Episode]) -> list[str]:
    there = {str(one.group) for one in found}
    known: Sequence[str] = {
        SUBTYPE: [kind.value for kind in Subtype],
        THERAPY: list(THERAPIES),
        KIND: list(THERAPIES),
    }.get(question.by, sorted(there))
    return [group for group in known if group in there]


def _compared(question: Question, found: Sequence[Episode]) -> list[Episode]:
    """Return who is compared: of an undetermined subtype there is no group to speak of.

    Nor is it a stratum: its patients may be of any subtype. Arms were dealt out among them all.
    """
    if question.by == SUBTYPE:
        return [one for one in found if one.group != Subtype.UNDETERMINED]
    if question.by == ARM:
        return [one for one in found if one.group]
    if question.is_within_subtypes:
        return [one for one in found if one.stratum != Subtype.UNDETERMINED]
    return list(found)


def _tested(compared: Sequence[Episode]) -> Tested:
    try:
        return Tested(difference(compared), "")
    except NotEstimableError as error:
        return Tested(None, as_clause(str(error)))


def _modelled(question: Question, compared: Sequence[Episode]) -> Modelled:
    groups = _in_order(question, compared)
    try:
        reference = _reference(question, groups, compared)
        found = hazards(compared, reference, with_load=bool(question.load_stratum))
    except NotEstimableError as error:
        return Modelled(None, as_clause(str(error)))
    order = {group: place for place, group in enumerate(groups)}
    ratios = sorted(found.ratios, key=lambda one: order.get(str(one.name), len(order)))
    return Modelled(replace(found, ratios=ratios), "")


def _reference(question: Question, groups: Sequence[str], compared: Sequence[Episode]) -> str:
    """Return whom the others are compared with: the untreated, else the group of most patients.

    Of arms the first by name: which is the control is not on record, and with the largest a ratio
    would turn round when one more patient is enrolled.
    """
    if NO_THERAPY in groups:
        return NO_THERAPY
    if question.by == ARM and groups:
        return groups[0]
    counts = [len({one.patient for one in compared if one.group == group}) for group in groups]
    return groups[int(np.argmax(counts))] if groups else EVERYBODY
