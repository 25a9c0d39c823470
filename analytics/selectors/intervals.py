"""Which intervals are there, and which a page has to wait for."""

from collections.abc import Iterable, Mapping

from analytics.models import IntervalEstimate
from analytics.selectors.samples import Sample, computed
from analytics.stats.ranked import Interval

ROWS_AT_ONCE = 2500
"""Rows of all samples of a page that are resampled while a person waits: about 0.2 s."""


def found(samples: Iterable[Sample]) -> dict[str, Interval]:
    """Return the intervals that are kept, by the key of their sample, in one query.

    Where the others are small enough together, they are computed here; else they are absent.
    """
    wanted = {sample.key: sample for sample in samples}
    known = kept(wanted)
    missing = [sample for key, sample in wanted.items() if key not in known]
    if sum(sample.rows_to_rank for sample in missing) <= ROWS_AT_ONCE:
        known |= {sample.key: computed(sample) for sample in missing}
    return known


def kept(wanted: Mapping[str, Sample]) -> dict[str, Interval]:
    """Return the intervals that are kept, by key."""
    rows = IntervalEstimate.objects.filter(key__in=list(wanted)) if wanted else ()
    return {row.key: Interval(row.ci_low, row.ci_high, row.reason) for row in rows}
