"""The events of a Cox model, each with those at risk then.

A table of all events by all patients is some gigabytes at ten thousand patients, so it is made in
blocks, of the patients of one stratum at a time.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.stats.follow_up import FollowUp

Array = NDArray[np.float64]
BLOCK_CELLS = 1_000_000
"""Events times patients in a block; 8 MB for each table of it."""


@dataclass(frozen=True, slots=True)
class Block:
    """Some events of one stratum and all of its patients; b events, k patients.

    Attributes
    ----------
    rows : ndarray of int, shape (k,)
        Which of all patients they are.
    weights : ndarray, shape (b, k)
        How much each patient is at risk.
    shares : ndarray, shape (b, k)
        How much of the event is whose: 1, or one over the number of tied events.
    """

    rows: NDArray[np.intp]
    weights: Array
    shares: Array


@dataclass(frozen=True, slots=True)
class _Layer:
    """The events of one stratum: when, how many at that time, and how much tied ones lost."""

    rows: NDArray[np.intp]
    watched: FollowUp
    times: Array
    counts: Array
    lost: Array


@dataclass(frozen=True, slots=True)
class Steps:
    """One step per event, in rising time within a stratum.

    Attributes
    ----------
    times : ndarray, shape (m,)
    """

    times: Array
    _layers: list[_Layer]

    @classmethod
    def of(cls, watched: FollowUp, layers: NDArray[np.intp], *, efron: bool) -> "Steps":
        """Return the steps of patients, each of the stratum that `layers` numbers."""
        found = [
            _layer(watched, np.flatnonzero(layers == layer), efron=efron)
            for layer in np.unique(layers[watched.event])
        ]
        return cls(np.concatenate([one.times for one in found]), found)

    def blocks(self) -> Iterator[Block]:
        """Return the steps in their order, some at a time."""
        for layer in self._layers:
            size = max(1, BLOCK_CELLS // layer.rows.size)
            for start in range(0, layer.times.size, size):
                yield _block(layer, slice(start, start + size))


def _layer(watched: FollowUp, rows: NDArray[np.intp], *, efron: bool) -> _Layer:
    own = watched.of(rows)
    times, counts = np.unique(own.end[own.event], return_counts=True)
    lost = [np.arange(count) / count if efron else np.zeros(count) for count in counts]
    repeated = counts.repeat(counts).astype(np.float64)
    return _Layer(rows, own, times.repeat(counts), repeated, np.concatenate(lost))


def _block(layer: _Layer, part: slice) -> Block:
    own, times = layer.watched, layer.times[part]
    tied = (own.event & (own.end == times[:, None])).astype(np.float64)
    weights = own.at_risk(times) - layer.lost[part, None] * tied
    return Block(layer.rows, weights, tied / layer.counts[part, None])
