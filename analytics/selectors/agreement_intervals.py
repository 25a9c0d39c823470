"""The table of two methods, first without what patients are resampled for, then with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analytics.selectors.samples import Sample
from analytics.stats.method_table import TableRow, planned_table, with_intervals
from analytics.stats.monotonicity import Tolerance
from analytics.stats.paired import PairedScan
from analytics.stats.ranked import Interval, Pending, Ranked


@dataclass(frozen=True, slots=True)
class Planned:
    """The rows of the table without their intervals, and what those are computed from."""

    rows: tuple[TableRow, ...]
    samples: Mapping[Ranked, Sample]

    def filled(self, known: Mapping[str, Interval]) -> list[TableRow]:
        """Return the rows with those intervals that are there, by the key of their sample."""
        return with_intervals(self.rows, lambda one: known.get(self.samples[one].key))


def planned(scans: Sequence[PairedScan], *, tolerance: Tolerance | None = None) -> Planned:
    """Return the table of the reference study of these scans, at once.

    Parameters
    ----------
    tolerance : callable, optional
        The largest fall between two scans that is noise; no interval depends on it.
    """
    rows = planned_table(scans, tolerance=tolerance)
    waiting = [one.rests_on for row in rows for one in row.found if isinstance(one, Pending)]
    return Planned(tuple(rows), {one: Sample.of_ranked(one) for one in waiting})
