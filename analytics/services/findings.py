"""What the review finds in one series, with the tolerances of the study."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from analytics.models import FlagKind
from analytics.selectors.loads import LoadPoint
from analytics.stats import monotonicity
from mldtrial.trial.models import Study

PERCENT = 100.0


@dataclass(frozen=True, slots=True)
class Finding:
    """A point that somebody should look at.

    Attributes
    ----------
    difference_ml : float
        The load minus the one it is compared with.
    tolerance_ml : float or None
        What explains a difference: measurement error, or the largest plausible rise;
        None for two exchanged visits.
    """

    kind: str
    run_id: UUID
    reference_run_id: UUID
    difference_ml: float
    tolerance_ml: float | None


def tolerance_of(study: Study) -> monotonicity.Tolerance:
    """Return the tolerance of a pair of loads by the settings of a study."""
    return monotonicity.pair_tolerance(
        same=(float(study.tolerance_same_ml), float(study.tolerance_same_percent) / PERCENT),
        changed=(
            float(study.tolerance_changed_ml),
            float(study.tolerance_changed_percent) / PERCENT,
        ),
    )


def as_points(series: Sequence[LoadPoint]) -> list[monotonicity.Point]:
    """Return a series as the rules read it."""
    return [
        monotonicity.Point(
            time=load.age_months,
            value=load.load_ml,
            acquisition=load.acquisition,
            model=load.model,
            after_treatment=load.is_after_treatment,
        )
        for load in series
    ]


def find(series: Sequence[LoadPoint], study: Study) -> list[Finding]:
    """Return the findings of a series, in order of visit."""
    points = as_points(series)
    tolerance = tolerance_of(study)
    review = monotonicity.review_series(
        points, tolerance, largest_rise_per_month=float(study.jump_ml_per_month)
    )
    found = [
        _finding(fall.kind.value, series, fall.index, fall.reference_index, fall.tolerance)
        for fall in review.reversals
    ]
    for jump in review.jumps:
        # Two scans of one week may differ by measurement error alone.
        noise = tolerance(points[jump.reference_index], points[jump.index])
        if jump.value - jump.reference_value > noise:
            found.append(
                _finding(FlagKind.JUMP, series, jump.index, jump.reference_index, jump.largest_rise)
            )
    if review.swap is not None:
        swap = review.swap
        found.append(_finding(FlagKind.SWAP, series, swap.second_index, swap.first_index, None))
    return found


def _finding(
    kind: str, series: Sequence[LoadPoint], index: int, reference: int, tolerance: float | None
) -> Finding:
    return Finding(
        kind=str(kind),
        run_id=series[index].run_id,
        reference_run_id=series[reference].run_id,
        difference_ml=series[index].load_ml - series[reference].load_ml,
        tolerance_ml=tolerance,
    )
