"""What the review finds in one series, with the tolerances of the study."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from analytics import flag_words
from analytics.models import FlagKind
from analytics.selectors.loads import LoadPoint
from analytics.stats import monotonicity
from mldtrial.trial.models import Study
from segmentation.imaging.acquisitions import is_acquired_alike
from segmentation.models import TissueCode
from segmentation.selectors.tissue import Volumes

PERCENT = 100.0


@dataclass(frozen=True, slots=True)
class Finding:
    """A point that somebody should look at.

    Attributes
    ----------
    reference_run_id : UUID or None
        The run whose load it is compared with; None where it is held to a bound.
    difference_ml : float
        The load minus the one it is compared with, or minus the bound.
    tolerance_ml : float or None
        What explains a difference: measurement error, or the largest plausible rise;
        None for two exchanged visits. The bound itself where a load is held to one.
    """

    kind: str
    run_id: UUID
    reference_run_id: UUID | None
    difference_ml: float
    tolerance_ml: float | None


Parts = tuple[float, float]
"""The absolute part of a tolerance, in mL, and the share of the mean of the pair."""


def tolerance_parts(study: Study) -> tuple[Parts, Parts]:
    """Return the parts of the tolerances of a study, of one acquisition and of a changed one."""
    same = (float(study.tolerance_same_ml), float(study.tolerance_same_percent) / PERCENT)
    changed = (float(study.tolerance_changed_ml), float(study.tolerance_changed_percent) / PERCENT)
    return same, changed


def tolerance_of(study: Study) -> monotonicity.Tolerance:
    """Return the tolerance of a pair of loads by the settings of a study."""
    same, changed = tolerance_parts(study)
    return monotonicity.pair_tolerance(same=same, changed=changed, is_same=is_acquired_alike)


def as_points(series: Sequence[LoadPoint]) -> list[monotonicity.Point]:
    """Return a series as the rules read it."""
    return [
        monotonicity.Point(
            time=load.age_at_scan_months,
            value=load.load_ml,
            acquisition=load.acquisition,
            model=load.model,
            after_treatment=load.is_after_treatment,
        )
        for load in series
    ]


def named(
    series: Sequence[LoadPoint], volumes: Volumes, versions: Mapping[UUID, str]
) -> dict[UUID, flag_words.NamedLoad]:
    """Return the loads of a series by run, as the sentences of findings name them.

    Parameters
    ----------
    volumes, versions : mapping
        Denominators of each run, and the version of the method that measured them.
    """
    return {
        load.run_id: flag_words.NamedLoad(
            load.load_ml,
            load.visit_name,
            volumes.get(load.run_id, {}).get(TissueCode.WHITE_MATTER),
            load.acquisition,
            versions.get(load.run_id, ""),
        )
        for load in series
    }


def in_words(finding: Finding, named: Mapping[UUID, flag_words.NamedLoad]) -> str:
    """Return the sentence of a finding.

    Parameters
    ----------
    named : mapping
        The loads of the series by run, as `named` gives them.
    """
    compared = finding.reference_run_id
    return flag_words.describe(
        finding.kind,
        named[finding.run_id],
        None if compared is None else named[compared],
        tolerance_ml=finding.tolerance_ml,
    )


def find(series: Sequence[LoadPoint], study: Study, volumes: Volumes) -> list[Finding]:
    """Return the findings of a series: of each load by itself, then of loads in their order.

    Parameters
    ----------
    volumes : mapping
        Denominators of each run, in mL; a run without any is absent.
    """
    return [*_beyond_bounds(series, study, volumes), *_out_of_order(series, study)]


def _beyond_bounds(series: Sequence[LoadPoint], study: Study, volumes: Volumes) -> list[Finding]:
    """Return the loads that no head can have (domain section 3.1)."""
    found = []
    for load in series:
        here = volumes.get(load.run_id, {})
        brain_ml, white_ml = (
            here.get(code) for code in (TissueCode.BRAIN, TissueCode.WHITE_MATTER)
        )
        share = float(study.largest_load_percent) / PERCENT
        if brain_ml is not None and load.load_ml > brain_ml:
            found.append(_bounded(FlagKind.ABOVE_BRAIN, load, brain_ml))
        elif white_ml is not None and load.load_ml > share * white_ml:
            found.append(_bounded(FlagKind.ABOVE_WHITE_MATTER, load, share * white_ml))
        if load.load_ml > float(study.largest_load_ml):
            found.append(_bounded(FlagKind.IMPLAUSIBLE_LOAD, load, float(study.largest_load_ml)))
    return found


def _bounded(kind: FlagKind, load: LoadPoint, bound_ml: float) -> Finding:
    return Finding(str(kind), load.run_id, None, load.load_ml - bound_ml, bound_ml)


def _out_of_order(series: Sequence[LoadPoint], study: Study) -> list[Finding]:
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
