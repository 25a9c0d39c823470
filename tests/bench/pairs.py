"""Times of two sides in turns: the median of their ratios, and how sure it is."""

import time
from collections.abc import Callable, Mapping
from statistics import median

import numpy as np

PAIRS = 7
DRAWS = 2_000


def in_turns(
    sides: Mapping[str, Callable[[], object]], pairs: int = PAIRS
) -> dict[str, list[float]]:
    """Return the seconds of every side in every round, one round before them thrown away."""
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(pairs + 1):
        for name, side in sides.items():
            started = time.perf_counter()
            side()
            if number:
                seconds[name].append(time.perf_counter() - started)
    return seconds


def ratio(ours: list[float], peer: list[float]) -> dict[str, object]:
    """Return the median of the pairwise ratios with its 95 % bootstrap interval."""
    ratios = np.asarray(ours) / np.asarray(peer)
    drawn = np.random.default_rng(0).choice(ratios, size=(DRAWS, ratios.size))
    low, high = np.quantile(np.median(drawn, axis=1), [0.025, 0.975])
    return {
        "ours_s": median(ours),
        "peer_s": median(peer),
        "ratio": float(np.median(ratios)),
        "interval_95": [float(low), float(high)],
        "pairs": int(ratios.size),
    }
