"""The band of a reference cohort behind a printed course."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from reportlab.graphics import shapes
from reportlab.lib.colors import HexColor

from analytics.reports import plot
from analytics.reports.plot import Axis, Panel
from analytics.stats.reference_bands import BandPoint

GREY = HexColor("#eceff1")
DOTS = (1.0, 2.0)


def within(runs: Sequence[Sequence[BandPoint]], x: Axis) -> list[list[BandPoint]]:
    """Return the pieces of a band that lie on an axis, cut where it ends.

    Between two months of the grid the band runs straight, on the page as here.
    """
    cut = ([*_cut(run, x)] for run in runs)
    return [run for run in cut if run]


def _cut(run: Sequence[BandPoint], x: Axis) -> list[BandPoint]:
    kept = [point for point in run if x.low <= point.months <= x.high]
    for end in (x.low, x.high):
        crossed = [(a, b) for a, b in pairwise(run) if a.months < end < b.months]
        kept += [_between(before, after, end) for before, after in crossed]
    return sorted(kept, key=lambda point: point.months)


def _between(before: BandPoint, after: BandPoint, months: float) -> BandPoint:
    share = (months - before.months) / (after.months - before.months)

    def at(one: float, other: float) -> float:
        return one + share * (other - one)

    return replace(
        before,
        months=months,
        n_patients=min(before.n_patients, after.n_patients),
        low=at(before.low, after.low),
        median=at(before.median, after.median),
        high=at(before.high, after.high),
    )


def band_shapes(runs: Sequence[Sequence[BandPoint]], panel: Panel) -> list[shapes.Shape]:
    """Return the middle half as an area and the median as a dotted line, a pair for each piece.

    A piece of one month is a line between its quartiles.
    """
    drawn: list[shapes.Shape] = []
    for run in runs:
        low = [panel.place(point.months, point.low) for point in run]
        high = [panel.place(point.months, point.high) for point in reversed(run)]
        corners = [coordinate for place in (*low, *high) for coordinate in place]
        drawn.append(
            shapes.Polygon(corners, fillColor=GREY, strokeColor=plot.GRID, strokeWidth=0.4)
        )
        median = [panel.place(point.months, point.median) for point in run]
        drawn.append(plot.path(median, colour=plot.FAINT, width=0.8, dash=DOTS))
    return drawn
