"""What the comparison of two methods comes to: the table of the reference study, and by stratum."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Generic, TypeVar

from analytics.selectors import agreement_intervals
from analytics.selectors.agreement import Compared, Comparison
from analytics.selectors.agreement_intervals import Planned
from analytics.selectors.intervals import found as found_intervals
from analytics.selectors.samples import RESAMPLES, SEED
from analytics.services import agreement_words, findings, intervals
from analytics.services.table_out import number, take_out
from analytics.stats.agreement import BlandAltman, bland_altman
from analytics.stats.errors import NotEstimableError
from analytics.stats.method_table import STRATA, Figure, TableRow
from analytics.stats.monotonicity import pair_tolerance
from analytics.stats.overlap_bands import Band, MaskPair, cut_points, overlap_bands
from analytics.stats.proportional import (
    ProportionalBias,
    RatioAgreement,
    log_ratio_bland_altman,
    proportional_bias,
)
from mldtrial.trial import policies
from mldtrial.trial.models import Study
from mldtrial.trial.rules.formulas import guarded
from segmentation.imaging.acquisitions import is_acquired_alike

__all__ = [
    "COLUMNS", "DATASET", "RESAMPLES", "SEED", "Estimate", "Stratum", "as_csv", "strata", "stratum",
    "table", "table_at_once",
]  # fmt: skip
DATASET = "method_agreement"
COLUMNS = (
    "study_code", "test_method", "reference_method", "quantity", "unit", "acq_stratum", "published",
    "value", "low", "high", "low_and_high_are", "n", "why_none", "tolerance",
    "warnings", "published_p", "p_value",
)  # fmt: skip
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Estimate(Generic[Found]):
    """A result, or why there is none."""

    found: Found | None
    reason: str


@dataclass(frozen=True)
class Stratum:
    """The pairs of one stratum, and what they come to: each once it is asked for, then kept."""

    name: str
    pairs: tuple[Compared, ...]

    @property
    def n_patients(self) -> int:
        """How many patients the pairs are of."""
        return len({pair.row.patient_id for pair in self.pairs})

    @cached_property
    def differences(self) -> Estimate[BlandAltman]:
        """Bias and limits of agreement, in mL."""
        apart = [one.difference_ml for one in self.pairs]
        return _estimate(lambda: bland_altman(apart, self._subjects), bool(self.pairs))

    @cached_property
    def ratios(self) -> Estimate[RatioAgreement]:
        """The agreement as a ratio."""
        test, reference = self._loads
        return _estimate(
            lambda: log_ratio_bland_altman(test, reference, self._subjects), bool(self.pairs)
        )

    @cached_property
    def trend(self) -> Estimate[ProportionalBias]:
        """How the difference goes with the size of the load."""
        test, reference = self._loads
        return _estimate(
            lambda: proportional_bias(test, reference, self._subjects), bool(self.pairs)
        )

    @cached_property
    def outliers(self) -> tuple[Compared, ...]:
        """Pairs whose difference lies beyond the limits of agreement, the farthest first."""
        return _outliers(self.pairs, self.differences.found)

    @cached_property
    def with_masks(self) -> tuple[Compared, ...]:
        """The pairs whose masks are compared; `bands` name them by their place in it."""
        return tuple(one for one in self.pairs if one.mask_pair is not None)

    @cached_property
    def cuts_ml(self) -> tuple[float, float] | None:
        """Where thirds of the reference load are cut; None for too few scans."""
        return cut_points([found.reference_ml for found in self._masks])

    @cached_property
    def bands(self) -> tuple[Band, ...]:
        """How far the masks overlap, of all and of thirds of the reference load."""
        return tuple(overlap_bands(self._masks))

    @property
    def _subjects(self) -> list[str]:
        return [one.scan.subject for one in self.pairs]

    @property
    def _loads(self) -> tuple[list[float], list[float]]:
        test = [one.scan.test_ml for one in self.pairs if one.scan.test_ml is not None]
        reference = [
            one.scan.reference_ml for one in self.pairs if one.scan.reference_ml is not None
        ]
        return test, reference

    @property
    def _masks(self) -> list[MaskPair]:
        return [found for one in self.pairs if (found := one.mask_pair) is not None]


def table(study: Study, comparison: Comparison) -> list[TableRow]:
    """Return the table of the reference study with the numbers of this one beside it.

    Falls are told by the tolerances of the study, from one scan of a stratum to the next. The
    published numbers are of a network and the conventional method; beside another pair of
    methods there are none. Every interval is in it: those that are not kept are computed, and kept.
    """
    planned = _planned(study, comparison)
    return planned.filled(intervals.complete(planned.samples.values()))


def table_at_once(study: Study, comparison: Comparison) -> list[TableRow]:
    """Return the table with those intervals that are there, or that take no time."""
    planned = _planned(study, comparison)
    return planned.filled(found_intervals(planned.samples.values()))


def _planned(study: Study, comparison: Comparison) -> Planned:
    same, changed = findings.tolerance_parts(study)
    tolerance = pair_tolerance(same=same, changed=changed, is_same=is_acquired_alike)
    scans = [one.scan for one in comparison.scans]
    planned = agreement_intervals.planned(scans, tolerance=tolerance)
    if comparison.is_like_the_study:
        return planned
    rows = (replace(row, published=(None, None)) for row in planned.rows)
    return replace(planned, rows=tuple(rows))


def strata(scans: Sequence[Compared]) -> list[Stratum]:
    """Return the agreement of 3D and of 2D scans, which are never pooled."""
    return [stratum(name, scans) for name in STRATA]


def stratum(name: str, scans: Sequence[Compared]) -> Stratum:
    """Return the agreement of the scans of one stratum, of which nothing is computed yet."""
    return Stratum(name, tuple(o for o in scans if o.is_pair and o.scan.acq_stratum == name))


def _estimate(estimate: Callable[[], Found], has_pairs: bool) -> Estimate[Found]:
    if not has_pairs:
        return Estimate(None, "no scan with both loads")
    try:
        return Estimate(estimate(), "")
    except NotEstimableError as error:
        return Estimate(None, str(error))


def _outliers(pairs: Sequence[Compared], found: BlandAltman | None) -> tuple[Compared, ...]:
    if found is None:
        return ()

    low, high = found.lower_limit, found.upper_limit
    beyond = [pair for pair in pairs if not low <= pair.difference_ml <= high]
    middle = found.bias
    return tuple(sorted(beyond, key=lambda pair: -abs(pair.difference_ml - middle)))


def as_csv(*, study: Study, comparison: Comparison | None, by: Any) -> bytes:
    """Return the table as CSV, a row for each quantity and stratum, and log that it was taken.

    Every row has what is to be said against the numbers, and those that rest on the tolerance of
    the study have it in words. Without a comparison there is no row.

    Raises
    ------
    PermissionDenied
        If the person may not see the comparison, or not export rows, of this study.
    """
    policies.require(by, "view_impact", study)
    policies.require(by, "export_rows", study)
    return take_out(
        dataset=DATASET,
        columns=COLUMNS,
        rows=[] if comparison is None else _lines(study, comparison),
        details={} if comparison is None else comparison.named,
        study=study,
        by=by,
    )


def _lines(study: Study, comparison: Comparison) -> list[list[str]]:
    methods = [guarded(str(model)) for model in (comparison.tested, comparison.reference)]
    tolerance = agreement_words.tolerance(study)
    warnings = " ".join(agreement_words.warnings(comparison))
    return [
        [
            *(study.code, *methods, *_line(row, name, published, figure)),
            *(tolerance if row.is_by_tolerance else "", warnings),
            "" if published is None else row.published_p,
            number(figure.p_value),
        ]
        for row in table(study, comparison)
        for name, published, figure in zip(STRATA, row.published, row.found, strict=True)
    ]


def _line(row: TableRow, stratum: str, published: float | None, figure: Figure) -> list[str]:
    numbers = [number(value) for value in (figure.value, figure.low, figure.high)]
    beside = "" if figure.low is None else row.beside
    return [
        row.quantity, row.unit, stratum, number(published), *numbers, beside, str(figure.n),
        figure.reason,
    ]  # fmt: skip
