"""One relation estimated three ways: over all scans, by subtype, and within patients."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from analytics.selectors import correlations
from analytics.selectors.cohort import CohortPoint
from analytics.selectors.correlations import RESAMPLES, SEED, Relation
from analytics.stats import adjusted, correlation
from analytics.stats.direction import Directed, Opposition, opposition
from analytics.stats.errors import NotEstimableError
from mldtrial.trial.models import AcqStratum
from mldtrial.trial.rules.subtype import Subtype

POOLED, BY_SUBTYPE, WITHIN = "pooled", "by-subtype", "within"


@dataclass(frozen=True, slots=True)
class Estimate:
    """A correlation and what it rests on; numbers are None where it is not estimable."""

    n: int
    n_patients: int
    value: float | None
    ci_low: float | None
    ci_high: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class SideBySide:
    """The estimates of one acquisition stratum by name, and whether their signs oppose."""

    stratum: str
    estimates: dict[str, Estimate]
    opposition: Opposition | None


def side_by_side(
    points: Sequence[CohortPoint], relation: Relation, *, smallest_group: int
) -> list[SideBySide]:
    """Return the three estimates of 3D and of 2D scans, of the strata that have scans.

    Patients of an undetermined subtype, or alone in theirs, are left out of the estimate by
    subtype. Who may see no group below `smallest_group` patients gets none of fewer: neither an
    estimate nor a subtype in it.
    """
    found = correlations.paired(points, relation)
    strata = [s for s in AcqStratum.values if any(p.acq_stratum == s for p in points)]
    return [
        _of_stratum([p for p in found if p.acq_stratum == s], s, relation, smallest_group)
        for s in strata
    ]


def _of_stratum(
    points: Sequence[CohortPoint], stratum: str, relation: Relation, smallest: int
) -> SideBySide:
    row = correlations.of_stratum(points, relation, stratum, smallest_group=smallest)
    pooled = Estimate(row.n, row.n_patients, row.rho, row.ci_low, row.ci_high, row.reason)
    estimates = {
        POOLED: pooled,
        BY_SUBTYPE: _by_subtype(points, relation, smallest),
        WITHIN: _within(points, relation, smallest),
    }
    directed = {
        name: Directed(one.value, one.ci_low, one.ci_high)
        for name, one in estimates.items()
        if one.value is not None and one.ci_low is not None and one.ci_high is not None
    }
    return SideBySide(stratum, estimates, opposition(directed))


def _by_subtype(points: Sequence[CohortPoint], relation: Relation, smallest: int) -> Estimate:
    known = [point for point in points if point.subtype != Subtype.UNDETERMINED]
    # A patient who is alone in a subtype is compared with nobody there.
    kept = correlations.without_small_groups(known, max(smallest, 2))
    if points and not kept:
        fewest = "two" if smallest <= 2 else str(smallest)
        return _absent([], f"no subtype has {fewest} patients or more", smallest)
    reason = correlations.why_not(kept, relation)
    if reason:
        return _absent(kept, reason, smallest)
    try:
        found = _stratified(
            *_values(kept, relation),
            tuple(point.subtype for point in kept),
            _patients(kept),
        )
    except NotEstimableError as error:
        return _absent(kept, _in_a_table(error), smallest)
    return Estimate(found.n, found.n_subjects, found.rho, found.ci_low, found.ci_high, "")


def _within(points: Sequence[CohortPoint], relation: Relation, smallest: int) -> Estimate:
    scans = Counter(point.patient_id for point in points)
    kept = [point for point in points if scans[point.patient_id] > 1]
    if points and not kept:
        return _absent([], "no patient has two scans or more", smallest)
    reason = correlations.why_not(kept, relation)
    n_patients = len({point.patient_id for point in kept})
    if reason or n_patients < smallest:
        return _absent(kept, reason, smallest)
    try:
        found = correlation.repeated_measures(_patients(kept), *_values(kept, relation))
    except NotEstimableError as error:
        return _absent(kept, _in_a_table(error), smallest)
    return Estimate(len(kept), n_patients, found.r, found.ci_low, found.ci_high, "")


def _absent(points: Sequence[CohortPoint], reason: str, smallest: int) -> Estimate:
    n_patients = len({point.patient_id for point in points})
    if 0 < n_patients < smallest:
        return Estimate(0, 0, None, None, None, correlations.too_small(smallest))
    return Estimate(len(points), n_patients, None, None, None, reason)


def _in_a_table(error: NotEstimableError) -> str:
    """Return the reason as the end of a sentence."""
    words = str(error).rstrip(".")
    return words[:1].lower() + words[1:]


def _values(
    points: Sequence[CohortPoint], relation: Relation
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    scores = (relation.value(point) for point in points)
    return tuple(p.load_ml for p in points), tuple(s for s in scores if s is not None)


def _patients(points: Sequence[CohortPoint]) -> tuple[str, ...]:
    return tuple(str(point.patient_id) for point in points)


@lru_cache(maxsize=64)
def _stratified(
    loads: tuple[float, ...],
    scores: tuple[float, ...],
    subtypes: tuple[str, ...],
    patients: tuple[str, ...],
) -> correlation.Spearman:
    # Kept by its numbers, as the correlation over all scans is.
    return adjusted.stratified_spearman(
        loads, scores, subtypes, patients, n_resamples=RESAMPLES, seed=SEED
    )
