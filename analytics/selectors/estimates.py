"""One relation estimated four ways: over all scans, by subtype, within patients, and by a model."""

from dataclasses import dataclass, replace

import numpy as np

from analytics.selectors import correlations
from analytics.selectors.columns import Columns, Mask
from analytics.selectors.correlations import IntervalOf, Relation
from analytics.selectors.samples import Array, Sample, computed
from analytics.stats import correlation, own_slopes
from analytics.stats.direction import Directed, Opposition, opposition
from analytics.stats.errors import NotEstimableError, as_clause
from analytics.stats.resampling import SMALLEST_N
from mldtrial.trial.models import AcqStratum
from mldtrial.trial.rules.subtype import Subtype

POOLED, BY_SUBTYPE, WITHIN, MIXED = "pooled", "by-subtype", "within", "mixed"
OPPOSABLE = (POOLED, BY_SUBTYPE, WITHIN)
"""The estimates whose signs are compared. The mixed model weighs what the others tell apart."""

LEVEL_AND_SLOPE, LEVEL = "level and slope", "level"
"""In what patients differ in the mixed model."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """An estimate and what it rests on; numbers are None where it is not estimable.

    A correlation; of the mixed model the load in mL for each step of the score.

    Attributes
    ----------
    random : str
        In what patients differ in the mixed model: ``level and slope`` or ``level``.
    why_no_slopes : str
        Why the slopes of patients could not be told apart; empty where they could.
    """

    n: int
    n_patients: int
    value: float | None
    ci_low: float | None
    ci_high: float | None
    reason: str
    sample: Sample | None = None
    random: str = ""
    why_no_slopes: str = ""

    @property
    def is_pending(self) -> bool:
        """True while the interval is being computed."""
        return self.value is not None and self.ci_low is None


@dataclass(frozen=True, slots=True)
class SideBySide:
    """The estimates of one acquisition stratum by name, and whether their signs oppose."""

    stratum: str
    estimates: dict[str, Estimate]
    opposition: Opposition | None


def side_by_side(columns: Columns, relation: Relation, *, smallest_group: int) -> list[SideBySide]:
    """Return the estimates of 3D and of 2D scans, of the strata that have scans.

    Patients of an undetermined subtype, or alone in theirs, are left out of the estimate by
    subtype. Who may see no group below `smallest_group` patients gets none of fewer: neither an
    estimate nor a subtype in it.
    """
    found = planned(columns, relation, smallest_group=smallest_group)
    return [with_intervals(one, computed) for one in found]


def planned(columns: Columns, relation: Relation, *, smallest_group: int) -> list[SideBySide]:
    """Return the estimates without the intervals that patients are resampled for."""
    scores = relation.of(columns)
    return [
        SideBySide(stratum, _of_stratum(columns, scores, relation, stratum, smallest_group), None)
        for stratum in AcqStratum.values
        if (columns.stratum == stratum).any()
    ]


def with_intervals(found: SideBySide, interval_of: IntervalOf) -> SideBySide:
    """Return estimates with their intervals, and whether they oppose once all are there."""
    estimates = {
        name: _with_interval(one, interval_of, is_pooled=name == POOLED)
        for name, one in found.estimates.items()
    }
    if any(one.is_pending for one in estimates.values()):
        return replace(found, estimates=estimates)
    directed = {
        name: Directed(one.value, one.ci_low, one.ci_high)
        for name, one in estimates.items()
        if name in OPPOSABLE
        and one.value is not None
        and one.ci_low is not None
        and one.ci_high is not None
    }
    return SideBySide(found.stratum, estimates, opposition(directed))


def _with_interval(one: Estimate, interval_of: IntervalOf, *, is_pooled: bool) -> Estimate:
    found = None if one.sample is None else interval_of(one.sample)
    if found is None:
        return one
    if found.reason:
        reason = found.reason if is_pooled else as_clause(found.reason)
        return replace(one, value=None, reason=reason)
    return replace(one, ci_low=found.low, ci_high=found.high)


def _of_stratum(
    columns: Columns, scores: Array, relation: Relation, stratum: str, smallest: int
) -> dict[str, Estimate]:
    here = (columns.stratum == stratum) & ~np.isnan(scores)
    row = correlations.planned_of_stratum(columns, relation, stratum, smallest_group=smallest)
    return {
        POOLED: Estimate(row.n, row.n_patients, row.rho, None, None, row.reason, row.sample),
        BY_SUBTYPE: _by_subtype(columns, scores, here, smallest),
        WITHIN: _within(columns, scores, here, smallest),
        MIXED: _mixed(columns, scores, here, smallest),
    }


def _by_subtype(columns: Columns, scores: Array, here: Mask, smallest: int) -> Estimate:
    known = here & (columns.subtype != Subtype.UNDETERMINED.value)
    # A patient who is alone in a subtype is compared with nobody there.
    fewest = max(smallest, 2)
    kept = known.copy()
    subtypes = columns.subtype_places()
    for place in np.unique(subtypes[known]):
        of_kind = known & (subtypes == place)
        if columns.count_patients(of_kind) < fewest:
            kept &= ~of_kind
    if here.any() and not kept.any():
        words = "two" if smallest <= 2 else str(smallest)
        return Estimate(0, 0, None, None, None, f"no subtype has {words} patients or more")
    n_patients = columns.count_patients(kept)
    reason = correlations.why_not(columns.load_ml[kept], scores[kept], n_patients)
    if reason:
        return _absent(kept, n_patients, reason, smallest)
    sample = Sample.of(columns.load_ml[kept], scores[kept], columns.patient[kept], subtypes[kept])
    try:
        value = sample.value()
    except NotEstimableError as error:
        return _absent(kept, n_patients, as_clause(str(error)), smallest)
    return Estimate(int(kept.sum()), n_patients, value, None, None, "", sample)


def _within(columns: Columns, scores: Array, here: Mask, smallest: int) -> Estimate:
    scans = np.bincount(columns.patient[here], minlength=len(columns.patient_ids))
    kept = here & (scans[columns.patient] > 1)
    if here.any() and not kept.any():
        return Estimate(0, 0, None, None, None, "no patient has two scans or more")
    n_patients = columns.count_patients(kept)
    reason = correlations.why_not(
        columns.load_ml[kept], scores[kept], n_patients, fewest=SMALLEST_N
    )
    if reason or n_patients < smallest:
        return _absent(kept, n_patients, reason, smallest)
    try:
        found = correlation.repeated_measures(
            columns.patient[kept], columns.load_ml[kept], scores[kept]
        )
    except NotEstimableError as error:
        return _absent(kept, n_patients, as_clause(str(error)), smallest)
    return Estimate(int(kept.sum()), n_patients, found.r, found.ci_low, found.ci_high, "")


def _mixed(columns: Columns, scores: Array, here: Mask, smallest: int) -> Estimate:
    """Return the load for each step of the score, of patients with a level and a slope each."""
    n_patients = columns.count_patients(here)
    loads, steps, patients = columns.load_ml[here], scores[here], columns.patient[here]
    reason = correlations.why_not(loads, steps, n_patients, fewest=SMALLEST_N)
    if not reason and n_patients == loads.size:
        reason = "no patient has two scans or more"
    if reason or n_patients < smallest:
        return _absent(here, n_patients, reason, smallest)
    try:
        found = own_slopes.mean_slope(loads, steps, patients)
    except NotEstimableError as error:
        return _absent(here, n_patients, as_clause(str(error)), smallest)
    tested = found.tested
    slope, low, high = (float(one[0]) for one in (tested.estimates, tested.ci_low, tested.ci_high))
    return Estimate(
        loads.size,
        n_patients,
        slope,
        low,
        high,
        "",
        random=LEVEL_AND_SLOPE if found.has_slopes else LEVEL,
        why_no_slopes=as_clause(found.why_no_slopes),
    )


def _absent(kept: Mask, n_patients: int, reason: str, smallest: int) -> Estimate:
    if 0 < n_patients < smallest:
        return Estimate(0, 0, None, None, None, correlations.too_small(smallest))
    return Estimate(int(kept.sum()), n_patients, None, None, None, reason)
