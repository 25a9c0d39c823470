"""All relations of the cohort page, first without what takes long, then with it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from analytics.selectors import correlations, estimates
from analytics.selectors.cohort_filters import Filters
from analytics.selectors.columns import Columns
from analytics.selectors.correlations import WHOLE, IntervalOf, Relation, Row
from analytics.selectors.estimates import SideBySide
from analytics.selectors.samples import Sample


@dataclass(frozen=True, slots=True)
class Estimated:
    """One relation with its correlations by group, and its estimates side by side.

    Attributes
    ----------
    n_contradicted : int
        Scans that have no score because the nearest day has two that differ; 0 also where these
        are of too few patients for a person.
    """

    relation: Relation
    rows: tuple[Row, ...]
    side_by_side: tuple[SideBySide, ...]
    n_contradicted: int

    @property
    def is_pending(self) -> bool:
        """True while an interval is being computed."""
        cells = [one for found in self.side_by_side for one in found.estimates.values()]
        return any(row.is_pending for row in self.rows) or any(one.is_pending for one in cells)


def planned(columns: Columns, smallest_group: int, narrowed: Filters = WHOLE) -> list[Estimated]:
    """Return every relation without the intervals that patients are resampled for.

    Parameters
    ----------
    narrowed : Filters
        What the part is narrowed to: its rows are named by it.
    """
    return [
        Estimated(
            relation,
            tuple(
                correlations.planned(
                    columns, relation, smallest_group=smallest_group, narrowed=narrowed
                )
            ),
            tuple(estimates.planned(columns, relation, smallest_group=smallest_group)),
            _n_contradicted(columns, relation, smallest_group),
        )
        for relation in correlations.RELATIONS.values()
    ]


def _n_contradicted(columns: Columns, relation: Relation, smallest_group: int) -> int:
    here = relation.is_contradicted(columns)
    return int(here.sum()) if columns.count_patients(here) >= smallest_group else 0


def samples(found: Iterable[Estimated]) -> list[Sample]:
    """Return what the intervals of relations are computed from."""
    return [
        one.sample
        for estimated in found
        for one in (
            *estimated.rows,
            *(e for side in estimated.side_by_side for e in side.estimates.values()),
        )
        if one.sample is not None
    ]


def with_intervals(found: Iterable[Estimated], interval_of: IntervalOf) -> list[Estimated]:
    """Return relations with those intervals that are there."""
    return [
        replace(
            one,
            rows=tuple(correlations.with_interval(row, interval_of) for row in one.rows),
            side_by_side=tuple(
                estimates.with_intervals(side, interval_of) for side in one.side_by_side
            ),
        )
        for one in found
    ]


def without_samples(found: Iterable[Estimated]) -> list[Estimated]:
    """Return relations without what their intervals were computed from, which is every point."""

    def bare(side: SideBySide) -> SideBySide:
        cells = {name: replace(one, sample=None) for name, one in side.estimates.items()}
        return replace(side, estimates=cells)

    return [
        replace(
            one,
            rows=tuple(replace(row, sample=None) for row in one.rows),
            side_by_side=tuple(bare(side) for side in one.side_by_side),
        )
        for one in found
    ]
