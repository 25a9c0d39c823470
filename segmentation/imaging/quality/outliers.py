"""Which values of a group of like scans stand out."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from statistics import median

from segmentation.imaging.quality.metrics import Worse

MAD_TO_SIGMA = 1.4826
OUTLYING = 3.5
"""Robust z beyond which a value is an outlier (Iglewicz and Hoaglin 1993)."""
FEWEST_SCANS = 10
"""Below so many scans of a sequence and stratum nothing is flagged."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """Where most of a group of values lies.

    Attributes
    ----------
    n : int
        How many values.
    centre : float
        Their median.
    spread : float
        1.4826 times their median absolute deviation, but at least what the metric can tell apart.
    """

    n: int
    centre: float
    spread: float

    def robust_z(self, value: float) -> float:
        """Return how many spreads a value lies above the centre."""
        return (value - self.centre) / self.spread

    def is_outlier(self, value: float, worse: Worse) -> bool:
        """Return whether a value stands out in the direction that speaks of a worse image."""
        if self.n < FEWEST_SCANS:
            return False
        z = self.robust_z(value)
        is_low, is_high = z < -OUTLYING, z > OUTLYING
        if worse == Worse.LOWER:
            return is_low
        return is_high if worse == Worse.HIGHER else is_low or is_high


def distribution_of(values: Sequence[float], *, least_spread: float) -> Distribution:
    """Return the distribution of a group of values.

    Parameters
    ----------
    values : sequence of float
        Of one metric, of scans of one sequence and one acquisition stratum.
    least_spread : float
        In the unit of the values, above 0.

    Raises
    ------
    ValueError
        If there is no value, one is not finite, or the least spread is not positive.
    """
    if not values or not all(isfinite(value) for value in values):
        raise ValueError("Expected at least one value, and finite ones only.")
    if not least_spread > 0:
        raise ValueError(f"least_spread must be positive, got {least_spread}.")
    centre = median(values)
    deviation = median(abs(value - centre) for value in values)
    return Distribution(len(values), centre, max(MAD_TO_SIGMA * deviation, least_spread))
