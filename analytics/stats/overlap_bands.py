"""How well masks agree, by size of the load: a small load has a small Dice for the same error."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FEWEST = 9
"""Scans from which on thirds are told apart: three of each."""
FEWEST_FOR_BOX = 3
"""Below, the quartiles would be the values themselves."""
THIRDS = ("lowest third", "middle third", "highest third")


@dataclass(frozen=True, slots=True)
class MaskPair:
    """Two masks of one scan.

    Attributes
    ----------
    reference_ml : float
        The load of the reference method.
    dice, hausdorff95_mm, surface_dice : float or None
        None where a figure is not defined, since a mask is empty.
    """

    reference_ml: float
    dice: float | None
    hausdorff95_mm: float | None
    surface_dice: float | None


@dataclass(frozen=True, slots=True)
class Quartiles:
    """Median, quartiles and ends of the figures that are defined, and how many those are."""

    median: float
    low: float
    high: float
    n: int
    smallest: float
    largest: float

    @property
    def is_box(self) -> bool:
        """Whether there are enough figures for a box."""
        return self.n >= FEWEST_FOR_BOX


@dataclass(frozen=True, slots=True)
class Band:
    """The pairs of one size of load.

    Attributes
    ----------
    name : str
        ``all``, or which third.
    low_ml, high_ml : float
        The smallest and the largest reference load in it.
    members : tuple of int
        Which of the pairs they are, in the order in which those came.
    dice, hausdorff95_mm, surface_dice : Quartiles or None
        None where no pair has the figure.
    """

    name: str
    low_ml: float
    high_ml: float
    members: tuple[int, ...]
    dice: Quartiles | None
    hausdorff95_mm: Quartiles | None
    surface_dice: Quartiles | None

    @property
    def n(self) -> int:
        """How many pairs there are."""
        return len(self.members)


def cut_points(reference_ml: Sequence[float]) -> tuple[float, float] | None:
    """Return where thirds of the reference load are cut, in mL; None for fewer than nine scans."""
    if len(reference_ml) < FEWEST:
        return None
    low, high = (float(cut) for cut in np.quantile(reference_ml, [1 / 3, 2 / 3]))
    return low, high


def overlap_bands(pairs: Sequence[MaskPair]) -> list[Band]:
    """Return the figures of all pairs, then by thirds of the reference load where there are enough.

    A load at a cut belongs below it; a third that equal loads leave empty is left out. Empty for no
    pairs.
    """
    if not pairs:
        return []
    found = [_band("all", pairs, range(len(pairs)))]
    loads = [pair.reference_ml for pair in pairs]
    cuts = cut_points(loads)
    if cuts is not None:
        third = np.searchsorted(cuts, loads, side="left")
        for index, name in enumerate(THIRDS):
            members = np.flatnonzero(third == index)
            if members.size:
                found.append(_band(name, pairs, members.tolist()))
    return found


def _band(name: str, pairs: Sequence[MaskPair], members: Sequence[int]) -> Band:
    mine = [pairs[index] for index in members]
    loads = [pair.reference_ml for pair in mine]
    return Band(
        name=name,
        low_ml=min(loads),
        high_ml=max(loads),
        members=tuple(members),
        dice=_quartiles([pair.dice for pair in mine]),
        hausdorff95_mm=_quartiles([pair.hausdorff95_mm for pair in mine]),
        surface_dice=_quartiles([pair.surface_dice for pair in mine]),
    )


def _quartiles(values: Sequence[float | None]) -> Quartiles | None:
    there = [value for value in values if value is not None]
    if not there:
        return None
    low, middle, high = (float(value) for value in np.percentile(there, [25, 50, 75]))
    return Quartiles(middle, low, high, len(there), min(there), max(there))
