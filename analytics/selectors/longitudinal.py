"""The models of how the load goes on: change by visit, change per year, and the motor level."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from analytics.selectors.cohort import Part
from analytics.selectors.correlations import too_small
from analytics.selectors.longitudinal_rows import EVERYBODY, Measured, measured_of
from analytics.selectors.milestone_question import ARM, SUBTYPE, TOGETHER
from analytics.selectors.planned_visits import baseline_of
from analytics.stats import level_odds, visit_change, yearly_change
from analytics.stats.errors import NotEstimableError, as_clause
from analytics.stats.level_odds import LevelOdds, PatientOdds
from analytics.stats.visit_change import VisitChange, VisitValue
from analytics.stats.yearly_change import Components, Timed, YearlyChange
from mldtrial.trial.models import AcqStratum, Study
from mldtrial.trial.rules.subtype import Subtype
from mldtrial.trial.selectors import arms_of_everybody

BY = (SUBTYPE, ARM, TOGETHER)
DAYS_PER_YEAR = 365.25
NO_COMPONENTS = "the levels and rates of patients cannot be told apart"
FoundT = TypeVar("FoundT")


@dataclass(frozen=True, slots=True)
class Fitted:
    """A model, or why there is none."""

    found: Any
    reason: str


@dataclass(frozen=True, slots=True)
class StratumModels:
    """The models of the 3D or of the 2D scans.

    Attributes
    ----------
    n_ungrouped : int
        Patients who are in no group, so that change and yearly change leave them out.
    treated_changes, treated_scans : tuple of (int, int)
        Of the rows of the change by visit and of the yearly change, those after a treatment had
        begun, the study's own included, and how many there are.
    change, yearly : Fitted
        Of `VisitChange` and of `YearlyChange`.
    odds, odds_within : Fitted
        Of `LevelOdds`: over all scans, and among patients of one subtype.
    own_odds, own_odds_within : Fitted
        Of `PatientOdds`, likewise.
    """

    stratum: str
    n: int
    n_patients: int
    n_ungrouped: int
    treated_changes: tuple[int, int]
    treated_scans: tuple[int, int]
    change: Fitted
    yearly: Fitted
    odds: Fitted
    odds_within: Fitted
    own_odds: Fitted
    own_odds_within: Fitted


def models(
    study: Study, part: Part, *, user: Any, by: str, smallest_group: int
) -> list[StratumModels]:
    """Return the models of a part of the cohort, 3D and 2D apart; of the strata that have scans.

    Patients whose subtype is not determined, or who have no arm, are in no group. Where arms are
    compared, the subtype is adjusted for.

    Parameters
    ----------
    by : str
        Who is compared: ``subtype``, ``arm`` where arms are told to this person, or ``together``.
    smallest_group : int
        Patients below which nothing is shown to this person.
    """
    arms: Mapping[str, str] = {}
    if by == ARM:
        told = arms_of_everybody(study, user=user)
        arms = {str(patient): arm for patient, arm in told.items()}
    measured = measured_of(part, by, arms)
    return [
        _of_stratum(stratum, own, by, smallest_group)
        for stratum in AcqStratum.values
        if (own := [one for one in measured if one.stratum == stratum])
    ]


@dataclass(frozen=True, slots=True)
class OwnCourse:
    """How the patients of a study differ, as a trial is planned on it.

    Attributes
    ----------
    found : Components or None
        None where `reason` says why.
    is_within_subtypes : bool
        Patients of one subtype are compared; else all alike.
    """

    stratum: str
    found: Components | None
    is_within_subtypes: bool
    n: int
    n_patients: int
    reason: str


def own_courses(part: Part, *, smallest_group: int) -> list[OwnCourse]:
    """Return how patients differ in level and rate, 3D and 2D apart; of the strata with scans.

    Within subtypes where these scans allow it, for a trial compares patients of one subtype.
    """
    within, alike = (measured_of(part, by, {}) for by in (SUBTYPE, TOGETHER))
    found = []
    for stratum in AcqStratum.values:
        rows = [[one for one in own if one.stratum == stratum] for own in (within, alike)]
        if rows[1]:
            own, mixed = (_own_course(stratum, own, smallest_group) for own in rows)
            # What subtypes differ by is none of the spread within one, where that can be fitted.
            found.append(own if own.n else mixed)
    return found


def _own_course(stratum: str, measured: Sequence[Measured], smallest: int) -> OwnCourse:
    grouped = [one for one in measured if one.group]
    is_within = all(one.group != EVERYBODY for one in grouped)
    try:
        fitted = _yearly(grouped, SUBTYPE, smallest)
    except NotEstimableError as error:
        return OwnCourse(stratum, None, is_within, 0, 0, as_clause(str(error)))
    n = sum(rate.n for rate in fitted.rates)
    n_patients = sum(rate.n_patients for rate in fitted.rates)
    reason = "" if fitted.components is not None else NO_COMPONENTS
    return OwnCourse(stratum, fitted.components, is_within, n, n_patients, reason)


def _of_stratum(
    stratum: str,
    measured: Sequence[Measured],
    by: str,
    smallest: int,
) -> StratumModels:
    n_patients = len({one.patient for one in measured})
    if n_patients < smallest:
        none = Fitted(None, too_small(smallest))
        return StratumModels(stratum, 0, 0, 0, (0, 0), (0, 0), *[none] * 6)
    grouped = [one for one in measured if one.group]
    # Nobody is of an arm before the trial: there the scans of its visits count alone.
    timed = [one for one in grouped if by != ARM or one.visit is not None]
    baseline = baseline_of((one.visit, one.patient) for one in grouped if one.visit is not None)
    change = _fitted(lambda: _change(grouped, baseline, by, smallest))
    yearly = _fitted(lambda: _yearly(timed, by, smallest))
    return StratumModels(
        stratum=stratum,
        n=len(measured),
        n_patients=n_patients,
        n_ungrouped=n_patients - len({one.patient for one in grouped}),
        treated_changes=_treated(_of_change(grouped, baseline, change.found)),
        treated_scans=_treated(_of_yearly(timed, yearly.found)),
        change=change,
        yearly=yearly,
        odds=_odds(level_odds.level_odds, measured, smallest, within=False),
        odds_within=_odds(level_odds.level_odds, measured, smallest, within=True),
        own_odds=_odds(level_odds.patient_odds, measured, smallest, within=False),
        own_odds_within=_odds(level_odds.patient_odds, measured, smallest, within=True),
    )


def _treated(rows: Sequence[Measured]) -> tuple[int, int]:
    return sum(one.is_after_treatment for one in rows), len(rows)


def _of_change(
    grouped: Sequence[Measured], baseline: tuple[float, str] | None, found: VisitChange | None
) -> list[Measured]:
    """Return the loads whose changes the model holds."""
    if found is None:
        return []
    held = {(one.visit, one.arm) for one in found.found.means}
    first = {one.patient for one in grouped if one.visit == baseline}
    return [one for one in grouped if one.patient in first and (one.visit, one.group) in held]


def _of_yearly(timed: Sequence[Measured], found: YearlyChange | None) -> list[Measured]:
    held = set() if found is None else {one.group for one in found.rates}
    return [one for one in timed if one.group in held]


def _fitted(fit: Callable[[], FoundT]) -> Fitted:
    try:
        return Fitted(fit(), "")
    except NotEstimableError as error:
        return Fitted(None, as_clause(str(error)))


def _in_order(measured: Sequence[Measured]) -> list[str]:
    there = {one.group for one in measured}
    subtypes = [str(kind.value) for kind in Subtype if kind.value in there]
    return subtypes or sorted(there)


def _change(
    grouped: Sequence[Measured], baseline: tuple[float, str] | None, by: str, smallest: int
) -> VisitChange:
    if baseline is None:
        raise NotEstimableError("No load is of a planned visit.")
    values = [
        VisitValue(one.patient, one.group, one.visit, one.load_ml, one.subtype if by == ARM else "")
        for one in grouped
        if one.visit is not None
    ]
    return visit_change.visit_change(
        values,
        baseline,
        _in_order(grouped),
        is_randomised=by == ARM,
        fewest_patients=max(visit_change.FEWEST_PATIENTS, smallest),
        fewest_at_visit=max(visit_change.FEWEST_AT_VISIT, smallest),
    )


def _yearly(grouped: Sequence[Measured], by: str, smallest: int) -> YearlyChange:
    first: dict[int, float] = {}
    for one in grouped:
        first[one.patient] = min(one.day, first.get(one.patient, one.day))
    values = [
        Timed(one.patient, one.group, (one.day - first[one.patient]) / DAYS_PER_YEAR, one.load_ml)
        for one in grouped
    ]
    return yearly_change.yearly_change(
        values,
        _in_order(grouped),
        is_by_arm=by == ARM,
        fewest_patients=max(yearly_change.FEWEST_PATIENTS, smallest),
    )


def _odds(
    fit: Callable[..., LevelOdds | PatientOdds],
    measured: Sequence[Measured],
    smallest: int,
    *,
    within: bool,
) -> Fitted:
    rows = [
        (one, one.level)
        for one in measured
        if one.level is not None and not (within and one.subtype == Subtype.UNDETERMINED)
    ]
    if not rows:
        return Fitted(None, "no scan has a GMFC-MLD level near enough")
    return _fitted(
        lambda: fit(
            [level for _, level in rows],
            [one.load_ml for one, _ in rows],
            [one.patient for one, _ in rows],
            [one.subtype for one, _ in rows] if within else None,
            fewest_patients=max(level_odds.FEWEST_PATIENTS, smallest),
        )
    )
