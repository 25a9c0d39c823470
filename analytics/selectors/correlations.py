"""How the load goes with a clinical score, by stratum and subtype."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from analytics.selectors.cohort import CohortPoint
from analytics.stats import correlation
from analytics.stats.errors import NotEstimableError
from analytics.stats.resampling import SMALLEST_N
from mldtrial.trial.models import AcqStratum
from mldtrial.trial.rules.subtype import Subtype

SEED = 20260101
RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Relation:
    """A clinical score, or the age, to set against the load."""

    name: str
    title: str
    score_label: str
    noun: str
    note: str
    value: Callable[[CohortPoint], float | None]
    gap_days: Callable[[CohortPoint], int | None] = lambda _point: None


RELATIONS = {
    relation.name: relation
    for relation in (
        Relation(
            "load-gmfc",
            "Load and GMFC-MLD",
            "GMFC-MLD level",
            "GMFC-MLD level",
            "Each load with the nearest GMFC-MLD: within {late_infantile_days} days in "
            "late-infantile patients, {other_days} days in others.",
            lambda point: None if point.gmfc_level is None else float(point.gmfc_level),
            lambda point: point.gmfc_gap_days,
        ),
        Relation(
            "load-severity",
            "Load and MRI severity score",
            "MRI severity score (0 to 34)",
            "MRI severity score",
            "Each load with the MRI severity score of the same visit, as two readers or an "
            "adjudicator settled it.",
            lambda point: point.severity_total,
        ),
        Relation(
            "load-elfc",
            "Load and ELFC-MLD",
            "ELFC-MLD level",
            "ELFC-MLD level",
            "Each load with the nearest ELFC-MLD: within {late_infantile_days} days in "
            "late-infantile patients, {other_days} days in others.",
            lambda point: None if point.elfc_level is None else float(point.elfc_level),
            lambda point: point.elfc_gap_days,
        ),
        Relation(
            "load-age",
            "Load and age",
            "Age (months)",
            "age",
            "Each load with the age at its visit. Of the disease, the course of single patients "
            "says more.",
            lambda point: point.age_months,
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Row:
    """The correlation in one group; numbers are None where it is not estimable."""

    stratum: str
    subtype: str
    n: int
    n_patients: int
    rho: float | None
    ci_low: float | None
    ci_high: float | None
    reason: str


def paired(points: Sequence[CohortPoint], relation: Relation) -> list[CohortPoint]:
    """Return the points that have the score of a relation."""
    return [point for point in points if relation.value(point) is not None]


def without_small_groups(points: Sequence[CohortPoint], smallest: int) -> list[CohortPoint]:
    """Return the points of the groups (stratum and subtype) with enough patients."""
    patients: dict[tuple[str, str], set[object]] = {}
    for point in points:
        patients.setdefault((point.acq_stratum, point.subtype), set()).add(point.patient_id)
    return [p for p in points if len(patients[p.acq_stratum, p.subtype]) >= smallest]


def table(points: Sequence[CohortPoint], relation: Relation, *, smallest_group: int) -> list[Row]:
    """Return the correlations of 3D and of 2D scans, each whole and by subtype.

    The two strata are never pooled: their loads differ systematically.
    """
    found = paired(points, relation)
    rows = []
    for stratum in AcqStratum.values:
        here = [point for point in found if point.acq_stratum == stratum]
        rows.append(_row(here, relation, stratum, "", smallest_group))
        kinds = [kind.value for kind in Subtype if any(p.subtype == kind for p in here)]
        rows += [
            _row([p for p in here if p.subtype == kind], relation, stratum, kind, smallest_group)
            for kind in kinds
        ]
    return rows


def of_stratum(
    points: Sequence[CohortPoint], relation: Relation, stratum: str, *, smallest_group: int = 1
) -> Row:
    """Return the correlation of all scans of a stratum; without more, for who may see patients."""
    here = [point for point in paired(points, relation) if point.acq_stratum == stratum]
    return _row(here, relation, stratum, "", smallest_group)


def too_small(smallest_group: int) -> str:
    """Return why a group is not shown to who may not see single patients."""
    return f"fewer than {smallest_group} patients, not shown"


def _row(
    points: Sequence[CohortPoint],
    relation: Relation,
    stratum: str,
    subtype: str,
    smallest_group: int,
) -> Row:
    n_patients = len({point.patient_id for point in points})
    if 0 < n_patients < smallest_group:
        return Row(stratum, subtype, 0, 0, None, None, None, too_small(smallest_group))
    reason = why_not(points, relation)
    if reason:
        return Row(stratum, subtype, len(points), n_patients, None, None, None, reason)
    try:
        found = _spearman(
            tuple(point.load_ml for point in points),
            tuple(relation.value(point) for point in points),
            tuple(str(point.patient_id) for point in points),
        )
    except NotEstimableError as error:
        return Row(stratum, subtype, len(points), n_patients, None, None, None, str(error))
    return Row(
        stratum, subtype, len(points), n_patients, found.rho, found.ci_low, found.ci_high, ""
    )


def why_not(points: Sequence[CohortPoint], relation: Relation) -> str:
    """Return the usual reasons against an estimate in few words, for a table; empty if none."""
    if not points:
        return "no scan with this score"
    if len({point.patient_id for point in points}) < SMALLEST_N:
        return f"fewer than {SMALLEST_N} patients"
    if len({point.load_ml for point in points}) == 1:
        return "all loads are equal"
    if len({relation.value(point) for point in points}) == 1:
        return "all scores are equal"
    return ""


@lru_cache(maxsize=256)
def _spearman(
    loads: tuple[float, ...], scores: tuple[float, ...], patients: tuple[str, ...]
) -> correlation.Spearman:
    # Kept by its numbers: a page that is opened again does not resample again.
    return correlation.spearman(loads, scores, subjects=patients, n_resamples=RESAMPLES, seed=SEED)
