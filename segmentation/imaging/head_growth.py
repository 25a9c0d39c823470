"""How much a head may have changed in size between two scans of one child."""

from itertools import pairwise
from typing import Final

INTRACRANIAL_SHARE: Final = (
    (0.0, 0.33),
    (9.0, 0.60),
    (24.0, 0.77),
    (60.0, 0.90),
    (180.0, 1.00),
)
"""Age in months, and intracranial volume as a share of that at 15 years.

From 2 years on those of Sgouros 1999 (J Neurosurg 91:610, MRI of healthy children): 77 % at 2
years, 90 % at 5, linear between. Before, Kamdar 2009 (123 children, CT): the volume of birth
doubles by 9 months and triples by 6 years.
"""

SMALLEST_SHARE_OF_GROWTH, LARGEST_SHARE_OF_GROWTH = 0.0, 2.0
"""Of the growth of the average child, how much one child may have: none in late disease, and twice
as much at most, since children differ."""

MEASUREMENT = 0.05
"""How far the ratio of one head to itself may lie from 1, as a share, by error alone."""


def size_limits(age_months: float | None, interval_months: float | None) -> tuple[float, float]:
    """Return between which limits the ratio of two head sizes of one child must lie.

    Parameters
    ----------
    age_months : float or None
        Age at the earlier of the two scans; None where it is not known.
    interval_months : float or None
        From the scan in the denominator to that in the numerator; negative if it was the later one.

    Returns
    -------
    tuple of float
        Smallest and largest ratio of lengths (not volumes). Without age or interval, growth from
        birth to any age is allowed for.

    Raises
    ------
    ValueError
        If an age or an interval is not finite, or the age is negative.
    """
    if age_months is None or interval_months is None:
        grown = _length(180.0) / _length(0.0)
        return (1 - MEASUREMENT) / grown, grown * (1 + MEASUREMENT)
    if not (0 <= age_months < float("inf") and abs(interval_months) < float("inf")):
        raise ValueError("Expected a finite age that is not negative, and a finite interval.")
    grown = _length(age_months + abs(interval_months)) / _length(age_months) - 1
    least = 1 - MEASUREMENT + SMALLEST_SHARE_OF_GROWTH * grown
    most = 1 + MEASUREMENT + LARGEST_SHARE_OF_GROWTH * grown
    return (least, most) if interval_months >= 0 else (1 / most, 1 / least)


def _length(age_months: float) -> float:
    """Return the size of an average head at an age, as a share of its length at 15 years."""
    for (low, share), (high, next_share) in pairwise(INTRACRANIAL_SHARE):
        if age_months <= high:
            part = (age_months - low) / (high - low)
            return float((share + part * (next_share - share)) ** (1 / 3))
    return 1.0
