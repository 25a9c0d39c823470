"""How monotone the series of a whole study are."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from analytics.stats.errors import NotEstimableError
from analytics.stats.monotonicity import SeriesPoint, Tolerance, check_series
from analytics.stats.trend import (
    MannKendall,
    isotonic_residual,
    max_drawdown,
    stratified_mann_kendall,
)


@dataclass(frozen=True, slots=True)
class StudyMonotonicity:
    """The series of a study taken together.

    Attributes
    ----------
    n_subjects, n_pairs : int
        Patients with two scans or more, and neighbouring scans of one patient.
    n_pairs_after_treatment : int
        Of the pairs, those whose later scan is after treatment, where a fall may be real.
    share_not_falling : float
        Of the pairs, those that do not fall.
    share_within_noise : float
        Of the pairs, those that do not fall by more than their tolerance.
    trend : MannKendall or None
        Stratified by patient; None where it cannot be told.
    median_drawdown : float
        Over patients, of the largest fall, in the unit of the series.
    median_isotonic_residual : float or None
        Over patients whose value changes; None where no patient's does.
    """

    n_subjects: int
    n_pairs: int
    n_pairs_after_treatment: int
    share_not_falling: float
    share_within_noise: float
    trend: MannKendall | None
    median_drawdown: float
    median_isotonic_residual: float | None


def study_monotonicity(
    series: Sequence[Sequence[SeriesPoint]], tolerance: Tolerance
) -> StudyMonotonicity:
    """Return how monotone the series of a study are.

    Parameters
    ----------
    series : sequence of sequences of SeriesPoint
        One per patient, each in order of time and of one method version; patients with one scan
        count in nothing.
    tolerance : callable
        Given the earlier and the later point, the largest fall that is noise.

    Raises
    ------
    ValueError
        As `monotonicity.find_reversals`.
    NotEstimableError
        If no patient has two scans.
    """
    used = [one for one in series if len(one) > 1]
    for one in used:
        check_series(one)
    pairs = [pair for one in used for pair in pairwise(one)]
    if not pairs:
        raise NotEstimableError("No patient has two scans of one method.")
    values = [[point.value for point in one] for one in used]
    noise = [_within_noise(earlier, later, tolerance) for earlier, later in pairs]
    return StudyMonotonicity(
        n_subjects=len(used),
        n_pairs=len(pairs),
        n_pairs_after_treatment=sum(later.after_treatment for _, later in pairs),
        share_not_falling=sum(b.value >= a.value for a, b in pairs) / len(pairs),
        share_within_noise=sum(noise) / len(pairs),
        trend=_trend(values),
        median_drawdown=median(max_drawdown(one) for one in values),
        median_isotonic_residual=_median_residual(used),
    )


def _within_noise(earlier: SeriesPoint, later: SeriesPoint, tolerance: Tolerance) -> bool:
    allowed = tolerance(earlier, later)
    if not allowed >= 0:
        raise ValueError(f"The tolerance must be zero or positive, got {allowed}.")
    return earlier.value - later.value <= allowed


def _trend(values: Sequence[Sequence[float]]) -> MannKendall | None:
    try:
        return stratified_mann_kendall(values)
    except NotEstimableError:
        return None


def _median_residual(series: Sequence[Sequence[SeriesPoint]]) -> float | None:
    residuals = []
    for one in series:
        try:
            residuals.append(isotonic_residual([p.time for p in one], [p.value for p in one]))
        except NotEstimableError:
            continue
    return median(residuals) if residuals else None
