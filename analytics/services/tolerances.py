"""What a study's own repeated scans say of its tolerances; nothing here changes a setting."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from analytics.selectors import rescans as selected
from analytics.services import findings
from analytics.stats import monotonicity
from analytics.stats.errors import NotEstimableError
from analytics.stats.own_tolerance import OwnTolerance, count_repeats, in_percent, own_tolerance
from analytics.stats.rescans import Change, Session, Situation, sessions
from mldtrial.trial.models import AcqStratum, Study
from segmentation.imaging.acquisitions import what_widens

SITUATIONS = {
    Situation(Change.NONE, AcqStratum.THREE_D): "3D, nothing changed",
    Situation(Change.NONE, AcqStratum.TWO_D): "2D, nothing changed",
    Situation(Change.ACQUISITION, AcqStratum.THREE_D): "3D, scanner or protocol changed",
    Situation(Change.ACQUISITION, AcqStratum.TWO_D): "2D, scanner or protocol changed",
    Situation(Change.STRATUM, ""): "3D against 2D",
}


@dataclass(frozen=True, slots=True)
class Estimate:
    """A tolerance that repeats speak for, or why there is none."""

    found: OwnTolerance | None
    reason: str


@dataclass(frozen=True, slots=True)
class Spoken:
    """What the repeats of one situation say, beside the setting that holds there.

    Attributes
    ----------
    present_ml, present_percent : float
        Of the settings of the study; the larger of the two holds.
    ml, percent : Estimate
        What the repeats speak for, in mL and in percent of the mean.
    n_repeats, n_patients : int
        Scans beyond the first of their session, and whose they are.
    n_within, n_pairs : int
        Of so many neighbouring scans of a session, how many differ by the present tolerance at
        most.
    changed : list of (str, int)
        What changed in how many of the pairs, the most frequent first; empty where nothing did.
    """

    name: str
    present_ml: float
    present_percent: float
    ml: Estimate
    percent: Estimate
    n_repeats: int
    n_patients: int
    n_within: int
    n_pairs: int
    changed: list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Said:
    """What rescans say in each situation, and what was left out of them.

    Attributes
    ----------
    n_undated : int
        Loads without a day to be placed by.
    n_unnamed : int
        Loads of images that do not say their scanner.
    n_trained_on : int
        Patients left out, since the method was trained on a scan of theirs.
    is_training_known : bool
        Whether it is on record whom the method has learned from.
    """

    spoken: list[Spoken]
    n_undated: int
    n_unnamed: int
    n_trained_on: int
    is_training_known: bool


def what_rescans_say(study: Study, *, by: Any) -> Said:
    """Return what the repeated scans of a study say of its tolerances, a row for each situation."""
    measured = selected.measured(study, user=by)
    found = sessions(measured.scans, changed=what_widens)
    spoken = [
        _spoken(study, situation, name, found.get(situation, []))
        for situation, name in SITUATIONS.items()
    ]
    return Said(
        spoken,
        n_undated=measured.n_undated,
        n_unnamed=measured.n_unnamed,
        n_trained_on=measured.n_trained_on,
        is_training_known=measured.is_training_known,
    )


def _spoken(study: Study, situation: Situation, name: str, mine: Sequence[Session]) -> Spoken:
    is_same = situation.change is Change.NONE
    ml = study.tolerance_same_ml if is_same else study.tolerance_changed_ml
    percent = study.tolerance_same_percent if is_same else study.tolerance_changed_percent
    within = [
        _is_within(study, one, other, is_same)
        for session in mine
        for one, other in pairwise(session.values)
    ]
    return Spoken(
        name=name,
        present_ml=float(ml),
        present_percent=float(percent),
        ml=_estimate(mine),
        percent=_estimate(in_percent(mine)),
        n_repeats=count_repeats(mine),
        n_patients=len({session.subject for session in mine}),
        n_within=sum(within),
        n_pairs=len(within),
        changed=Counter(
            " and ".join(session.changed) for session in mine if session.changed
        ).most_common(),
    )


def _is_within(study: Study, one: float, other: float, is_same: bool) -> bool:
    """Return whether two loads differ by no more than the tolerance that the review applies."""
    same, changed = findings.tolerance_parts(study)
    tolerance = monotonicity.pair_tolerance(same=same, changed=changed)
    first = monotonicity.Point(0.0, one, acquisition=True)
    second = monotonicity.Point(0.0, other, acquisition=is_same)
    return abs(one - other) <= tolerance(first, second)


def _estimate(mine: Sequence[Session]) -> Estimate:
    try:
        return Estimate(own_tolerance(mine), "")
    except NotEstimableError as error:
        return Estimate(None, str(error))
