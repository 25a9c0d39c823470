"""How far a study has come: months, medians, and groups too small to be shown."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import accumulate
from statistics import median


def months_between(first: date, last: date) -> list[date]:
    """Return the first day of every month from one day to another, both months included."""
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    start = first.year * 12 + first.month - 1
    return [date(n // 12, n % 12 + 1, 1) for n in range(start, start + count)]


def per_month(days: Iterable[date], months: Sequence[date]) -> list[int]:
    """Return how many days lie in each of the months."""
    counts = Counter(day.replace(day=1) for day in days)
    return [counts[month] for month in months]


def cumulative(days: Iterable[date], months: Sequence[date]) -> list[int]:
    """Return how many days lie in each of the months or before it, within the months."""
    return list(accumulate(per_month(days, months)))


def median_or_none(values: Sequence[float]) -> float | None:
    """Return the median; None where there is no value, for absent is not zero."""
    return median(values) if values else None


def age_band(days: int, bands: Sequence[int]) -> int:
    """Return the index of the band of an age: up to each limit, and one beyond the last.

    Parameters
    ----------
    bands : sequence of int
        Upper limits in days, each included, rising.
    """
    return sum(days > limit for limit in bands)


def is_safe(cells: Iterable[int], smallest: int) -> bool:
    """Return whether a row may be shown: no cell holds a group smaller than `smallest`.

    A row is shown or hidden as a whole, since a single hidden cell could be worked out from
    the others. An empty cell is no group.
    """
    return all(cell == 0 or cell >= smallest for cell in cells)
