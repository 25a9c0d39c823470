"""How well masks agree, by size of the load: a small load has a small Dice for the same error."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

FEWEST = 9
"""Scans from which on thirds are told apart: three of each at least."""
THIRDS = ("lowest third", "middle third", "highest third")


@dataclass(frozen=True, slots=True)
class MaskPair:
    """Two masks of one scan.

    Attributes
    ----------
    mean_ml : float
        Of both loads.
    dice, hausdorff95_mm, surface_dice : float or None
        None where a figure is not defined, since a mask is empty.
    """

    mean_ml: float
    dice: float | None
    hausdorff95_mm: float | None
    surface_dice: float | None


@dataclass(frozen=True, slots=True)
class Quartiles:
    """Median and quartiles of the figures that are defined, and how many those are."""

    median: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Band:
    """The pairs of one size of load.

    Attributes
    ----------
    name : str
        ``all``, or which third.
    low_ml, high_ml : float
        The smallest and the largest mean load in it.
    dice, hausdorff95_mm, surface_dice : Quartiles or None
        None where no pair has the figure.
    """

    name: str
    n: int
    low_ml: float
    high_ml: float
    dice: Quartiles | None
    hausdorff95_mm: Quartiles | None
    surface_dice: Quartiles | None


def overlap_bands(pairs: Sequence[MaskPair]) -> list[Band]:
    """Return the figures of all pairs, then by thirds of the mean load where there are enough.

    Thirds are cut by rank, so that each holds as many scans; equal loads may fall to either side
    of a cut. Empty for no pairs.
    """
    if not pairs:
        return []
    ordered = sorted(pairs, key=lambda pair: pair.mean_ml)
    found = [_band("all", ordered)]
    if len(ordered) >= FEWEST:
        cuts = np.linspace(0, len(ordered), len(THIRDS) + 1).round().astype(int)
        found += [
            _band(name, ordered[start:end])
            for name, (start, end) in zip(THIRDS, pairwise(cuts), strict=True)
        ]
    return found


def _band(name: str, pairs: Sequence[MaskPair]) -> Band:
    return Band(
        name=name,
        n=len(pairs),
        low_ml=pairs[0].mean_ml,
        high_ml=pairs[-1].mean_ml,
        dice=_quartiles([pair.dice for pair in pairs]),
        hausdorff95_mm=_quartiles([pair.hausdorff95_mm for pair in pairs]),
        surface_dice=_quartiles([pair.surface_dice for pair in pairs]),
    )


def _quartiles(values: Sequence[float | None]) -> Quartiles | None:
    there = [value for value in values if value is not None]
    if not there:
        return None
    low, middle, high = (float(value) for value in np.percentile(there, [25, 50, 75]))
    return Quartiles(middle, low, high, len(there))
